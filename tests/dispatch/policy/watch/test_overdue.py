"""What runs in an incident, and what of it has outlasted its target."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.city import load_city
from dispatch.model import Assignment, Incident, IncidentId, IncidentStatus, Interval, Overdue, Unit, UnitId, UnitStatus
from dispatch.model.city import City
from dispatch.policy.incidents.status import status_of
from dispatch.policy.watch.intervals import clocks, ended, measured
from dispatch.policy.watch.overdue import next_due, overdue, still_overdue
from dispatch.settings import QUITO
from geo import Location, LocationStatus

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEPS = ("en_route_at", "on_scene_at", "transporting_at", "at_hospital_at")
NOWHERE = Location(LocationStatus.UNLOCATED)


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(QUITO)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def incident(*assignments: Assignment, priority: int = 1, **more: object) -> Incident:
    made = Incident(IncidentId(1), IncidentStatus.WAITING, priority, None, None, T0, NOWHERE, 1, ("app",), assignments)
    made = replace(made, **more)  # type: ignore[arg-type]
    return replace(made, status=status_of(assignments, made.status))


def unit(agency: str = "MSP", id: str = "A1") -> Unit:
    return Unit(UnitId(id), agency, "ambulance_bls", (), None, UnitStatus.DISPATCHED, T0)


def on_it(*moments: float | None, id: str = "A1") -> Assignment:
    """`moments`: seconds of each step; None where it wasn't reported."""
    assigned, *steps = (None if m is None else after(m) for m in moments)
    assert assigned is not None
    return replace(Assignment(UnitId(id), assigned, "x"), **dict(zip(STEPS, steps, strict=False)))  # type: ignore[arg-type]


def late(city: City, it: Incident, at: float, **units: Unit) -> list[tuple[Interval, float, str | None]]:
    fleet = {UnitId(i): u for i, u in units.items()}
    return [(o.interval, o.target_s, o.unit_id) for o in overdue(it, units=fleet, city=city, at=after(at))]


def test_a_call_to_which_nobody_is_sent(quito: City) -> None:
    assert late(quito, incident(), 59.9) == []
    assert late(quito, incident(), 60) == [("process", 60, None)]
    assert late(quito, incident(), 720) == [("process", 60, None), ("response", 720, None)]
    assert late(quito, incident(priority=5), 720) == [("process", 60, None)]


@pytest.mark.parametrize(("agency", "within_s"), [("MSP", 60), ("CBQ", 80), ("PN", 60)])
def test_turnout_by_agency(quito: City, agency: str, within_s: float) -> None:
    it = incident(on_it(10))
    assert late(quito, it, 10 + within_s - 0.1, A1=unit(agency)) == []
    assert late(quito, it, 10 + within_s, A1=unit(agency)) == [("turnout", within_s, "A1")]


def test_each_step_ends_one_and_begins_the_next(quito: City) -> None:
    def at(*moments: float | None, later: float) -> list[tuple[Interval, float, str | None]]:
        return late(quito, incident(on_it(*moments)), later, A1=unit())

    assert at(10, 20, later=499) == []
    assert at(10, 20, later=500) == [("travel", 480, "A1")]
    assert at(10, 20, 400, later=9_000) == []
    assert at(10, 20, 400, 500, 700, later=2_500) == [("handover", 1800, "A1")]
    assert at(10, None, 400, later=9_000) == []


def test_recalled_before_anybody_came_it_waits_again_since_it_was_opened(quito: City) -> None:
    recalled = incident(status=IncidentStatus.DISPATCHED)
    assert recalled.status is IncidentStatus.WAITING
    assert late(quito, recalled, 100) == [("process", 60, None)]
    been_there = incident(status=IncidentStatus.ATTENDED)
    assert late(quito, been_there, 9_000) == []


def test_a_closed_incident_is_late_for_nothing(quito: City) -> None:
    closed = replace(incident(on_it(10)), status=IncidentStatus.CLOSED)
    assert late(quito, closed, 9_000, A1=unit()) == []
    assert next_due(closed, units={}, city=quito, at=after(9_000)) is None


def test_a_higher_priority_has_its_own_target(quito: City) -> None:
    late_now = replace(incident(priority=1), overdue=(Overdue(Interval.RESPONSE, T0, 720),))
    lower = replace(late_now, priority=4)
    assert "response" not in [o[0] for o in late(quito, lower, 800)]
    assert next_due(lower, units={}, city=quito, at=after(800)) == after(800)


def test_two_nodes_with_clocks_that_differ_do_not_contradict_each_other(quito: City) -> None:
    told = replace(incident(), overdue=overdue(incident(), units={}, city=quito, at=after(60)))
    assert overdue(told, units={}, city=quito, at=after(58)) == told.overdue != ()
    assert next_due(told, units={}, city=quito, at=after(58)) == after(720)


seconds = st.integers(0, 4_000)
assignments = st.lists(seconds, min_size=1, max_size=5).map(sorted)


@given(ways=st.lists(assignments, max_size=3), priority=st.integers(1, 5), at=seconds)
def test_the_next_moment_is_the_first_at_which_something_changes(
    quito: City, ways: list[list[int]], priority: int, at: int
) -> None:
    ids = [f"A{n}" for n in range(len(ways))]
    it = incident(*(on_it(*way, id=i) for way, i in zip(ways, ids, strict=True)), priority=priority)
    units = {UnitId(i): unit("CBQ" if n else "MSP", i) for n, i in enumerate(ids)}
    it = replace(it, overdue=overdue(it, units=units, city=quito, at=after(at)))
    due = next_due(it, units=units, city=quito, at=after(at))
    moments = [due - timedelta(microseconds=1), due] if due else [after(10**7)]
    changed = [overdue(it, units=units, city=quito, at=moment) != it.overdue for moment in moments]
    assert changed == ([False, True] if due else [False])


@given(way=assignments, at=st.integers(4_000, 9_000))
def test_an_act_leaves_only_what_still_runs(quito: City, way: list[int], at: int) -> None:
    before = incident(on_it(*way))
    before = replace(before, overdue=overdue(before, units={UnitId("A1"): unit()}, city=quito, at=after(at)))
    gone = incident(status=before.status)
    pruned = still_overdue(replace(gone, overdue=before.overdue))
    assert {o.interval for o in pruned} == {o.interval for o in before.overdue if o.unit_id is None} & {
        c.interval for c in clocks(gone)
    }
    assert still_overdue(before) == before.overdue


@given(way=assignments, released=st.integers(4_000, 5_000))
def test_what_ended_step_by_step_is_what_is_measured_at_the_end(way: list[int], released: int) -> None:
    states = [incident(), *(incident(on_it(*way[: n + 1])) for n in range(len(way)))]
    found = [e for a, b in pairwise(states) for e in ended(a, b, at=after(0))]
    last = incident(status=states[-1].status)
    found += ended(states[-1], last, at=after(released))
    whole = measured(replace(states[-1].assignments[0], released_at=after(released)))
    assert {e.interval: e.seconds for e in found if e.unit_id} == whole
    own = {e.interval: e.seconds for e in found if e.unit_id is None}
    assert own == {"process": way[0]} | ({"response": way[2]} if len(way) > 2 else {})
    assert len(found) == len(whole) + len(own)
