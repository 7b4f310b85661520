from datetime import UTC, datetime, timedelta
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import (
    ArcBand,
    Cell,
    CellId,
    CellTable,
    Ellipse,
    Fix,
    Location,
    LocationStatus,
    Parishes,
    Pdf,
    Point,
    Polygon,
    Source,
    destination,
    locate,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = Point(-0.2, -78.5)
POINTS = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180)) | st.builds(
    Point, st.floats(-0.6, 0.3), st.floats(-79, -78)
)
METRES = st.floats(0, 1e6)
REGIONS = st.one_of(
    st.builds(Ellipse, POINTS, METRES, METRES, st.floats(-720, 720)),
    st.builds(ArcBand, POINTS, METRES, METRES, st.floats(-720, 720), st.floats(0, 720)),
    st.builds(Polygon, st.lists(POINTS, min_size=3, max_size=8).map(tuple)),
)
FIXES = st.builds(
    Fix,
    source=st.sampled_from(Source),
    point=st.none() | POINTS,
    radius_m=st.none() | METRES,
    confidence=st.none() | st.floats(0, 1),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    pdf=st.sampled_from(Pdf),
    region=st.none() | REGIONS,
    cell=st.none() | st.just(CellId("740", "01", 1, 2)),
    parish_code=st.none() | st.sampled_from(["170101", "nowhere"]),
)


def at(lat: float, lon: float, **more: object) -> Fix:
    return Fix(Source.GNSS, Point(lat, lon), **more)  # type: ignore[arg-type]


def test_a_good_fix_inside_a_parish_is_located(quito: Parishes) -> None:
    location = locate([at(-0.2, -78.5, radius_m=20, altitude_m=2850.0, at=NOW)], quito, at=NOW)
    assert location.status is LocationStatus.LOCATED
    assert (location.lat, location.lon, location.radius_m, location.confidence) == (-0.2, -78.5, 20, 0.95)
    assert (location.source, location.at, location.altitude_m) == (Source.GNSS, NOW, 2850.0)
    assert location.parish is not None
    assert (location.parish.code, location.parish.name) == ("170101", "Belisario Quevedo")
    assert location.candidates == (location.parish,)
    assert location.parish.probability == pytest.approx(1)
    assert location.cells == ("8766d338cffffff", "8a66d338c777fff")
    assert location.nearest is None


def test_a_fix_on_the_limit_of_three_parishes_is_ambiguous(quito: Parishes) -> None:
    location = locate([at(-0.205053, -78.500195, radius_m=400)], quito, at=NOW)
    assert location.status is LocationStatus.AMBIGUOUS
    assert location.parish is None
    assert len(location.candidates) >= 3
    shares = [candidate.probability for candidate in location.candidates]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] < 0.5
    assert sum(shares) == pytest.approx(1, abs=1e-3)


def test_outside_is_told_with_the_way_to_the_nearest_parish(quito: Parishes) -> None:
    location = locate([at(0.3, -78.5)], quito, at=NOW)
    assert location.status is LocationStatus.OUTSIDE
    assert location.candidates == ()
    assert location.nearest is not None
    assert location.nearest.name == "San José de Minas"
    assert location.nearest.distance_m == pytest.approx(5265, abs=5)
    edge = destination(0.3, -78.5, location.nearest.bearing_deg, location.nearest.distance_m + 30)
    assert quito.find(*edge) is quito.by_code[location.nearest.code]


def test_mostly_outside_is_outside_and_still_tells_the_candidate(quito: Parishes) -> None:
    beyond = Point(*destination(0.3, -78.5, 167, 5100))
    location = locate([Fix(Source.WIFI, beyond, radius_m=400)], quito, at=NOW)
    assert location.status is LocationStatus.OUTSIDE
    assert [candidate.name for candidate in location.candidates] == ["San José de Minas"]
    assert 0 < location.candidates[0].probability < 0.5


@pytest.mark.parametrize("fixes", [[], [Fix(Source.UNKNOWN)], [Fix(Source.GNSS), Fix(Source.ADDRESS, parish_code="0")]])
def test_without_a_place_it_is_unlocated_and_still_a_location(quito: Parishes, fixes: list[Fix]) -> None:
    assert locate(fixes, quito, at=NOW) == Location(LocationStatus.UNLOCATED)


