"""Advice to move: worth its drive, best first, and never there and back again."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model import PlacedUnit, Unit, UnitId, UnitStatus
from dispatch.model.city import Agency, Station
from dispatch.policy.units.coverage import Bools, DemandMap, able_of, covered, reach
from dispatch.policy.units.move_up import Bases, Move, Restraint, advise, bases_of, gains
from geo import Point, Projection, StraightLine

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRAVEL = StraightLine(Projection("EPSG:32717"))
AGENCIES = {code: Agency(code, code, code, "A", 60, 36) for code in ("MSP", "CRE")}
SPEED = dict.fromkeys(AGENCIES, 36.0)
BUSY = 0.3
USUAL = Restraint()

Place = tuple[float, float]
CENTRE, NORTH, FAR = (0.0, 0.0), (0.1, 0.0), (1.0, 0.0)


def standing(id: str, place: Place, *able: str, agency: str = "MSP") -> PlacedUnit:
    unit = Unit(UnitId(id), agency, "ambulance", able, None, UnitStatus.AVAILABLE, NOW)
    return PlacedUnit(unit, Point(place[0], -78.5 + place[1]), None, 0.0)


def station(id: str, place: Place, agency: str = "MSP") -> Station:
    return Station(id, agency, id, place[0], -78.5 + place[1])


def mapped(*rows: tuple[Place, float, float]) -> DemandMap:
    lats, lons = np.array([place for place, _, _ in rows]).T
    per_day = {"als": np.array([als for _, als, _ in rows]), "bls": np.array([bls for _, _, bls in rows])}
    return DemandMap(tuple(str(i) for i in range(len(rows))), lats, lons - 78.5, per_day)


def reached(idle: Sequence[PlacedUnit], demand: DemandMap) -> Bools:
    lats, lons = (np.array([getattr(s.point, axis) for s in idle]) for axis in ("lat", "lon"))
    speed, turnout = np.full(len(idle), 36.0), np.full(len(idle), 60.0)
    return reach(lats, lons, demand=demand, travel=TRAVEL, speed_kmh=speed, turnout_s=turnout, within_s=600)


def based(stations: Sequence[Station], demand: DemandMap) -> Bases:
    return bases_of(stations, agencies=AGENCIES, demand=demand, travel=TRAVEL, speed_kmh=SPEED, within_s=600)


def ask(
    idle: Sequence[PlacedUnit],
    stations: Sequence[Station],
    demand: DemandMap,
    restraint: Restraint = USUAL,
    staying: Sequence[str] = (),
) -> tuple[Move, ...]:
    return advise(
        idle,
        reached(idle, demand),
        based(stations, demand),
        demand=demand,
        travel=TRAVEL,
        speed_kmh=SPEED,
        busy=BUSY,
        restraint=restraint,
        staying=[UnitId(unit_id) for unit_id in staying],
    )


TWO = mapped((CENTRE, 10.0, 0.0), (NORTH, 10.0, 0.0))
BOTH = [station("centre", CENTRE), station("north", NORTH)]
IDLE = [standing(f"u{i}", CENTRE, "als") for i in range(2)]


def test_one_of_two_goes_where_none_is() -> None:
    [move] = ask(IDLE, BOTH, TWO, Restraint(drive_s=3_600))
    assert move.to_station == "north"
    # The second in the centre is worth 10 x 0.7 x 0.3, the first in the north 10 x 0.7.
    assert move.gain == pytest.approx(7.0 - 2.1)
    assert move.drive_s == pytest.approx(0.1 * 110_574 * 1.35 / 10, rel=0.01)


def test_too_far_or_too_little_is_no_advice() -> None:
    assert ask(IDLE, BOTH, TWO, Restraint(drive_s=600)) == ()
    assert ask(IDLE, BOTH, TWO, Restraint(gain=5.0, drive_s=3_600)) == ()


def test_who_stays_still_counts() -> None:
    moves = ask(IDLE, BOTH, TWO, Restraint(drive_s=3_600), staying=["u0"])
    assert [m.unit_id for m in moves] == ["u1"]
    assert ask(IDLE, BOTH, TWO, Restraint(drive_s=3_600), staying=["u0", "u1"]) == ()


def test_a_unit_waits_only_at_stations_of_its_agency() -> None:
    theirs = [station("centre", CENTRE), station("north", NORTH, agency="CRE")]
    assert ask(IDLE, theirs, TWO, Restraint(drive_s=3_600)) == ()


def test_nobody_idle_or_nowhere_to_go() -> None:
    assert ask([], BOTH, TWO) == ()
    assert ask(IDLE, [], TWO) == ()


places = st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
units = st.tuples(places, st.sets(st.sampled_from(("als", "bls")), min_size=1), st.sampled_from(("MSP", "CRE")))
bases = st.lists(st.tuples(places, st.sampled_from(("MSP", "CRE"))), min_size=1, max_size=5)
demands = st.lists(st.tuples(places, st.floats(0, 40), st.floats(0, 40)), min_size=1, max_size=8)

DrawnUnits = list[tuple[Place, set[str], str]]
DrawnBases = list[tuple[Place, str]]


def drawn(who: DrawnUnits, where: DrawnBases) -> tuple[list[PlacedUnit], list[Station]]:
    idle = [standing(f"u{i}", place, *sorted(able), agency=a) for i, (place, able, a) in enumerate(who)]
    return idle, [station(f"s{i}", place, agency) for i, (place, agency) in enumerate(where)]


def total(within: Bools, idle: Sequence[PlacedUnit], demand: DemandMap) -> float:
    return float(covered(within, able_of(idle, demand), demand=demand, busy=BUSY).sum())


@given(st.lists(units, min_size=1, max_size=5), bases, demands)
def test_a_gain_is_what_coverage_gains(
    who: DrawnUnits, where: DrawnBases, rows: list[tuple[Place, float, float]]
) -> None:
    (idle, stations), demand = drawn(who, where), mapped(*rows)
    within, waiting = reached(idle, demand), based(stations, demand)
    gained = gains(idle, within, waiting, demand=demand, busy=BUSY)
    before = total(within, idle, demand)
    for i, unit in enumerate(idle):
        for s, there in enumerate(stations):
            if there.agency != unit.unit.agency:
                assert gained[i, s] == -np.inf
                continue
            moved = within.copy()
            moved[i] = waiting.within[s]
            assert gained[i, s] == pytest.approx(total(moved, idle, demand) - before, abs=1e-9)


@given(st.lists(units, min_size=1, max_size=5), bases, demands)
def test_after_the_moves_none_of_them_is_undone(
    who: DrawnUnits, where: DrawnBases, rows: list[tuple[Place, float, float]]
) -> None:
    (idle, stations), demand = drawn(who, where), mapped(*rows)
    restraint = Restraint(gain=0.5, drive_s=7_200, most=20)
    moves = {m.unit_id: m.to_station for m in ask(idle, stations, demand, restraint)}
    at = {s.id: s for s in stations}
    after = [
        standing(s.unit.id, (there.lat, there.lon + 78.5), *s.unit.capabilities, agency=s.unit.agency)
        if (there := at.get(moves.get(s.unit.id, ""))) is not None
        else s
        for s in idle
    ]
    again = ask(after, stations, demand, restraint)
    gained = total(reached(after, demand), idle, demand) - total(reached(idle, demand), idle, demand)
    assert gained >= 0.5 * len(moves) - 1e-6
    # Each further round gains too, so that no series of moves ever leads back to where it began.
    assert all(m.gain >= 0.5 for m in again)
    assert not any(m.to_station == moves.get(m.unit_id) for m in again)


def test_a_city_that_is_well_covered_is_left_alone() -> None:
    spread = [standing("a", CENTRE, "als"), standing("b", NORTH, "als")]
    assert ask(spread, BOTH, TWO, Restraint(drive_s=7_200)) == ()
    assert ask([standing("a", FAR, "als")], BOTH, TWO, Restraint(drive_s=7_200)) == ()
