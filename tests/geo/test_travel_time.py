import numpy as np
import pytest

from geo import Point, Projection, StraightLine, TravelTime

QUITO = Projection("EPSG:32717")
LATS, LONS = np.array([-0.2, -0.25, -0.1]), np.array([-78.5, -78.5, -78.4])


def test_time_is_the_straight_way_with_its_detour_at_the_speed() -> None:
    travel: TravelTime = StraightLine(QUITO, detour=1.5)
    seconds = travel.seconds(LATS, LONS, Point(-0.2, -78.5), speed_kmh=36.0)
    # 0.05 degrees of latitude are 5,529 m; 36 km/h are 10 m/s.
    assert seconds[0] == pytest.approx(0, abs=1e-6)
    assert seconds[1] == pytest.approx(5529 * 1.5 / 10, rel=2e-3)


def test_each_source_may_have_its_own_speed() -> None:
    travel = StraightLine(QUITO)
    speeds = np.array([30.0, 20.0, 60.0])
    alone = [
        travel.seconds(LATS[i : i + 1], LONS[i : i + 1], Point(-0.3, -78.6), speed_kmh=float(speeds[i]))[0]
        for i in range(3)
    ]
    assert travel.seconds(LATS, LONS, Point(-0.3, -78.6), speed_kmh=speeds).tolist() == pytest.approx(alone)


def test_no_sources_take_no_time() -> None:
    assert StraightLine(QUITO).seconds(np.empty(0), np.empty(0), Point(0, -78.5), speed_kmh=30).shape == (0,)
