"""How much of a crew's shift is left."""

from datetime import datetime, tzinfo
from functools import lru_cache

DAY = 24 * 60


def minute_of_day(at: datetime, zone: tzinfo) -> float:
    """Local minutes since midnight."""
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute + local.second / 60


def minutes_left(shift: str, now: float) -> float | None:
    """Of a shift "07:00-19:00", at the current `minute_of_day`; it may cross midnight, or last 24 hours. None outside
    the shift: a crew that works overtime is known to do so."""
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
