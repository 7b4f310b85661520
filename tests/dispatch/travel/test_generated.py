"""The streets made up for Quito: as large as asked, whole, the same each time, and misleading for a straight line."""

import numpy as np
import pytest
from scipy.sparse.csgraph import dijkstra

from dispatch.city import load_city
from dispatch.model.city import City
from dispatch.settings import PROJECT
from dispatch.travel.generated import generate_network
from geo import PROFILES, Point, RoadNetwork, Roads, StraightLine, measure
from geo.contraction import contract
from geo.road_search import RoadSearch


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(PROJECT / "data" / "quito")


@pytest.fixture(scope="module")
def streets(quito: City) -> RoadNetwork:
    return generate_network(quito, nodes=3_000, seed=7)


def test_it_has_about_the_nodes_that_were_asked_for_and_all_reach_all(streets: RoadNetwork) -> None:
    assert streets.nodes == pytest.approx(3_000, rel=0.03)
    for profile in PROFILES:
        assert streets.main_part(profile).all()


def test_the_same_seed_makes_the_same_streets_another_makes_others(quito: City, streets: RoadNetwork) -> None:
    again, other = generate_network(quito, nodes=3_000, seed=7), generate_network(quito, nodes=3_000, seed=8)
    assert np.array_equal(again.lat, streets.lat) and np.array_equal(again.start, streets.start)
    assert np.array_equal(again.paces["car"].forward, streets.paces["car"].forward)
    assert not np.array_equal(other.lat, streets.lat)


def test_it_is_dense_where_people_are(quito: City, streets: RoadNetwork) -> None:
    parish = quito.parishes.find_many(streets.lat, streets.lon)
    nodes = np.bincount(parish[parish >= 0], minlength=len(quito.parishes))
    urban = np.array([p.kind == "urban" for p in quito.parishes])
    area_km2 = np.array([p.area_km2 for p in quito.parishes])
    assert nodes[urban].sum() / area_km2[urban].sum() > 5 * nodes[~urban].sum() / area_km2[~urban].sum()


def test_some_streets_are_one_way_and_an_emergency_is_faster(streets: RoadNetwork) -> None:
    emergency, car = streets.paces["emergency"], streets.paces["car"]
    one_way = np.isinf(emergency.forward) | np.isinf(emergency.backward)
    assert 0.05 < one_way.mean() < 0.5
    assert emergency.reference_kmh > car.reference_kmh


def test_a_search_of_it_is_what_the_whole_network_says(streets: RoadNetwork) -> None:
    arcs = streets.arcs("emergency")
    search = RoadSearch(contract(arcs, streets.nodes, smallest_core=8))
    targets = np.random.default_rng(0).choice(streets.nodes, 12, replace=False)
    whole = dijkstra(arcs.matrix(streets.nodes).T.tocsr(), indices=targets).T
    found = search.seconds(np.arange(streets.nodes), [search.field({node: 0.0}) for node in targets.tolist()])
    assert found == pytest.approx(whole, rel=1e-12)


def test_the_straight_line_misleads(quito: City, streets: RoadNetwork) -> None:
    """Of the nearest by road and the nearest in a straight line, each with its detour, often not the same one."""
    projection = quito.parishes.projection
    measures = measure(streets, projection, "emergency")
    assert 1.15 < measures.detour < 1.8
    random = np.random.default_rng(0)
    units, calls = random.choice(streets.nodes, 60, replace=False), random.choice(streets.nodes, 60, replace=False)
    targets = [Point(streets.lat[node], streets.lon[node]) for node in calls]
    place = streets.lat[units], streets.lon[units]
    by_road = Roads(streets, projection, detour=measures.detour).seconds(*place, targets, speed_kmh=36.0)
    by_line = StraightLine(projection, measures.detour).seconds(*place, targets, speed_kmh=36.0)
    assert (by_road.argmin(axis=0) != by_line.argmin(axis=0)).mean() > 0.1
