"""The sender of a report."""

from dataclasses import dataclass
from enum import StrEnum


class SenderKind(StrEnum):
    """`INTAKE`: an app or other system, with its own calls. `GATEWAY`: adds to any sender's call of a phone (AML,
    telephony), and gets no data of it. `DESK`: dispatchers and administrators."""

    INTAKE = "intake"
    GATEWAY = "gateway"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Sender:
    """`name`: of the key, or of the key that opened the session."""

    name: str
    kind: SenderKind
