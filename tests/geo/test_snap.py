"""The nearest road is the nearest of all roads, near or far."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.snap import Snapper

metres = st.integers(-3_000, 3_000).map(float)
places = st.lists(st.tuples(metres, metres), min_size=1, max_size=8)
lines = st.lists(st.lists(st.tuples(metres, metres), min_size=2, max_size=4, unique=True), min_size=1, max_size=12)


@settings(deadline=None, max_examples=150)
@given(lines, places)
def test_it_is_the_nearest_place_of_any_line(
    drawn: list[list[tuple[float, float]]], asked: list[tuple[float, float]]
) -> None:
    points = np.array([point for line in drawn for point in line])
    of = np.repeat(np.arange(len(drawn)), [len(line) for line in drawn])
    names = np.arange(len(drawn), dtype=np.int32) + 100
    x, y = np.array(asked).T
    snapped = Snapper(points[:, 0], points[:, 1], of, names).snap(x, y, reach_m=2_000)
    for i, place in enumerate(asked):
        distances = [shapely.LineString(line).distance(shapely.Point(place)) for line in drawn]
        if min(distances) > 2_000:
            assert not snapped.on[i] and np.isinf(snapped.off_m[i])
            continue
        line = shapely.LineString(drawn[snapped.street[i] - 100])
        assert snapped.off_m[i] == pytest.approx(min(distances), abs=1e-6)
        there = line.interpolate(float(snapped.along[i]), normalized=True)
        assert there.distance(shapely.Point(place)) == pytest.approx(min(distances), abs=1e-6)


def test_nowhere_is_near_nothing() -> None:
    snapper = Snapper(np.array([0.0, 1.0]), np.array([0.0, 0.0]), np.array([0, 0]), np.array([7], np.int32))
    snapped = snapper.snap(np.array([np.inf, np.nan, 0.5]), np.array([0.0, 0.0, np.inf]))
    assert not snapped.on.any()
