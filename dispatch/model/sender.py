"""Who sent a report."""

from dataclasses import dataclass
from enum import StrEnum


class SenderKind(StrEnum):
    """`INTAKE`: an app or another system, with calls of its own. `GATEWAY`: adds to any sender's call of a phone (AML,
    telephony), and is told nothing of it. `DESK`: dispatchers and administrators."""

    INTAKE = "intake"
    GATEWAY = "gateway"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Sender:
    """`name`: of the key, or of the session that was opened with it."""

    name: str
    kind: SenderKind
