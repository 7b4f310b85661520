from math import hypot

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from geo import Projection, UnitIndex

QUITO = Projection("EPSG:32717")
LATS, LONS = st.floats(-0.6, 0.26), st.floats(-78.95, -78.17)
# Few different places, so that ties happen; a few of them far away.
PLACES = st.tuples(LATS, LONS) | st.sampled_from([(-0.2, -78.5), (-0.2, -78.49), (-0.21, -78.5), (10.0, -70.0)])


def by_hand(
    places: dict[int, tuple[float, float]], at: tuple[float, float], k: int, only_even: bool, within_m: float | None
) -> list[tuple[int, float]]:
    x, y = QUITO.forward(*at)
    all_of_them = []
    for unit, place in places.items():
        there = QUITO.forward(*place)
        distance = hypot(there[0] - x, there[1] - y)
        if (within_m is None or distance <= within_m) and (not only_even or unit % 2 == 0):
            all_of_them.append((distance, str(unit), unit))
    return [(unit, distance) for distance, _, unit in sorted(all_of_them)[:k]]


@settings(max_examples=300, deadline=None)
@given(
    places=st.dictionaries(st.integers(0, 400), PLACES, max_size=60),
    at=PLACES,
    k=st.integers(1, 12),
    only_even=st.booleans(),
    within_m=st.none() | st.floats(0, 50_000),
    square_m=st.sampled_from([50.0, 1000.0, 30_000.0]),
)
def test_the_nearest_are_those_that_measuring_all_of_them_gives(
    places: dict[int, tuple[float, float]],
    at: tuple[float, float],
    k: int,
    only_even: bool,
    within_m: float | None,
    square_m: float,
) -> None:
    index: UnitIndex[int] = UnitIndex(QUITO, square_m)
    for unit, place in places.items():
        index.move(unit, *place)
    where = (lambda unit: unit % 2 == 0) if only_even else None
    assert index.nearest(*at, k, where, within_m) == by_hand(places, at, k, only_even, within_m)


class Fleet(RuleBasedStateMachine):
    """Moves and removals in any order leave the index as if it were built anew."""

    def __init__(self) -> None:
        super().__init__()
        self.index: UnitIndex[int] = UnitIndex(QUITO)
        self.places: dict[int, tuple[float, float]] = {}

    @rule(unit=st.integers(0, 8), place=PLACES)
    def move(self, unit: int, place: tuple[float, float]) -> None:
        self.index.move(unit, *place)
        self.places[unit] = place

    @rule(moves=st.lists(st.tuples(st.integers(0, 8), PLACES), max_size=12))
    def move_many(self, moves: list[tuple[int, tuple[float, float]]]) -> None:
        self.index.move_many([unit for unit, _ in moves], [p[0] for _, p in moves], [p[1] for _, p in moves])
        self.places |= dict(moves)

    @rule(unit=st.integers(0, 8))
    def remove(self, unit: int) -> None:
        self.index.remove(unit)
        self.places.pop(unit, None)

    @invariant()
    def nearest_is_right(self) -> None:
        assert len(self.index) == len(self.places)
        assert self.index.nearest(-0.2, -78.5, 3) == by_hand(self.places, (-0.2, -78.5), 3, False, None)


TestFleet = Fleet.TestCase
TestFleet.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_a_unit_on_the_far_side_of_the_earth_is_only_far() -> None:
    index: UnitIndex[str] = UnitIndex(QUITO)
    index.move("lost", 0.0, 9.0)
    index.move("here", -0.2, -78.5)
    assert [unit for unit, _ in index.nearest(-0.2, -78.5, 5)] == ["here", "lost"]
    assert [unit for unit, _ in index.nearest(-0.2, -78.5, 5, within_m=100_000)] == ["here"]
    assert "lost" in index


def test_moved_at_once_they_are_where_moving_each_puts_them() -> None:
    random = np.random.default_rng(3)
    lats, lons = random.normal(-0.2, 0.1, 3_000), random.normal(-78.5, 0.1, 3_000)
    lats[::500], lons[::500] = 0.0, 9.0
    one_by_one: UnitIndex[int] = UnitIndex(QUITO)
    at_once: UnitIndex[int] = UnitIndex(QUITO)
    for round_ in range(3):
        units = random.permutation(3_000).tolist()
        at_once.move_many(units, lats + round_ / 100, lons)
        for unit, lat, lon in zip(units, (lats + round_ / 100).tolist(), lons.tolist(), strict=True):
            one_by_one.move(unit, lat, lon)
    for lat, lon in zip(lats[:200].tolist(), lons[:200].tolist(), strict=True):
        assert at_once.nearest(lat, lon, 7) == one_by_one.nearest(lat, lon, 7)


def test_a_slot_is_used_again() -> None:
    index: UnitIndex[int] = UnitIndex(QUITO)
    for generation in range(20):
        units = range(generation * 300, generation * 300 + 300)
        index.move_many(units, [-0.2] * 300, [-78.5] * 300)
        assert len(index) == 300 and len(index.nearest(-0.2, -78.5, 400)) == 300
        for unit in units:
            index.remove(unit)
    assert index.nearest(-0.2, -78.5, 1) == []


@pytest.mark.parametrize("k", [0, -1])
def test_none_are_asked_for_and_none_are_given(k: int) -> None:
    index: UnitIndex[str] = UnitIndex(QUITO)
    index.move("here", -0.2, -78.5)
    assert index.nearest(-0.2, -78.5, k) == []
