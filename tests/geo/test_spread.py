"""Means, covariances and radii against sampling, and against what can be worked out by hand."""

from datetime import UTC, datetime, timedelta
from math import pi, sqrt

import numpy as np
import pytest
import shapely

from geo import (
    ArcBand,
    Cell,
    CellId,
    CellTable,
    Ellipse,
    Fix,
    Parishes,
    Pdf,
    Point,
    Polygon,
    Region,
    Source,
    destination,
)
from geo.spread import Spread, spread_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = Point(-0.2, -78.5)


def spread(parishes: Parishes, fix: Fix, cells: CellTable | None = None) -> Spread:
    found = spread_of(fix, parishes, NOW, cells)
    assert found is not None
    return found


def region(parishes: Parishes, shape: Region, **more: object) -> Spread:
    return spread(parishes, Fix(Source.UNKNOWN, region=shape, **more))  # type: ignore[arg-type]


def test_a_gaussian_circle_holds_95_percent_in_its_radius(quito: Parishes) -> None:
    found = spread(quito, Fix(Source.GNSS, HERE, radius_m=100, pdf=Pdf.NORMAL))
    draws = np.random.default_rng(1).multivariate_normal((0, 0), found.covariance, 200_000)
    assert (np.hypot(*draws.T) <= 100).mean() == pytest.approx(0.95, abs=0.003)
    assert found.radius_m == pytest.approx(100)


def test_an_even_disc_of_95_percent_is_part_of_a_whole_one(quito: Parishes) -> None:
    found = spread(quito, Fix(Source.CELL, HERE, radius_m=1000, pdf=Pdf.RECTANGULAR))
    # An even disc of radius R has the variance R²/4 along every axis; 95 % of its area is in R sqrt(0.95).
    assert sqrt(found.covariance[0, 0]) == pytest.approx(1000 / sqrt(0.95) / 2)
    assert found.radius_m == pytest.approx(1000)


def test_the_long_axis_of_an_ellipse_points_where_it_says(quito: Parishes) -> None:
    found = region(quito, Ellipse(HERE, 400, 100, 30), pdf=Pdf.NORMAL)
    values, vectors = np.linalg.eigh(found.covariance)
    assert np.sqrt(values[::-1] / values[0]).tolist() == pytest.approx([4, 1])
    east, north = vectors[:, 1]
    assert np.degrees(np.arctan2(east, north)) % 180 == pytest.approx(30, abs=0.1)
    assert found.radius_m == pytest.approx(400)


@pytest.mark.parametrize(
    ("band", "area"),
    [
        (ArcBand(HERE, 300, 1000, 350, 60), pi * (1000**2 - 300**2) / 6),
        (ArcBand(HERE, 0, 1000, 80, 120), pi * 1000**2 / 3),
        (ArcBand(HERE, 300, 1000, 0, 360), pi * (1000**2 - 300**2)),
        (ArcBand(HERE, 0, 1000, 0, 360), pi * 1000**2),
    ],
)
def test_an_arc_band_has_its_area_and_lies_where_it_says(quito: Parishes, band: ArcBand, area: float) -> None:
    found = region(quito, band)
    assert found.area is not None
    assert found.area.area == pytest.approx(area, rel=2e-3)
    for bearing in (band.start_deg + band.opening_deg * share for share in (0.1, 0.5, 0.9)):
        for metres in (band.inner_m + 20, band.outer_m - 20):
            place = quito.projection.forward(*destination(HERE.lat, HERE.lon, bearing, metres))
            assert found.area.covers(shapely.Point(place))


def test_mean_and_covariance_of_an_area_are_those_of_points_in_it(quito: Parishes) -> None:
    corners = [(-0.2, -78.5), (-0.2, -78.47), (-0.19, -78.47), (-0.19, -78.49), (-0.17, -78.49), (-0.17, -78.5)]
    found = region(quito, Polygon(tuple(Point(*corner) for corner in corners)))
    assert found.area is not None
    west, south, east, north = found.area.bounds
    draws = np.random.default_rng(4).uniform((west, south), (east, north), (200_000, 2))
    draws = draws[shapely.contains_xy(found.area, *draws.T)]
    assert draws.mean(axis=0).tolist() == pytest.approx([found.x, found.y], abs=8)
    assert np.allclose(np.cov(draws.T), found.covariance, rtol=0.02, atol=1e4)
    assert np.hypot(*(draws - (found.x, found.y)).T).max() <= found.radius_m


