"""A citizen's report that could not be read: kept as it came, until a person has looked at it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class QuarantineItem:
    """`excerpt` is the beginning of what arrived, as text; the whole of it is kept in the store. `problem` says why."""

    id: int
    at: datetime
    door: str
    problem: str
    excerpt: str
    size: int
    handled_at: datetime | None = None
    handled_by: str | None = None


@dataclass(frozen=True, slots=True)
class QuarantineSender:
    """What of one sender nobody has looked at yet; `not_kept`: how many more there were than it may have here."""

    sender: str
    items: int
    bytes: int
    not_kept: int
    not_kept_at: datetime | None
