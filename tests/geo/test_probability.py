"""Probabilities against counting: points drawn from the very spread, each in the parish that the index says."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo import ArcBand, Ellipse, Fix, Parishes, Pdf, Point, Polygon, Region, Source, parish_probabilities
from geo.spread import Spread, circle, spread_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DRAWS = 100_000
# In the middle, at a corner of three parishes, at the city's outer edge, in the country.
PLACES = [Point(-0.2, -78.5), Point(-0.2141, -78.5098), Point(0.2496, -78.5), Point(-0.35, -78.3)]
SHAPES: list[Region | float] = [
    30.0,
    500.0,
    4000.0,
    Ellipse(PLACES[0], 1500, 200, 40),
    ArcBand(PLACES[0], 500, 2000, 300, 120),
    Polygon((Point(-0.2, -78.5), Point(-0.2, -78.46), Point(-0.15, -78.5))),
]


def draws_of(spread: Spread, random: np.random.Generator) -> NDArray[np.float64]:
    if spread.area is not None:
        west, south, east, north = spread.area.bounds
        draws = random.uniform((west, south), (east, north), (4 * DRAWS, 2))
        return np.asarray(draws[shapely.contains_xy(spread.area, *draws.T)])
    if spread.uniform:
        angle, radius = random.uniform(0, 2 * np.pi, DRAWS), np.sqrt(random.random(DRAWS))
        unit = np.c_[radius * np.cos(angle), radius * np.sin(angle)]
        return np.asarray(unit @ np.linalg.cholesky(4 * spread.covariance).T + (spread.x, spread.y))
    return np.asarray(random.multivariate_normal((spread.x, spread.y), spread.covariance, DRAWS))


def counted(spread: Spread, parishes: Parishes) -> dict[str, float]:
    draws = draws_of(spread, np.random.default_rng(9))
    found = parishes.find_many(*parishes.projection.inverse(*draws.T))
    return {
        parishes.parishes[position].code: float((found == position).mean()) * (spread.confidence if spread.area else 1)
        for position in np.unique(found[found >= 0]).tolist()
    }


@pytest.mark.parametrize("pdf", [Pdf.NORMAL, Pdf.RECTANGULAR])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__ if not isinstance(s, float) else f"{s:g} m")
@pytest.mark.parametrize("place", PLACES, ids=["middle", "corner", "outer edge", "country"])
def test_integrating_gives_what_counting_gives(quito: Parishes, place: Point, shape: Region | float, pdf: Pdf) -> None:
    if isinstance(shape, Ellipse | ArcBand):
        shape = replace(shape, centre=place)
    fix = (
        Fix(Source.WIFI, place, radius_m=shape, pdf=pdf)
        if isinstance(shape, float)
        else Fix(Source.WIFI, region=shape, pdf=pdf)
    )
    spread = spread_of(fix, quito, NOW)
    assert spread is not None
    exact = {one.code: one.probability for one in parish_probabilities(spread, quito)}
    by_count = counted(spread, quito)
    # Five standard errors of a count.
    for code in exact.keys() | by_count.keys():
        assert exact.get(code, 0.0) == pytest.approx(by_count.get(code, 0.0), abs=5 * 0.5 / DRAWS**0.5)


@settings(max_examples=150, deadline=None)
@given(
    lat=st.floats(-0.6, 0.27),
    lon=st.floats(-78.95, -78.15),
    radius_m=st.floats(1, 20_000),
    pdf=st.sampled_from([Pdf.NORMAL, Pdf.RECTANGULAR]),
)
def test_probabilities_are_probabilities(quito: Parishes, lat: float, lon: float, radius_m: float, pdf: Pdf) -> None:
    found = parish_probabilities(circle(Point(lat, lon), radius_m, pdf, quito.projection), quito)
    values = [one.probability for one in found]
    assert values == sorted(values, reverse=True)
    assert all(type(value) is float and 0 < value <= 1 for value in values)
    assert sum(values) <= 1 + 1e-6


@settings(max_examples=100, deadline=None)
@given(lat=st.floats(-0.22, -0.12), lon=st.floats(-78.52, -78.48), radius_m=st.floats(1, 2000))
def test_deep_in_the_city_they_sum_to_one(quito: Parishes, lat: float, lon: float, radius_m: float) -> None:
    for pdf in (Pdf.NORMAL, Pdf.RECTANGULAR):
        found = parish_probabilities(circle(Point(lat, lon), radius_m, pdf, quito.projection), quito)
        assert sum(one.probability for one in found) == pytest.approx(1, abs=1e-5)


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(), radius_m=st.sampled_from([1.0, 10.0, 50.0, 300.0]), aside=st.sampled_from([0, 1e-12, -1e-12, 1e-7])
)
def test_a_centre_on_the_boundary_itself_is_no_trap(
    quito: Parishes, data: st.DataObject, radius_m: float, aside: float
) -> None:
    """Where the index and the plane may round to different sides of an edge."""
    corners = shapely.get_coordinates(quito.by_code["170123"].polygon)
    at = data.draw(st.integers(0, len(corners) - 2))
    along = data.draw(st.sampled_from([0.0, 0.5, 0.37]))
    lon, lat = corners[at] + along * (corners[at + 1] - corners[at]) + aside
    for pdf in (Pdf.NORMAL, Pdf.RECTANGULAR):
        spread = circle(Point(lat, lon), radius_m, pdf, quito.projection)
        found = parish_probabilities(spread, quito)
        assert sum(one.probability for one in found) == pytest.approx(1, abs=1e-5)
        assert found[0].probability < 0.999


def test_half_of_a_circle_on_a_straight_edge_is_on_either_side(quito: Parishes) -> None:
    corners = shapely.get_coordinates(quito.by_code["170123"].polygon)
    longest = int(np.argmax(np.hypot(*np.diff(corners, axis=0).T)))
    lon, lat = (corners[longest] + corners[longest + 1]) / 2
    for pdf in (Pdf.NORMAL, Pdf.RECTANGULAR):
        found = parish_probabilities(circle(Point(lat, lon), 5, pdf, quito.projection), quito)
        assert [one.probability for one in found] == pytest.approx([0.5, 0.5], abs=1e-3)


def test_far_away_there_is_none(quito: Parishes) -> None:
    for place in (Point(40.4, -3.7), Point(0, 9.0), Point(-0.2, -79.5)):
        assert parish_probabilities(circle(place, 100, Pdf.NORMAL, quito.projection), quito) == ()
