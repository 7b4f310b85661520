"""Who goes: by arrival, able, honest about what isn't known; the same answer to the same question."""

from dataclasses import replace
from datetime import timedelta
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model import ASSIGNABLE, IncidentId, UnitStatus
from dispatch.model.city import Need
from dispatch.policy.units.recommend import CLOSEST, Preference, Question, recommend_each
from dispatch.policy.units.unit_table import UnitTable
from geo import Location, LocationStatus
from tests.dispatch.policy.asking import (
    AGENCIES,
    HERE,
    KMH,
    LAT,
    LON,
    NOW,
    TRAVEL,
    ask,
    chosen,
    codes,
    of,
    reason,
    standing,
)

GUAYAQUIL = ZoneInfo("America/Guayaquil")  # 7:00 there at NOW
EN_ROUTE, RETURNING = UnitStatus.EN_ROUTE, UnitStatus.RETURNING


def test_the_first_to_arrive_that_can_help() -> None:
    asked = ask([Need("als", 1)], standing("near", 1, "bls"), standing("far", 5, "als"), standing("able", 2, "als"))
    assert chosen(asked) == ["able"]
    assert asked.units[0].unit_id == "able"
    assert asked.units[0].reasons[1] == {"code": "not_nearest", "nearer": "near", "because": "not_capable"}
    assert reason(asked, "near", "not_capable")["lacks"] == ["als"]
    assert asked.shortfalls == ()


def test_an_arrival_carries_its_range() -> None:
    [unit] = ask([], standing("a", 3, age_s=5)).units
    assert unit.eta_low_s < unit.eta_s < unit.eta_high_s
    # A minute to get moving, 3 km x 1.35 at 36 km/h.
    assert abs(unit.eta_s - (60 + 3000 * 1.35 / 10)) < 5


def test_a_silent_unit_is_ranked_by_where_it_may_be() -> None:
    asked = ask([Need("bls", 1)], standing("silent", 1.0, "bls", age_s=900), standing("heard", 1.5, "bls"))
    assert chosen(asked) == ["heard"]
    silent, heard = of(asked, "silent"), of(asked, "heard")
    assert reason(asked, "silent", "stale_position")["age_s"] == 900
    assert silent.eta_high_s - silent.eta_low_s > heard.eta_high_s - heard.eta_low_s


def test_a_crew_that_the_service_calls_silent_is_stale_however_young_its_position() -> None:
    asked = ask([Need("bls", 1)], standing("a", 1, "bls", silent_since=NOW - timedelta(minutes=4)))
    assert of(asked, "a").stale
    assert reason(asked, "a", "silent")["since"] == NOW - timedelta(minutes=4)
    assert "stale_position" not in codes(asked, "a")


def test_what_is_missing_is_said() -> None:
    asked = ask([Need("als", 2), Need("hazmat", 1)], standing("one", 1, "als"))
    assert {(s.capability, s.missing) for s in asked.shortfalls} == {("als", 1), ("hazmat", 1)}


def test_a_unit_that_can_do_two_things_isnt_spent_on_what_another_can_do() -> None:
    asked = ask([Need("bls", 1), Need("als", 1)], standing("both", 1, "als", "bls"), standing("bls", 4, "bls"))
    assert {u.unit_id: u.fills for u in asked.units if u.chosen} == {"both": "als", "bls": "bls"}
    assert asked.shortfalls == ()


def test_without_a_position_nobody_is_ranked_and_that_is_said() -> None:
    asked = ask([Need("als", 1)], standing("a", 1, "als"), location=Location(LocationStatus.UNLOCATED))
    assert asked.units == () and asked.shortfalls[0].missing == 1 and asked.certainty is None


def test_nobody_is_ranked_for_the_far_side_of_the_earth() -> None:
    location = Location(LocationStatus.OUTSIDE, 0.2, 101.5, 20.0, 0.95)
    asked = ask([Need("als", 1)], standing("a", 1, "als"), location=location)
    assert all(isfinite(u.eta_s) and isfinite(u.eta_high_s) for u in asked.units)


def test_a_unit_never_heard_of_is_taken_to_be_at_its_station() -> None:
    asked = ask([Need("als", 1)], standing("quiet", 1, "als", age_s=None))
    assert chosen(asked) == ["quiet"] and "at_station" in codes(asked, "quiet")


def test_a_unit_of_an_agency_that_the_city_no_longer_has_stops_nothing() -> None:
    asked = ask([Need("als", 1)], standing("a", 1, "als"), agencies={}, speed_kmh={})
    assert chosen(asked) == ["a"]


def test_a_returning_crew_is_on_the_road_already() -> None:
    asked = ask([Need("als", 1)], standing("home", 1, "als"), standing("back", 1.2, "als", status=RETURNING))
    assert chosen(asked) == ["back"]
    assert {"returning", "not_nearest"} <= set(codes(asked, "back"))


