"""How much of its shift a crew has left."""

from datetime import datetime, tzinfo
from functools import lru_cache

DAY = 24 * 60


def minute_of_day(at: datetime, zone: tzinfo) -> float:
    """Local minutes since midnight."""
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute + local.second / 60


def minutes_left(shift: str, now: float) -> float | None:
    """Of a shift "07:00-19:00", at the `minute_of_day` that it is now; it may pass midnight, or last around the clock.
    None outside of it: who works longer than planned is known to do so."""
    start, end = _hours(shift)
    length = (end - start) % DAY or DAY
    passed = (now - start) % DAY
    return length - passed if passed < length else None


@lru_cache(maxsize=1_000)
def _hours(shift: str) -> tuple[int, int]:
    start, end = (_minutes(part) for part in shift.split("-"))
    return start, end


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
