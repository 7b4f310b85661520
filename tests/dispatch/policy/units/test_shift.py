"""What a crew has left of its shift, over midnight and around the clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dispatch.policy.units.shift import minute_of_day, minutes_left

GUAYAQUIL = ZoneInfo("America/Guayaquil")


@pytest.mark.parametrize(
    ("shift", "local", "left"),
    [
        ("07:00-19:00", "18:45", 15),
        ("07:00-19:00", "07:00", 720),
        ("07:00-19:00", "19:00", None),
        ("07:00-19:00", "06:59", None),
        ("19:00-07:00", "23:30", 450),
        ("19:00-07:00", "06:50", 10),
        ("19:00-07:00", "12:00", None),
        ("08:00-08:00", "07:30", 30),
        ("08:00-08:00", "08:00", 1440),
    ],
)
def test_minutes_left(shift: str, local: str, left: float | None) -> None:
    hours, minutes = map(int, local.split(":"))
    at = datetime(2026, 11, 23, hours, minutes, tzinfo=GUAYAQUIL).astimezone(UTC)
    assert minutes_left(shift, minute_of_day(at, GUAYAQUIL)) == left