@pytest.mark.parametrize(
    "corners",
    [
        [(-0.2, -78.5), (-0.1, -78.4), (-0.2, -78.4), (-0.1, -78.5)],  # crosses itself
        [(-0.2, -78.5), (-0.2, -78.5), (-0.2, -78.5)],  # one place
        [(-0.2, -78.5), (-0.2, -78.4), (-0.2, -78.45)],  # a line
    ],
)
def test_a_polygon_that_is_none_still_says_where(quito: Parishes, corners: list[tuple[float, float]]) -> None:
    found = region(quito, Polygon(tuple(Point(*corner) for corner in corners)))
    assert found.area is not None and found.area.area > 0
    assert -0.21 < found.point.lat < -0.09


@pytest.mark.parametrize(
    "shape",
    [
        Ellipse(Point(0, 9.0), 100, 50, 10),
        ArcBand(Point(0, 9.0), 0, 100, 0, 90),
        Polygon((Point(0, 9.0), Point(0, 9.1), Point(1, 9.0))),
    ],
)
def test_where_the_projection_ends_a_region_is_a_circle(quito: Parishes, shape: Region) -> None:
    found = region(quito, shape)
    assert found.area is None
    assert found.point.lon == pytest.approx(9.0, abs=0.1)


def test_a_parish_named_by_the_caller_is_its_polygon(quito: Parishes) -> None:
    found = spread(quito, Fix(Source.ADDRESS, parish_code="170101"))
    assert found.area is not None
    assert found.area.area / 1e6 == pytest.approx(quito.by_code["170101"].area_km2, rel=2e-3)
    assert found.confidence == 0.95


def test_a_cell_is_looked_up_and_its_sector_known(quito: Parishes) -> None:
    key = CellId("740", "01", 1, 2)
    table = CellTable([(key, Cell(HERE, 1500)), (CellId("740", "01", 1, 3), Cell(HERE, 1500, 90, 60))])
    all_around = spread(quito, Fix(Source.CELL, cell=key), table)
    assert (all_around.point, all_around.uniform) == (HERE, True)
    assert all_around.radius_m == pytest.approx(1500)
    east = spread(quito, Fix(Source.CELL, cell=CellId("740", "01", 1, 3)), table)
    # The centroid of a sector of 60° lies 2/π of its radius ahead.
    assert east.point.lat == pytest.approx(HERE.lat, abs=1e-4)
    assert (east.point.lon - HERE.lon) * 111_320 == pytest.approx(1500 * 2 / pi, rel=1e-2)


@pytest.mark.parametrize("table", [None, CellTable([])])
def test_an_unknown_cell_is_somewhere_in_the_city(quito: Parishes, table: CellTable | None) -> None:
    found = spread(quito, Fix(Source.CELL, cell=CellId("740", "01", 1, 2)), table)
    assert found.area is not None
    assert found.area.area / 1e6 == pytest.approx(4226.3, rel=2e-3)
    assert found.radius_m > 40_000


def test_age_widens_regions_too(quito: Parishes) -> None:
    old = NOW - timedelta(seconds=100)
    for shape in (ArcBand(HERE, 500, 1000, 0, 90), Ellipse(HERE, 100, 100, 0)):
        assert region(quito, shape, at=old).radius_m > region(quito, shape, at=NOW).radius_m + 100
    square = Polygon((HERE, Point(-0.2, -78.49), Point(-0.19, -78.49), Point(-0.19, -78.5)))
    assert region(quito, square, at=old).radius_m == pytest.approx(region(quito, square).radius_m + 150, abs=20)


@pytest.mark.parametrize("fix", [Fix(Source.UNKNOWN), Fix(Source.ADDRESS, parish_code="999999")])
def test_a_fix_without_a_place_says_nothing(quito: Parishes, fix: Fix) -> None:
    assert spread_of(fix, quito, NOW) is None
