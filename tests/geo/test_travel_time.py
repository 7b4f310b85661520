import numpy as np
import pytest

from geo import Point, Projection, StraightLine, TravelTime

QUITO = Projection("EPSG:32717")
LATS, LONS = np.array([-0.2, -0.25, -0.1]), np.array([-78.5, -78.5, -78.4])


def test_time_is_the_straight_way_with_its_detour_at_the_speed() -> None:
    travel: TravelTime = StraightLine(QUITO, detour=1.5)
    seconds = travel.seconds(LATS, LONS, [Point(-0.2, -78.5)], speed_kmh=36.0)[:, 0]
    # 0.05 degrees of latitude are 5,529 m; 36 km/h are 10 m/s.
    assert seconds[0] == pytest.approx(0, abs=1e-6)
    assert seconds[1] == pytest.approx(5529 * 1.5 / 10, rel=2e-3)


def test_each_source_may_have_its_own_speed() -> None:
    travel = StraightLine(QUITO)
    speeds = np.array([30.0, 20.0, 60.0])
    alone = [
        travel.seconds(LATS[i : i + 1], LONS[i : i + 1], [Point(-0.3, -78.6)], speed_kmh=float(speeds[i]))[0, 0]
        for i in range(3)
    ]
    assert travel.seconds(LATS, LONS, [Point(-0.3, -78.6)], speed_kmh=speeds)[:, 0].tolist() == pytest.approx(alone)


def test_each_target_has_its_column() -> None:
    travel = StraightLine(QUITO)
    targets = [Point(-0.3, -78.6), Point(-0.2, -78.5), Point(-0.3, -78.6)]
    table = travel.seconds(LATS, LONS, targets, speed_kmh=np.array([30.0, 20.0, 60.0]))
    assert table.shape == (3, 3)
    for column, target in enumerate(targets):
        alone = travel.seconds(LATS, LONS, [target], speed_kmh=np.array([30.0, 20.0, 60.0]))[:, 0]
        assert table[:, column].tolist() == alone.tolist()


def test_no_sources_take_no_time() -> None:
    travel, nobody = StraightLine(QUITO), np.empty(0)
    assert travel.seconds(nobody, nobody, [Point(0, -78.5)], speed_kmh=30).shape == (0, 1)
    assert travel.seconds(nobody, nobody, [Point(0, -78.5)], speed_kmh=nobody).shape == (0, 1)
    assert travel.seconds(LATS, LONS, [], speed_kmh=30).shape == (3, 0)


def test_there_is_no_way_between_places_beyond_the_projection() -> None:
    there = np.array([0.0]), np.array([11.5])
    assert np.isinf(StraightLine(QUITO).seconds(*there, [Point(0, 11.5), Point(0, -78.5)], speed_kmh=30)).all()