def test_a_unit_of_a_lesser_incident_is_shown_when_it_would_be_there_notably_sooner_and_never_chosen() -> None:
    fleet = (
        standing("free", 6, "als"),
        standing("taken", 1, "als", status=EN_ROUTE, on=7),
        standing("graver", 1, "als", status=EN_ROUTE, on=8),
        standing("there", 1, "als", status=UnitStatus.ON_SCENE, on=7),
    )
    asked = ask([Need("als", 1)], *fleet, priority=2, engaged={IncidentId(7): 3, IncidentId(8): 2})
    assert [u.unit_id for u in asked.units] == ["free", "taken"]
    assert chosen(asked) == ["free"]
    taken = of(asked, "taken")
    assert taken.preempts is not None and (taken.preempts.incident_id, taken.preempts.priority) == (7, 3)
    assert reason(asked, "taken", "preemptable") == {"code": "preemptable", "incident_id": 7, "priority": 3}
    assert taken.eta_s < of(asked, "free").eta_s - 60


def test_a_unit_of_a_lesser_incident_that_gains_little_is_not_shown() -> None:
    fleet = standing("free", 1.2, "als"), standing("taken", 1, "als", status=UnitStatus.DISPATCHED, on=7)
    assert [u.unit_id for u in ask([Need("als", 1)], *fleet, priority=1, engaged={IncidentId(7): 5}).units] == ["free"]
    # Unless nobody else can: then it is the only way to fill the place.
    asked = ask([Need("als", 2)], *fleet, priority=1, engaged={IncidentId(7): 5})
    assert chosen(asked) == ["free"] and "taken" in {u.unit_id for u in asked.units}
    assert asked.shortfalls[0].missing == 1


def test_a_unit_of_a_lesser_incident_is_shown_for_what_nobody_fills() -> None:
    fleet = standing("car", 1, "patrol"), standing("team", 2, "patrol", "special", status=EN_ROUTE, on=7)
    asked = ask([Need("patrol", 1), Need("special", 1)], *fleet, priority=1, engaged={IncidentId(7): 3})
    assert chosen(asked) == ["car"] and of(asked, "team").fills == "special"
    assert reason(asked, "team", "capable")["capability"] == "special"


@pytest.mark.parametrize(
    ("shift", "minutes"),
    [("19:00-07:20", 20), ("06:00-07:30", 30), ("07:00-19:00", None), ("06:00-07:31", None), ("08:00-16:00", None)],
)
def test_a_shift_that_ends_is_told_in_the_citys_time(shift: str, minutes: int | None) -> None:
    asked = ask([Need("als", 1)], standing("a", 1, "als", shift=shift), zone=GUAYAQUIL)
    found = [r["minutes"] for r in of(asked, "a").reasons if r["code"] == "shift_ending"]
    assert found == ([] if minutes is None else [minutes])


def test_of_two_that_arrive_almost_together_the_one_goes_whom_the_city_misses_less() -> None:
    fleet = standing("last", 1.0, "als"), standing("one_of_many", 1.2, "als")
    lost = {s.unit.id: worth for s, worth in zip(fleet, (6.0, 0.1), strict=True)}
    asked = ask([Need("als", 1)], *fleet, coverage_lost=lost)
    assert chosen(asked) == ["one_of_many"]
    assert reason(asked, "one_of_many", "keeps_coverage")["lost"] == 0.1
    assert reason(asked, "last", "costs_coverage")["lost"] == 6.0
    assert of(asked, "last").coverage_lost == 6.0
    assert "not_nearest" not in codes(asked, "one_of_many")
    assert chosen(ask([Need("als", 1)], *fleet, coverage_lost=lost, preference=CLOSEST)) == ["last"]


def test_coverage_is_worth_no_more_than_the_tolerance() -> None:
    """400 m more are 54 s: beyond the 45, whatever would be lost."""
    fleet = standing("last", 1.0, "als"), standing("one_of_many", 1.4, "als")
    lost = {fleet[0].unit.id: 1e6}
    assert chosen(ask([Need("als", 1)], *fleet, coverage_lost=lost)) == ["last"]
    generous = Preference(indifferent_s=60)
    assert chosen(ask([Need("als", 1)], *fleet, coverage_lost=lost, preference=generous)) == ["one_of_many"]


def test_without_a_plan_the_soonest_are_shown_and_nobody_is_chosen() -> None:
    asked = ask([], *(standing(f"U{i}", i, "als") for i in range(1, 20)))
    assert [u.unit_id for u in asked.units] == [f"U{i}" for i in range(1, 7)]
    assert chosen(asked) == [] and asked.certainty is None and asked.shortfalls == ()


def test_each_capability_has_an_alternative_on_show() -> None:
    patrols = [standing(f"P{i}", 0.5 + i / 10, "patrol") for i in range(12)]
    others = [standing(f"A{i}", 5.0 + i, "als") for i in range(3)]
    asked = ask([Need("patrol", 1), Need("als", 1)], *patrols, *others)
    assert chosen(asked) == ["P0", "A0"]
    assert {"P1", "A1"} <= {u.unit_id for u in asked.units} and len(asked.units) <= 8


