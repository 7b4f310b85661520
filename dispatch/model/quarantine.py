"""An unreadable report, kept as raw bytes until a dispatcher has looked at it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class QuarantineItem:
    """`excerpt` is the beginning of the report, as text; the whole is in the store. `problem` is the reason."""

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
    """The unhandled items of one sender; `not_kept`: how many more were only counted, beyond its limit."""

    sender: str
    items: int
    bytes: int
    not_kept: int
    not_kept_at: datetime | None
