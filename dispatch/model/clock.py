"""What a moment means that a device says something was measured at, when its clock can't be right."""

from datetime import datetime, timedelta, tzinfo

from dispatch.model.doubt import CLOCK_AHEAD

# GPS counts its weeks with ten bits; a receiver that doesn't know how often they began anew is so many weeks behind.
ROLLOVER = timedelta(weeks=1_024)
MOST_ROLLOVERS = 3
# Positions are kept by telephones for hours, perhaps days; nobody reports one that is older.
MOST_OLD = timedelta(days=7)
# After what it is off by is taken away, a fix is of this moment: so much it may be on its way.
UNDERWAY = timedelta(minutes=5)
A_DAY = timedelta(days=1)


def rolled_over(at: datetime, *, now: datetime, within: timedelta = MOST_OLD) -> tuple[datetime, int] | None:
    """The moment with the weeks added that its receiver lost, not after `now`, and how many; None where that doesn't
    lead to the time `within` before `now`."""
    for times in range(1, MOST_ROLLOVERS + 1):
        meant = at + times * ROLLOVER
        if now - within <= meant <= now + A_DAY:
            return min(meant, now), times * 1_024
    return None


def meant(at: datetime, *, now: datetime, zone: tzinfo) -> tuple[datetime | None, str | None]:
    """The moment that is most probably meant, None where none can be, and what is wrong with `at`, None if nothing.

    `at` and `now` with their zones; `zone` is that of the city's clocks."""
    age = now - at
    if age < -CLOCK_AHEAD:
        return now, f"is {_shown(-age)} ahead of now, the time of receipt taken"
    if age > MOST_OLD:
        found = rolled_over(at, now=now)
        if found is not None:
            return found[0], f"is {found[1]:,} weeks back (a GPS week rollover), these were added"
        return None, f"is {_shown(age)} ago, the clock can't be right; time not used"
    offset = zone.utcoffset(now.astimezone(zone).replace(tzinfo=None))
    if offset is not None and timedelta() < -offset <= age + CLOCK_AHEAD and age + offset <= UNDERWAY:
        return min(at - offset, now), "is the city's clock called UTC, read as the city's"
    return at, None


def _shown(span: timedelta) -> str:
    seconds = span.total_seconds()
    for name, length in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {name}"
    return f"{seconds:.0f} seconds"