STATUSES = st.sampled_from(list(UnitStatus))
SKILLS = st.lists(st.sampled_from(["als", "bls", "patrol"]), unique=True)
FLEETS = st.lists(st.tuples(st.floats(-30, 30), SKILLS, STATUSES, st.none() | st.floats(0, 5000)), max_size=25)
NEEDS = st.lists(
    st.builds(Need, st.sampled_from(["als", "bls", "patrol"]), st.integers(1, 3)),
    max_size=3,
    unique_by=lambda n: n.capability,
)
RADII = st.sampled_from([10.0, 100.0, 400.0, 3000.0])
Fleet = list[tuple[float, list[str], UnitStatus, float | None]]


@given(FLEETS, NEEDS, RADII)
def test_always(fleet: Fleet, needs: list[Need], radius_m: float) -> None:
    placed_units = [
        standing(f"U{i}", km, *skills, age_s=age, status=s, on=i if s in {EN_ROUTE, UnitStatus.DISPATCHED} else None)
        for i, (km, skills, s, age) in enumerate(fleet, start=1)
    ]
    location = Location(LocationStatus.LOCATED, LAT, LON, radius_m, 0.95)
    given: dict[str, Any] = {
        "location": location,
        "priority": 2,
        "engaged": {IncidentId(i): 1 + i % 5 for i in range(1, 26)},
    }
    asked = ask(needs, *placed_units, **given)
    assert ask(needs, *reversed(placed_units), **given) == asked
    assert len({u.unit_id for u in asked.units}) == len(asked.units)
    taken = [u for u in asked.units if u.preempts is not None]
    assert all(u.status in ASSIGNABLE for u in asked.units if u not in taken)
    assert all(u.preempts.priority > 2 and not u.chosen for u in taken if u.preempts)
    assert all(0 < u.eta_low_s <= u.eta_s <= u.eta_high_s for u in asked.units)
    for need in needs:
        filled = [u for u in asked.units if u.chosen and u.fills == need.capability]
        missing = next((s.missing for s in asked.shortfalls if s.capability == need.capability), 0)
        assert all(need.capability in u.capabilities for u in filled)
        assert len(filled) + missing == need.count
    if asked.certainty:
        told = asked.certainty.same_choice + sum(other.probability for other in asked.certainty.others)
        assert told == pytest.approx(1, abs=1e-3)


@given(FLEETS, NEEDS, RADII, SKILLS)
def test_a_unit_farther_than_all_never_changes_a_full_choice(
    fleet: Fleet, needs: list[Need], radius_m: float, skills: list[str]
) -> None:
    placed_units = [standing(f"U{i}", km, *s, age_s=5) for i, (km, s, _, _) in enumerate(fleet)]
    location = Location(LocationStatus.LOCATED, LAT, LON, radius_m, 0.95)
    before = ask(needs, *placed_units, location=location)
    after = ask(needs, *placed_units, standing("farther", 60, *skills), location=location)
    if not before.shortfalls:
        assert chosen(after) == chosen(before)
        assert after.certainty == before.certainty
    else:
        assert set(chosen(before)) <= set(chosen(after))


@given(FLEETS, st.lists(st.tuples(NEEDS, RADII | st.none(), st.floats(-10, 10), st.integers(1, 5)), max_size=6))
def test_asked_together_each_gets_the_answer_it_gets_alone(
    fleet: Fleet, asked: list[tuple[list[Need], float | None, float, int]]
) -> None:
    placed_units = [
        standing(f"U{i}", km, *skills, age_s=age, status=s, on=i if s in {EN_ROUTE, UnitStatus.DISPATCHED} else None)
        for i, (km, skills, s, age) in enumerate(fleet, start=1)
    ]
    given: dict[str, Any] = {"engaged": {IncidentId(i): 1 + i % 5 for i in range(1, 26)}}
    questions = [
        Question(somewhere(north_km, radius_m), tuple(needs), priority) for needs, radius_m, north_km, priority in asked
    ]
    table = UnitTable.of(placed_units)
    table = replace(table, distance_m=np.repeat(table.distance_m, len(questions), axis=1))
    together = recommend_each(
        questions, table=table, agencies=AGENCIES, speed_kmh={"MSP": KMH}, travel=TRAVEL, at=NOW, **given
    )
    alone = [ask(q.needs, *placed_units, location=q.location, priority=q.priority, **given) for q in questions]
    assert together == alone


def somewhere(north_km: float, radius_m: float | None) -> Location:
    if radius_m is None:
        return Location(LocationStatus.UNLOCATED)
    return Location(LocationStatus.LOCATED, LAT + north_km / 110.57, LON, radius_m, 0.95)


def test_here_is_a_point() -> None:
    certainty = ask([Need("als", 1)], standing("a", 1, "als"), location=HERE).certainty
    assert certainty is not None and (certainty.points, certainty.same_choice, certainty.others) == (1, 1.0, ())
