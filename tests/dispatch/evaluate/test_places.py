"""The city as places: ways between them as they were told, and where one is half way."""

import numpy as np
import pytest

from dispatch.evaluate.places import TABLE_KMH, Places
from dispatch.model.city import City
from geo import Point, Projection, StraightLine


def test_ways_are_those_of_what_was_asked(quito: City, places: Places) -> None:
    line = StraightLine(Projection(quito.crs))
    some = [places.points[i] for i in (3, 400, 1500, len(places.points) - 1)]
    lats, lons = (np.array([getattr(p, axis) for p in some]) for axis in ("lat", "lon"))
    speed = np.array([18.0, 36.0, 36.0, 72.0])
    told = places.seconds(lats, lons, some, speed_kmh=speed)
    assert np.allclose(told, line.seconds(lats, lons, some, speed_kmh=speed), rtol=1e-5, atol=0.1)
    to_all = places.seconds(lats, lons, places.demand.points, speed_kmh=TABLE_KMH)
    assert np.allclose(to_all, line.seconds(lats, lons, places.demand.points, speed_kmh=TABLE_KMH), rtol=1e-5, atol=0.1)


def test_what_is_no_place_is_refused(places: Places) -> None:
    with pytest.raises(KeyError):
        places.seconds(np.array([10.0]), np.array([10.0]), [places.points[0]], speed_kmh=36.0)


def test_half_way_is_half_way(places: Places) -> None:
    start, end = places.station["pn-guamani"], places.station["pn-carcelen"]
    assert places.on_the_way(start, end, 0.0) == start
    assert places.on_the_way(start, end, 1.0) == end
    middle = places.on_the_way(start, end, 0.5)
    whole = places.seconds_at_36[start, end]
    assert places.seconds_at_36[start, middle] == pytest.approx(whole / 2, rel=0.06)
    assert places.seconds_at_36[middle, end] == pytest.approx(whole / 2, rel=0.06)


def test_a_point_belongs_to_the_place_near_it(quito: City, places: Places) -> None:
    for station in quito.stations:
        place = places.points[places.at(station.lat, station.lon)]
        metres = np.hypot(place.lat - station.lat, place.lon - station.lon) * 111_000
        assert metres < 2_500
    far = places.points[places.at(5.0, -78.5)]
    assert far.lat == max(p.lat for p in places.demand.points)


def test_stations_and_hospitals_are_where_they_are(quito: City, places: Places) -> None:
    for station in quito.stations:
        assert places.points[places.station[station.id]] == Point(station.lat, station.lon)
    nearest = {places.points[i] for i in places.nearest_hospital.tolist()}
    assert nearest <= {Point(h.lat, h.lon) for h in quito.hospitals}
