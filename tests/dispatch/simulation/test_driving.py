from itertools import pairwise
from math import dist
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dispatch.simulation.driving import Vehicle, streets

metres = st.floats(-30_000, 30_000)
places = st.tuples(metres, metres)


@given(start=places, target=places, seed=st.integers(0, 100))
def test_a_way_ends_at_its_target_and_is_longer_than_a_straight_line_but_not_by_much(
    start: tuple[float, float], target: tuple[float, float], seed: int
) -> None:
    way = [start, *streets(start, target, Random(seed))]
    length = sum(dist(a, b) for a, b in pairwise(way))
    straight = dist(start, target)
    assert way[-1] == target
    assert straight - 1e-6 <= length <= 1.4143 * straight + 1e-6


@given(target=places, step=st.floats(1, 500), seed=st.integers(0, 100))
def test_a_vehicle_goes_no_farther_than_told_and_arrives(target: tuple[float, float], step: float, seed: int) -> None:
    vehicle = Vehicle((0.0, 0.0))
    vehicle.drive_to(target, Random(seed))
    steps = 0
    while vehicle.is_moving and steps < 200:
        before = vehicle.place
        vehicle.advance(step)
        assert dist(before, vehicle.place) <= step + 1e-6
        steps += 1
    if steps < 200:
        assert vehicle.place == target


def test_it_looks_where_it_goes() -> None:
    vehicle = Vehicle((0.0, 0.0))
    vehicle.drive_to((0.0, 5_000.0), Random(1))
    headings = set()
    while vehicle.is_moving:
        vehicle.advance(50)
        assert vehicle.heading_deg is not None
        headings.add(round(vehicle.heading_deg))
    assert headings <= {20, 290}


def test_a_stopped_one_stays() -> None:
    vehicle = Vehicle((0.0, 0.0))
    vehicle.drive_to((0.0, 5_000.0), Random(1))
    vehicle.advance(100)
    vehicle.stop()
    place = vehicle.place
    vehicle.advance(100)
    assert vehicle.place == place
    assert dist((0, 0), place) <= 100.0001
