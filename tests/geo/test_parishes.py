"""The index is asked the same as the polygons, which are read anew here and never prepared or simplified."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box, shape

from geo import Parish, Parishes, Point, distance_m

EDGE_PLACES = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])


@pytest.fixture(scope="module")
def plain(layer: dict[str, Any]) -> list[tuple[str, Any]]:
    """Codes and polygons, in the order in which the first to cover a point has it."""
    return sorted((f["properties"]["code"], shape(f["geometry"])) for f in layer["features"])


@pytest.fixture(scope="module")
def corners(plain: list[tuple[str, Any]]) -> Any:
    """Rings of all polygons as (longitude, latitude), one below the other."""
    return shapely.get_coordinates([polygon for _, polygon in plain])


def by_polygons(plain: list[tuple[str, Any]], lat: float, lon: float) -> str | None:
    point = shapely.Point(lon, lat)
    return next((code for code, polygon in plain if polygon.covers(point)), None)


def position_of(parishes: Parishes, lat: float, lon: float) -> int:
    found = parishes.find(lat, lon)
    return list(parishes.by_code).index(found.code) if found else -1


def by_index(parishes: Parishes, lat: float, lon: float) -> str | None:
    one = parishes.find(lat, lon)
    position = int(parishes.find_many([lat], [lon])[0])
    many = parishes.parishes[position] if position >= 0 else None
    assert one is many, "one by one and in bulk must agree"
    return one.code if one else None


@settings(max_examples=400, deadline=None)
@given(lat=st.floats(-0.62, 0.28), lon=st.floats(-78.97, -78.15))
@example(lat=-0.2, lon=-78.5)
def test_any_point_is_where_the_polygons_say(
    quito: Parishes, plain: list[tuple[str, Any]], lat: float, lon: float
) -> None:
    assert by_index(quito, lat, lon) == by_polygons(plain, lat, lon)


@settings(max_examples=400, deadline=None)
@given(corner=st.integers(0, 24_352), along=EDGE_PLACES, aside=st.sampled_from([0.0, 1e-15, -1e-13, 1e-9, -1e-7, 1e-6]))
def test_a_point_on_or_beside_an_edge_is_where_the_polygons_say(
    quito: Parishes, plain: list[tuple[str, Any]], corners: Any, corner: int, along: float, aside: float
) -> None:
    (lon1, lat1), (lon2, lat2) = corners[corner], corners[corner + 1]
    lat, lon = lat1 + along * (lat2 - lat1) + aside, lon1 + along * (lon2 - lon1) + aside
    assert by_index(quito, lat, lon) == by_polygons(plain, lat, lon)


def test_every_corner_goes_to_the_first_of_the_parishes_that_meet_there(quito: Parishes, corners: Any) -> None:
    lon, lat = corners.T
    first = np.full(len(lat), -1)
    for position in reversed(range(len(quito))):
        first[shapely.intersects_xy(quito.parishes[position].polygon, lon, lat)] = position
    assert (first >= 0).all()
    assert np.array_equal(quito.find_many(lat, lon), first)
    one_by_one = [position_of(quito, *place) for place in zip(lat[::7].tolist(), lon[::7].tolist(), strict=True)]
    assert one_by_one == first[::7].tolist()


def test_a_million_points_and_the_polygons_agree(quito: Parishes) -> None:
    random = np.random.default_rng(7)
    west, south, east, north = quito.bounds
    lat, lon = random.uniform(south, north, 1_000_000), random.uniform(west, east, 1_000_000)
    expected = np.full(len(lat), -1)
    for position in reversed(range(len(quito))):
        expected[shapely.contains_xy(quito.parishes[position].polygon, lon, lat)] = position
    assert np.array_equal(quito.find_many(lat, lon), expected)


def test_one_by_one_is_the_same_as_in_bulk(quito: Parishes) -> None:
    random = np.random.default_rng(11)
    west, south, east, north = quito.bounds
    lat, lon = random.uniform(south - 0.01, north + 0.01, 50_000), random.uniform(west - 0.01, east + 0.01, 50_000)
    one_by_one = [position_of(quito, *place) for place in zip(lat.tolist(), lon.tolist(), strict=True)]
    assert quito.find_many(lat, lon).tolist() == one_by_one


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (float("nan"), -78.5),
        (-0.2, float("nan")),
        (float("inf"), -78.5),
        (-0.2, float("-inf")),
        (91.0, 0.0),
        (0.0, 0.0),
    ],
)
def test_what_is_no_place_in_the_city_is_in_no_parish(quito: Parishes, lat: float, lon: float) -> None:
    assert by_index(quito, lat, lon) is None


def test_bulk_answers_keep_the_shape_and_are_small(quito: Parishes) -> None:
    found = quito.find_many(np.full((2, 3), -0.2), -78.5)
    assert found.shape == (2, 3)
    assert found.dtype == np.int16
    assert quito.find_many([], []).shape == (0,)


def test_parishes_are_a_collection_in_order_of_code(quito: Parishes) -> None:
    assert len(quito) == 65 == len(list(quito))
    assert [parish.code for parish in quito] == sorted(quito.by_code)
    assert quito.by_code["170101"].name == "Belisario Quevedo"


def test_a_written_layer_is_the_layer_that_was_read(quito: Parishes, layer: dict[str, Any]) -> None:
    def facts(collection: dict[str, Any]) -> dict[str, Any]:
        return {f["properties"]["code"]: (f["properties"], shape(f["geometry"])) for f in collection["features"]}

    assert facts(quito.to_geojson()) == facts(layer)


def test_the_nearest_parish_of_a_point_outside_is_across_the_shortest_way(quito: Parishes) -> None:
    nearest = quito.nearest(Point(0.3, -78.5))
    assert nearest.name == "San José de Minas"
    assert 90 < nearest.bearing_deg < 270
    corners = shapely.get_coordinates(quito.by_code[nearest.code].polygon)
    to_corners = min(distance_m(0.3, -78.5, lat, lon) for lon, lat in corners)
    assert to_corners - 200 < nearest.distance_m <= to_corners + 1


def test_the_nearest_parish_of_a_point_inside_is_its_own(quito: Parishes) -> None:
    nearest = quito.nearest(Point(-0.2, -78.5))
    assert (nearest.code, nearest.distance_m) == ("170101", 0)


@pytest.mark.parametrize(
    "point", [Point(40.4, -3.7), Point(0.0, 9.0), Point(0.0, 101.5), Point(90.0, 0.0), Point(-90.0, 180.0)]
)
def test_even_the_far_side_of_the_earth_has_a_nearest_parish(quito: Parishes, point: Point) -> None:
    assert 5_000_000 < quito.nearest(point).distance_m < 20_100_000


def parish(code: str, polygon: Any) -> Parish:
    return Parish(code, code, "urban", 1, 1.0, polygon)


def test_parishes_that_overlap_have_holes_or_parts_follow_the_same_rule() -> None:
    holed = Polygon(box(-78.6, -0.3, -78.5, -0.2).exterior, [box(-78.57, -0.27, -78.53, -0.23).exterior])
    overlapping = box(-78.55, -0.25, -78.4, -0.1)
    two_parts = shapely.union_all([box(-78.39, -0.1, -78.37, -0.08), box(-78.6, -0.1, -78.58, -0.08)])
    small = Parishes([parish("2", overlapping), parish("1", holed), parish("3", two_parts)])
    polygons = [("1", holed), ("2", overlapping), ("3", two_parts)]
    random = np.random.default_rng(3)
    for lat, lon in random.uniform((-0.31, -78.61), (-0.07, -78.36), (3000, 2)).tolist():
        assert by_index(small, lat, lon) == by_polygons(polygons, lat, lon)
    assert by_index(small, -0.25, -78.5) == "1"
    assert by_index(small, -0.23, -78.53) == "1"


def test_no_city_is_made_of_nothing_or_of_one_code_twice() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Parishes([])
    with pytest.raises(ValueError, match="the same code"):
        Parishes([parish("1", box(0, 0, 1, 1)), parish("1", box(1, 0, 2, 1))])
    with pytest.raises(ValueError, match="metres"):
        Parishes([parish("1", box(0, 0, 1, 1))], crs="EPSG:4326")


def test_what_is_no_place_is_in_no_parish(quito: Parishes) -> None:
    lat = np.ma.masked_array([-0.22, -0.22, 91.0, np.nan], mask=[False, True, False, False])
    found = quito.find_many(lat, [-78.5123] * 4)
    assert found[0] >= 0 and found[1:].tolist() == [-1, -1, -1]
