"""How much of its shift a crew has left."""

from datetime import datetime, tzinfo

DAY = 24 * 60


def minutes_left(shift: str, *, at: datetime, zone: tzinfo) -> float | None:
    """Of a shift "07:00-19:00", local; it may pass midnight, or last around the clock. None outside of it: who works
    longer than planned is known to do so."""
    start, end = (_minutes(part) for part in shift.split("-"))
    local = at.astimezone(zone)
    now = local.hour * 60 + local.minute + local.second / 60
    length = (end - start) % DAY or DAY
    passed = (now - start) % DAY
    return length - passed if passed < length else None


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