def test_the_equator_is_a_place_like_any_other(quito: Parishes) -> None:
    location = locate([at(0.0, -78.45, radius_m=15)], quito, at=NOW)
    assert location.status is LocationStatus.LOCATED
    assert location.lat == 0


def test_a_parish_told_by_the_caller_is_enough(quito: Parishes) -> None:
    location = locate([Fix(Source.ADDRESS, parish_code="170101")], quito, at=NOW)
    assert location.status is LocationStatus.LOCATED
    assert location.parish is not None
    assert location.parish.code == "170101"
    assert location.parish.probability == pytest.approx(0.95)


def test_an_unknown_cell_is_somewhere_in_the_city_and_says_so(quito: Parishes) -> None:
    location = locate([Fix(Source.CELL, cell=CellId("740", "01", 1, 2))], quito, at=NOW)
    assert location.status is LocationStatus.AMBIGUOUS
    assert len(location.candidates) == 65
    assert location.radius_m is not None and location.radius_m > 40_000
    assert sum(candidate.probability for candidate in location.candidates) == pytest.approx(0.95, abs=1e-3)


def test_a_known_cell_is_where_its_tower_is(quito: Parishes) -> None:
    table = CellTable([(CellId("740", "01", 1, 2), Cell(HERE, 800))])
    location = locate([Fix(Source.CELL, cell=CellId("740", "01", 1, 2))], quito, at=NOW, cells=table)
    assert (location.lat, location.lon, location.radius_m) == (-0.2, -78.5, 800)


def test_a_later_fix_refines_and_a_moving_caller_is_where_they_are_now(quito: Parishes) -> None:
    first = at(-0.2, -78.5, radius_m=10, at=NOW - timedelta(minutes=4))
    later = at(-0.2, -78.497, radius_m=25, at=NOW)
    location = locate([first, later], quito, at=NOW)
    assert (location.lat, location.lon, location.radius_m) == (-0.2, -78.497, 25)
    assert location.contradicted == (), "333 m in four minutes is a walk"
    moved = locate([first, at(-0.2, -78.45, radius_m=25, at=NOW)], quito, at=NOW)
    assert moved.contradicted == (Source.GNSS,), "5.5 km in four minutes is not"


def test_a_contradiction_is_shown(quito: Parishes) -> None:
    location = locate([at(-0.2, -78.5, radius_m=15), Fix(Source.WIFI, Point(-0.3, -78.5), radius_m=40)], quito, at=NOW)
    assert (location.lat, location.lon) == (-0.2, -78.5)
    assert location.contradicted == (Source.WIFI,)


def test_a_narrower_fix_never_makes_it_vaguer(quito: Parishes) -> None:
    wide = [at(-0.2141, -78.5098, radius_m=radius) for radius in (1000, 300, 100, 30, 10)]
    radii = [locate(wide[: n + 1], quito, at=NOW).radius_m for n in range(len(wide))]
    assert radii == [1000, 300, 100, 30, 10]


@settings(max_examples=150, deadline=None)
@given(st.lists(FIXES, max_size=4))
def test_no_fix_stops_a_call(quito: Parishes, fixes: list[Fix]) -> None:
    location = locate(fixes, quito, at=NOW)
    if location.status is LocationStatus.UNLOCATED:
        assert location == Location(LocationStatus.UNLOCATED)
        return
    assert location.lat is not None and -90 <= location.lat <= 90
    assert location.lon is not None and -180 <= location.lon <= 180
    assert location.radius_m is not None and 0 < location.radius_m < 1e8
    assert location.cells is not None
    assert (location.parish is not None) == (location.status is LocationStatus.LOCATED)
    assert (location.nearest is not None) == (location.status is LocationStatus.OUTSIDE)
    assert sum(candidate.probability for candidate in location.candidates) <= 1 + 1e-6
    for name in get_type_hints(Location):
        assert "numpy" not in type(getattr(location, name)).__module__, f"{name} must be a plain value"
