from datetime import UTC, datetime, timedelta

import pytest

from dispatch.model import Incident, IncidentId, IncidentStatus
from dispatch.policy.best_location import best_location
from dispatch.policy.same_incident import same_incident
from geo import Location, LocationStatus, Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(north_m: float, radius_m: float | None = 20, status: LocationStatus = LocationStatus.LOCATED) -> Location:
    return Location(status, -0.2 + north_m / 110_570, -78.5, radius_m, 0.95, Source.GNSS)


def incident(number: int, location: Location, nature: str = "fall", minutes: float = 5) -> Incident:
    opened = NOW - timedelta(minutes=minutes)
    return Incident(IncidentId(number), IncidentStatus.WAITING, 3, nature, None, opened, location, 1, ("app",))


@pytest.mark.parametrize(
    ("known", "call", "joined"),
    [
        (incident(1, at(0)), at(100), True),
        (incident(1, at(0)), at(300), False),
        (incident(1, at(0, 200)), at(250, 100), True),
        (incident(1, at(0, 2000)), at(10), False),
        (incident(1, at(0), "brawl"), at(10), False),
        (incident(1, at(0), minutes=45), at(10), False),
        (incident(1, at(0)), Location(LocationStatus.UNLOCATED), False),
        (incident(1, at(0)), at(10, None), False),
    ],
)
def test_joined_only_where_it_is_near_to_certain(known: Incident, call: Location, joined: bool) -> None:
    found = same_incident(location=call, nature="fall", at=NOW, incidents=[known])
    assert (found == known.id) is joined


def test_the_nearest_of_several() -> None:
    found = same_incident(location=at(50), nature="fall", at=NOW, incidents=[incident(1, at(0)), incident(2, at(60))])
    assert found == 2


def test_the_best_location_is_the_one_that_leaves_least_to_search() -> None:
    outside, nowhere = at(0, 5, LocationStatus.OUTSIDE), Location(LocationStatus.UNLOCATED)
    assert best_location([nowhere, outside, at(0, 900), at(5, 30)]) == at(5, 30)
    by_hand = Location(LocationStatus.LOCATED, -0.3, -78.5, 500, 0.95, Source.MANUAL)
    assert best_location([at(0, 5), by_hand]) == by_hand
    assert best_location([nowhere]) == nowhere
