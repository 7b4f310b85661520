"""Logs of the clients during the faults, on which the checker relies."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from dispatch.model import IncidentId, UnitId


class Sent(Struct, frozen=True):
    """A report sent once: `status` 0 if no answer came; `says_when`: the answer has a time after which to try again.
    Times are perf_counter seconds."""

    report_id: UUID
    node: int
    sent_s: float
    answered_s: float
    status: int
    answer: str = ""
    says_when: bool = False

    @property
    def is_acknowledged(self) -> bool:
        return self.status in {200, 201}


class Verb(StrEnum):
    ASSIGN = "assign"
    RELEASE = "release"
    CLOSE = "close"
    REOPEN = "reopen"
    LINK = "link"
    UNLINK = "unlink"
    SPLIT = "split"


class Deed(Struct, frozen=True):
    """An acknowledged change: the incident in the answer, its version, and its units."""

    verb: Verb
    incident_id: IncidentId
    version: int
    unit_ids: tuple[UnitId, ...] = ()


class Word(StrEnum):
    """`SNAPSHOT` and `EVENT` have a number; `RESUMED` the one that the screen had when it reconnected; `RESYNC`
    none."""

    SNAPSHOT = "snapshot"
    EVENT = "event"
    RESUMED = "resumed"
    RESYNC = "resync"


class Told(Struct, frozen=True):
    """The messages that a screen received, in order."""

    word: Word
    seq: int = 0
