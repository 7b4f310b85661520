"""What clients write down by themselves while the service is being hurt; the checker believes nothing else."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from dispatch.model import IncidentId, UnitId


class Sent(Struct, frozen=True):
    """A report sent once: `status` 0 where no answer came; `says_when`: the answer names a time after which to try
    again. Moments are perf_counter seconds."""

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
    """An acknowledged act: the incident in the answer, its version, and the units that it was about."""

    verb: Verb
    incident_id: IncidentId
    version: int
    unit_ids: tuple[UnitId, ...] = ()


class Word(StrEnum):
    """`SNAPSHOT` and `EVENT` carry a number; `RESUMED` the one that the screen had when it came back; `RESYNC` none."""

    SNAPSHOT = "snapshot"
    EVENT = "event"
    RESUMED = "resumed"
    RESYNC = "resync"


class Told(Struct, frozen=True):
    """What a screen was told, as it came."""

    word: Word
    seq: int = 0
