from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.city import load_city
from dispatch.model import Incident, IncidentId, IncidentStatus, Similar
from dispatch.policy.incidents.best_location import best_location
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel
from dispatch.policy.incidents.incident_table import IncidentTable
from dispatch.policy.incidents.same_incident import (
    Sighting,
    incidents_alike,
    likenesses,
    may_join,
)
from dispatch.settings import PROJECT, Settings
from geo import Location, LocationStatus, Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
JOIN, SUGGEST = Settings().join_above, Settings().suggest_above


@cache
def duplicates() -> DuplicateModel:
    return DuplicateModel(load_city(PROJECT / "data" / "quito"))


def near(*incidents: tuple[Incident, float]) -> IncidentTable:
    return IncidentTable.of(incidents, duplicates())


def at(radius_m: float | None = 15, status: LocationStatus = LocationStatus.LOCATED) -> Location:
    return Location(status, -0.2, -78.5, radius_m, 0.95, Source.GNSS)


def incident(
    number: int = 1, nature: str | None = "crash_injured", *, minutes: float = 0, calls: int = 1, radius_m: float = 15
) -> Incident:
    opened = NOW - timedelta(minutes=minutes)
    return Incident(IncidentId(number), IncidentStatus.WAITING, 3, nature, None, opened, at(radius_m), calls, ("app",))


def score(
    said: str | None, known: Incident, metres: float, *others: tuple[Incident, float], location: Location | None = None
) -> float:
    found = likenesses(Sighting(location or at(), said, NOW), near((known, metres), *others), duplicates())
    return next((similar.score for similar in found if similar.incident_id == known.id), 0.0)


# What docs/same-incident.md shows: what was known, what the next caller says, how far away → how likely it is the same.
TYPICAL = [
    (incident(nature="crash_injured"), "crash_injured", 50, 0.999),
    (incident(nature="crash_injured"), "crash_injured", 200, 0.996),
    (incident(nature="crash_injured"), "crash_injured", 400, 0.764),
    (incident(nature="crash_injured"), "crash_injured", 600, 0.002),
    (incident(nature="crash_injured", minutes=30), "crash_injured", 50, 0.900),
    (incident(nature="crash_injured"), "trauma", 100, 0.983),
    (incident(nature="crash_injured"), "chest_pain", 10, 0.086),
    (incident(nature="crash_injured"), None, 100, 0.970),
    (incident(nature="crash_injured"), None, 250, 0.822),
    (incident(nature="crash_injured", calls=5), None, 250, 0.958),
    (incident(nature=None), None, 10, 0.874),
    (incident(nature=None), None, 200, 0.333),
    (incident(nature="structure_fire"), "structure_fire", 300, 0.994),
    (incident(nature="structure_fire"), "robbery_person", 10, 0.039),
    (incident(nature="fall"), "fall", 100, 0.984),
    (incident(nature="fall"), "fall", 150, 0.318),
    (incident(nature="robbery_person"), "domestic_violence", 10, 0.040),
]


@pytest.mark.parametrize(("known", "said", "metres", "expected"), TYPICAL)
def test_the_table_of_the_documentation(known: Incident, said: str | None, metres: float, expected: float) -> None:
    assert score(said, known, metres) == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("nature", ["crash_injured", "structure_fire", "robbery_person", "fall", "gas_leak"])
def test_the_same_at_the_same_place_joins_and_600_m_away_is_not_even_suggested(nature: str) -> None:
    assert score(nature, incident(nature=nature), 20) >= JOIN
    assert score(nature, incident(nature=nature), 600) < SUGGEST


@given(
    near=st.floats(0, 3000),
    farther=st.floats(0, 3000),
    radius_m=st.floats(1, 5000),
    said=st.sampled_from([None, "crash_injured", "trauma", "noise"]),
    known=st.sampled_from([None, "crash_injured", "structure_fire"]),
)
def test_a_probability_that_falls_with_distance(
    near: float, farther: float, radius_m: float, said: str | None, known: str | None
) -> None:
    near, farther = sorted((near, farther))
    one, other = (score(said, incident(nature=known), metres, location=at(radius_m)) for metres in (near, farther))
    assert 0 <= other <= one <= 1


@given(minutes=st.floats(0, 600), later=st.floats(0, 600), calls=st.integers(1, 200))
def test_an_incident_that_is_older_or_has_fewer_calls_is_less_likely_the_one(
    minutes: float, later: float, calls: int
) -> None:
    minutes, later = sorted((minutes, later))
    fresh = score("crash_injured", incident(minutes=minutes, calls=calls), 250)
    assert score("crash_injured", incident(minutes=later, calls=calls), 250) <= fresh
    assert score("crash_injured", incident(minutes=minutes, calls=calls + 1), 250) >= fresh


def test_where_the_same_happens_everywhere_less_is_surely_the_same() -> None:
    storm = [(incident(n, "flood", minutes=20), 700.0) for n in range(2, 32)]
    usual, stormy = (score("flood", incident(nature="flood", minutes=20), 300, *around) for around in ([], storm))
    assert usual >= JOIN > stormy
    other_things = [(incident(n, "noise", minutes=20), 700.0) for n in range(2, 32)]
    assert score("flood", incident(nature="flood", minutes=20), 300, *other_things) == usual


def test_without_a_position_nothing_is_compared() -> None:
    nowhere = Sighting(Location(LocationStatus.UNLOCATED), "fall", NOW)
    assert likenesses(nowhere, near((incident(nature="fall"), 0)), duplicates()) == []
    assert score("fall", replace(incident(nature="fall"), location=at(None)), 0) == 0


@pytest.mark.parametrize(
    ("mine", "its", "may"),
    [
        (at(), at(250), True),
        (at(251), at(), False),
        (at(), at(2000), False),
        (at(15, LocationStatus.AMBIGUOUS), at(), True),
        (at(15, LocationStatus.OUTSIDE), at(), False),
    ],
)
def test_only_good_positions_join_without_a_person(mine: Location, its: Location, may: bool) -> None:
    assert may_join(Sighting(mine, "fall", NOW), replace(incident(), location=its)) is may


def test_the_likeliest_first() -> None:
    around = near((incident(1), 200), (incident(2), 20), (incident(3), 2_900))
    found = likenesses(Sighting(at(), "crash_injured", NOW), around, duplicates())
    assert [similar.incident_id for similar in found] == [2, 1]


def test_of_two_incidents_the_one_with_fewer_calls_is_the_echo() -> None:
    crash, lonely = incident(1, calls=20), incident(2, None, minutes=-1)
    [as_seen_by_crash] = incidents_alike(crash, near((crash, 0), (lonely, 200)), duplicates())
    [as_seen_by_lonely] = incidents_alike(lonely, near((lonely, 0), (crash, 200)), duplicates())
    assert as_seen_by_crash == Similar(lonely.id, as_seen_by_lonely.score)
    assert as_seen_by_lonely.score >= JOIN > score(None, incident(1), 250)


def test_the_best_location_is_the_one_that_leaves_least_to_search() -> None:
    outside, nowhere = at(5, LocationStatus.OUTSIDE), Location(LocationStatus.UNLOCATED)
    assert best_location([nowhere, outside, at(900), at(30)]) == at(30)
    by_hand = Location(LocationStatus.LOCATED, -0.3, -78.5, 500, 0.95, Source.MANUAL)
    assert best_location([at(5), by_hand]) == by_hand
    assert best_location([nowhere]) == nowhere
