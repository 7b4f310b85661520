import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import Projection, bearing_deg, destination, distance_m

LATS, LONS = st.floats(-0.6, 0.26), st.floats(-78.95, -78.17)
QUITO = Projection("EPSG:32717")


def test_distances_are_those_of_the_ellipsoid() -> None:
    # One degree along the equator and along the meridian from it, WGS 84.
    assert distance_m(0, -79, 0, -78) == pytest.approx(111_319.49, abs=0.01)
    assert distance_m(0, -78, 1, -78) == pytest.approx(110_574.39, abs=0.01)


@pytest.mark.parametrize(("lat", "lon", "bearing"), [(1, -78, 0), (0, -77, 90), (-1, -78, 180), (0, -79, 270)])
def test_bearings_turn_clockwise_from_north(lat: float, lon: float, bearing: float) -> None:
    assert bearing_deg(0, -78, lat, lon) == pytest.approx(bearing)


@given(LATS, LONS, st.floats(0, 359.9), st.floats(1, 20_000))
def test_a_destination_is_as_far_and_in_that_direction(lat: float, lon: float, bearing: float, metres: float) -> None:
    there = destination(lat, lon, bearing, metres)
    assert distance_m(lat, lon, *there) == pytest.approx(metres, abs=1e-5)
    turn = (bearing_deg(lat, lon, *there) - bearing + 180) % 360 - 180
    assert abs(turn) < 1e-3


@given(LATS, LONS)
def test_the_plane_leads_back(lat: float, lon: float) -> None:
    assert QUITO.inverse(*QUITO.forward(lat, lon)) == pytest.approx((lat, lon), abs=1e-9)


@given(LATS, LONS, LATS, LONS)
def test_distances_on_the_plane_are_true_to_a_thousandth(lat1: float, lon1: float, lat2: float, lon2: float) -> None:
    (x1, y1), (x2, y2) = QUITO.forward(lat1, lon1), QUITO.forward(lat2, lon2)
    assert np.hypot(x2 - x1, y2 - y1) == pytest.approx(distance_m(lat1, lon1, lat2, lon2), rel=1e-3, abs=1e-3)


def test_arrays_go_through_in_one_call() -> None:
    x, y = QUITO.forward(np.array([-0.2, -0.3]), np.array([-78.5, -78.4]))
    assert (x[1], y[1]) == pytest.approx(QUITO.forward(-0.3, -78.4))
    lat, lon = QUITO.inverse(x, y)
    assert np.allclose(lat, [-0.2, -0.3])
    assert np.allclose(lon, [-78.5, -78.4])


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4979", "EPSG:2263"])
def test_only_a_projection_in_metres_will_do(crs: str) -> None:
    with pytest.raises(ValueError, match="not a projected coordinate system in metres"):
        Projection(crs)
