"""Reading one written value at a time. Each returns None for what it can't read; the caller says what that means."""

import re
from datetime import UTC, datetime

from dispatch.number import plain

# From the first GPS week on: a receiver whose weeks rolled over twice tells a day of the eighties.
EARLIEST, LATEST = datetime(1980, 1, 6, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
# Half of the earth's circumference: a wider circle says nothing more.
LARGEST_RADIUS_M = 20_037_508.0
METRES_A_DEGREE = 111_320.0


def whole(text: str | None) -> int | None:
    bare = plain(text or "").strip()
    return int(bare) if re.fullmatch(r"[+-]?[0-9]{1,18}", bare) else None


def epoch(seconds: float | None) -> datetime | None:
    """Seconds since 1970 as a moment, if it is one at which a telephone can have called."""
    if seconds is None or not EARLIEST.timestamp() <= seconds < LATEST.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def compact_time(text: str | None) -> datetime | None:
    """`yyyyMMddHHmmss`, UTC."""
    if not re.fullmatch(r"[0-9]{14}", text or ""):
        return None
    try:
        return plausible(datetime.strptime(text or "", "%Y%m%d%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return None


def iso_time(text: str | None) -> datetime | None:
    """ISO 8601 with a zone; without one it isn't a moment."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
        return None if moment.tzinfo is None else plausible(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def plausible(moment: datetime) -> datetime | None:
    return moment if EARLIEST <= moment < LATEST else None


def radius(metres: float | None) -> float | None:
    """A radius that can be worked with; 0 is what phones send when they don't know."""
    return metres if metres is not None and 0 < metres <= LARGEST_RADIUS_M else None


def altitude(metres: float | None) -> float | None:
    """Above the ellipsoid, if anybody can be there."""
    return metres if metres is not None and -12_000 <= metres <= 100_000 else None


def fraction(percent: float | None) -> float | None:
    """A confidence of 0-100 % as 0-1. 0 tells nothing, and 100 nobody can hold: it is rounded down (RFC 7459)."""
    return min(percent / 100, 0.999) if percent is not None and 0 < percent <= 100 else None
