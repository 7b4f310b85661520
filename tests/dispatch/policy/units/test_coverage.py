"""MEXCLP against its definition, call by call; and a city's urgent calls where its people are."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.city import load_city
from dispatch.model import PlacedUnit, Unit, UnitId, UnitStatus
from dispatch.model.city import City
from dispatch.policy.units.coverage import DemandMap, able_of, coverage_lost, covered, reach
from dispatch.policy.units.demand import demand_map
from dispatch.settings import QUITO
from geo import Point, Projection, StraightLine

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRAVEL = StraightLine(Projection("EPSG:32717"))
CAPABILITIES = ("als", "bls")
WITHIN_S = 600.0
degrees = st.floats(-0.12, 0.12)
places = st.tuples(degrees, degrees)
units = st.tuples(places, st.sets(st.sampled_from(CAPABILITIES)))
demands = st.lists(st.tuples(places, st.floats(0, 40), st.floats(0, 40)), min_size=1, max_size=6)
fractions = st.floats(0, 0.95)

Place = tuple[float, float]


def standing(id: str, place: Place, *able: str, status: UnitStatus = UnitStatus.AVAILABLE) -> PlacedUnit:
    unit = Unit(UnitId(id), "MSP", "ambulance", able, None, status, NOW)
    return PlacedUnit(unit, Point(place[0], -78.5 + place[1]), None, 0.0)


def mapped(demand: Sequence[tuple[Place, float, float]]) -> DemandMap:
    (lats, lons) = np.array([place for place, _, _ in demand]).T
    per_day = {c: np.array([row[1 + i] for row in demand]) for i, c in enumerate(CAPABILITIES)}
    return DemandMap(tuple(str(i) for i in range(len(demand))), lats, lons - 78.5, per_day)


def lost(placed_units: Sequence[PlacedUnit], demand: DemandMap, busy: float) -> dict[UnitId, float]:
    n = len(placed_units)
    speed, turnout = np.full(n, 36.0), np.full(n, 60.0)
    return coverage_lost(
        placed_units, demand=demand, travel=TRAVEL, speed_kmh=speed, turnout_s=turnout, within_s=WITHIN_S, busy=busy
    )


def expected(placed_units: Sequence[PlacedUnit], demand: DemandMap, busy: float) -> float:
    """By the definition: of each call, the chance that not all who could be there in time are busy."""
    total = 0.0
    for capability, per_day in demand.per_day.items():
        for point, calls in zip(demand.points, per_day.tolist(), strict=True):
            able = [s for s in placed_units if capability in s.unit.capabilities]
            times = [
                60 + TRAVEL.seconds(np.array([s.point.lat]), np.array([s.point.lon]), [point], speed_kmh=36.0)[0, 0]
                for s in able
            ]
            total += sum(calls * (1 - busy) * busy**k for k in range(len([t for t in times if t <= WITHIN_S])))
    return total


def fleet(drawn: Sequence[tuple[Place, set[str]]]) -> list[PlacedUnit]:
    return [standing(f"u{i}", place, *sorted(able)) for i, (place, able) in enumerate(drawn)]


@given(st.lists(units, min_size=1, max_size=6), demands, fractions)
def test_what_is_lost_is_the_difference_that_the_unit_makes(
    drawn: list[tuple[Place, set[str]]], rows: list[tuple[Place, float, float]], busy: float
) -> None:
    placed_units, demand = fleet(drawn), mapped(rows)
    with_all = expected(placed_units, demand, busy)
    answer = lost(placed_units, demand, busy)
    for gone in placed_units:
        without = expected([s for s in placed_units if s is not gone], demand, busy)
        assert answer[gone.unit.id] == pytest.approx(with_all - without, abs=1e-9)


@given(st.lists(units, min_size=1, max_size=6), units, demands, fractions)
def test_the_more_are_there_the_less_each_is_worth(
    drawn: list[tuple[Place, set[str]]],
    another: tuple[Place, set[str]],
    rows: list[tuple[Place, float, float]],
    busy: float,
) -> None:
    few, demand = fleet(drawn), mapped(rows)
    more = [*few, standing("more", another[0], *sorted(another[1]))]
    before, after = lost(few, demand, busy), lost(more, demand, busy)
    assert all(after[unit_id] <= worth + 1e-9 for unit_id, worth in before.items())
    assert all(worth >= 0 for worth in after.values())


@given(st.lists(units, max_size=6), demands, fractions)
def test_what_is_covered_is_what_the_definition_expects(
    drawn: list[tuple[Place, set[str]]], rows: list[tuple[Place, float, float]], busy: float
) -> None:
    placed_units, demand = fleet(drawn), mapped(rows)
    n = len(placed_units)
    within = reach(
        np.array([s.point.lat for s in placed_units]),
        np.array([s.point.lon for s in placed_units]),
        demand=demand,
        travel=TRAVEL,
        speed_kmh=np.full(n, 36.0),
        turnout_s=np.full(n, 60.0),
        within_s=WITHIN_S,
    )
    reached = covered(within, able_of(placed_units, demand), demand=demand, busy=busy)
    assert reached.sum() == pytest.approx(expected(placed_units, demand, busy), abs=1e-9)
    assert (reached <= demand.total + 1e-9).all()


def test_without_units_nothing_is_lost() -> None:
    assert lost([], mapped([((0, 0), 10.0, 10.0)]), 0.3) == {}


def test_a_busy_unit_holds_no_coverage() -> None:
    demand = mapped([((0, 0), 10.0, 0.0)])
    alone = standing("alone", (0, 0), "als")
    busy = standing("busy", (0, 0), "als", status=UnitStatus.ON_SCENE)
    assert lost([alone, busy], demand, 0.3) == {"alone": pytest.approx(7.0)}


def test_the_last_of_its_district_is_worth_more_than_one_of_three() -> None:
    demand = mapped([((0, 0), 10.0, 0.0), ((0.1, 0.1), 10.0, 0.0)])
    together = [standing(f"t{i}", (0, 0), "als") for i in range(3)]
    answer = lost([*together, standing("last", (0.1, 0.1), "als")], demand, 0.3)
    assert answer[UnitId("last")] == pytest.approx(7.0)
    assert answer[UnitId("t0")] == pytest.approx(10 * 0.7 * 0.3**2)


@pytest.mark.parametrize("busy", [-0.1, 1.0, float("nan")])
def test_a_busy_fraction_that_is_none(busy: float) -> None:
    with pytest.raises(ValueError, match="busy fraction"):
        lost([standing("a", (0, 0), "als")], mapped([((0, 0), 1.0, 1.0)]), busy)


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(QUITO)


def test_a_city_s_demand_is_its_urgent_natures_where_its_people_are(quito: City) -> None:
    demand = demand_map(quito, per_day=1_000, resolution=8)
    share = {s.code: s.share for s in quito.services}
    for capability, per_day in demand.per_day.items():
        urgent = [n for n in quito.natures if n.priority <= 2 and capability in {need.capability for need in n.needs}]
        assert per_day.sum() == pytest.approx(1_000 * sum(n.share * share[n.service] for n in urgent))
    people = sum(p.population for p in quito.parishes)
    where = quito.parishes.find_many(demand.lats, demand.lons)
    for position, parish in enumerate(quito.parishes):
        here = demand.per_day["als"][where == position].sum() / demand.per_day["als"].sum()
        assert here == pytest.approx(parish.population / people, abs=0.006)


def test_finer_cells_hold_the_same_calls(quito: City) -> None:
    coarse, fine = (demand_map(quito, per_day=1_000, resolution=r) for r in (7, 8))
    assert len(fine.cells) > 5 * len(coarse.cells)
    assert fine.total.sum() == pytest.approx(coarse.total.sum())
    assert np.average(fine.lats, weights=fine.total) == pytest.approx(
        np.average(coarse.lats, weights=coarse.total), abs=3e-4
    )


def test_what_needs_open_country_is_expected_there(quito: City) -> None:
    demand = demand_map(quito, per_day=1_000, resolution=8)
    spread = {c: (v / v.sum()).max() for c, v in demand.per_day.items()}
    assert spread["wildland"] < spread["als"] / 2
