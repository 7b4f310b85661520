"""The open incidents around a place, against asking each."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from math import hypot

from hypothesis import given
from hypothesis import strategies as st

from dispatch.city import load_city
from dispatch.model import Incident, IncidentId, IncidentStatus
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel
from dispatch.policy.incidents.incident_index import IncidentIndex
from dispatch.settings import PROJECT
from geo import Location, LocationStatus, Projection

PLANE = Projection("EPSG:32717")
LATS, LONS = st.floats(-0.4, 0.3), st.floats(-78.9, -78.2)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@cache
def duplicates() -> DuplicateModel:
    return DuplicateModel(load_city(PROJECT / "data" / "quito"))


def incident(number: int, lat: float | None, lon: float | None) -> Incident:
    status = LocationStatus.UNLOCATED if lat is None else LocationStatus.LOCATED
    location = Location(status, lat, lon, 10.0, 0.95)
    return Incident(IncidentId(number), IncidentStatus.WAITING, 3, None, None, NOW, location, 1, ("app",))


def apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    (x1, y1), (x2, y2) = PLANE.place(*a), PLANE.place(*b)
    return hypot(x1 - x2, y1 - y2)


@given(
    places=st.lists(st.tuples(LATS, LONS), max_size=40),
    moves=st.lists(st.tuples(st.integers(0, 39), LATS, LONS), max_size=20),
    closed=st.sets(st.integers(0, 39)),
    asked=st.tuples(LATS, LONS),
    metres=st.floats(1, 30_000),
)
def test_all_within_and_none_beyond(
    places: list[tuple[float, float]],
    moves: list[tuple[int, float, float]],
    closed: set[int],
    asked: tuple[float, float],
    metres: float,
) -> None:
    nearby, now = IncidentIndex(PLANE, duplicates()), dict(enumerate(places))
    for number, place in now.items():
        nearby.follow(incident(number, *place))
    for number, lat, lon in moves:
        now[number] = (lat, lon)
        nearby.follow(incident(number, lat, lon))
    for number in closed & now.keys():
        nearby.follow(replace(incident(number, *now.pop(number)), status=IncidentStatus.CLOSED))
    found = nearby.within(*asked, metres)
    assert set(found.ids.tolist()) == {number for number, place in now.items() if apart(place, asked) <= metres}
    assert len(nearby) == len(now)


def test_one_without_a_place_is_nowhere_until_it_has_one() -> None:
    nearby = IncidentIndex(PLANE, duplicates())
    nearby.follow(incident(1, None, None))
    assert len(nearby.within(-0.2, -78.5, 1e6)) == 0
    nearby.follow(incident(1, -0.2, -78.5))
    assert nearby.within(-0.2, -78.5, 1.0).ids.tolist() == [1]
    nearby.follow(incident(1, None, None))
    assert len(nearby) == 0
