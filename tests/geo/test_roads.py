"""Times over the streets: exact, by legal ways only, from wherever a unit stands."""

from dataclasses import replace
from math import hypot, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import Point, RoadNetwork, Roads, StraightLine, TravelTime
from geo.road_network import RoadNetworkError
from tests.geo.streets import ORIGIN, QUITO, all_seconds, network, networks

DETOUR = 1.35


def places(*metres: tuple[float, float]) -> list[Point]:
    """Points so many metres east and north of the networks' origin."""
    return [Point(*QUITO.inverse(ORIGIN[0] + east, ORIGIN[1] + north)) for east, north in metres]


def asked(roads: TravelTime, sources: list[Point], targets: list[Point], kmh: float) -> np.ndarray:
    lats, lons = np.array([p.lat for p in sources]), np.array([p.lon for p in sources])
    return roads.seconds(lats, lons, targets, speed_kmh=kmh)


def between(net: RoadNetwork, source: tuple[float, float], target: tuple[float, float]) -> float:
    """At the network's own pace."""
    roads = Roads(net, QUITO)
    return float(asked(roads, places(source), places(target), roads.reference_kmh)[0, 0])


@settings(deadline=None, max_examples=50)
@given(networks(connected=True))
def test_from_node_to_node_it_takes_the_quickest_way(net: RoadNetwork) -> None:
    roads, expected = Roads(net, QUITO), all_seconds(net)
    nodes = [Point(lat, lon) for lat, lon in zip(net.lat.tolist(), net.lon.tolist(), strict=True)]
    seconds = asked(roads, nodes, nodes, roads.reference_kmh)
    # Where streets cross in the air a node may lie on another street too: then there are two right answers.
    snapped = roads.trips(net.lat, net.lon, nodes, speed_kmh=30.0)
    assert (snapped.source_off_m < 1e-3).all() and (snapped.target_off_m < 1e-3).all()
    own = _own(net)
    assert seconds[np.ix_(own, own)] == pytest.approx(expected[np.ix_(own, own)], abs=2e-3)


def _own(net: RoadNetwork) -> list[int]:
    """Nodes that lie on no street but those that end there."""
    x, y = QUITO.forward(net.lat, net.lon)
    found = []
    for node in range(net.nodes):
        clear = True
        for start, end in zip(net.start.tolist(), net.end.tolist(), strict=True):
            along = np.array([x[end] - x[start], y[end] - y[start]])
            off = np.array([x[node] - x[start], y[node] - y[start]])
            length = hypot(*along)
            share = 0.0 if length == 0 else float(np.clip(off @ along / length**2, 0, 1))
            near = hypot(*(off - share * along)) < 0.01
            clear &= not near or node in (start, end)
        if clear:
            found.append(node)
    return found


@settings(deadline=None, max_examples=50)
@given(networks(connected=True), st.data())
def test_going_by_a_third_place_on_the_road_is_never_quicker(net: RoadNetwork, data: st.DataObject) -> None:
    place = st.tuples(st.integers(0, net.streets - 1), st.floats(0, 1))
    chosen = data.draw(st.lists(place, min_size=3, max_size=6))
    street, share = np.array([c[0] for c in chosen]), np.array([c[1] for c in chosen])
    lats, lons = ((1 - share) * way[net.start[street]] + share * way[net.end[street]] for way in (net.lat, net.lon))
    sample = [Point(lat, lon) for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True)]
    roads = Roads(net, QUITO)
    seconds = asked(roads, sample, sample, roads.reference_kmh)
    assert np.isfinite(seconds).all()
    by_third = (seconds[:, :, None] + seconds[None, :, :]).min(axis=1)
    assert (seconds <= by_third + 0.02).all()


@settings(deadline=None, max_examples=50)
@given(networks(connected=True), st.data())
def test_targets_together_are_targets_alone_and_asked_again_the_same(net: RoadNetwork, data: st.DataObject) -> None:
    metres = st.tuples(st.floats(-2_500, 2_500), st.floats(-2_500, 2_500))
    sources = places(*data.draw(st.lists(metres, min_size=1, max_size=4)))
    targets = places(*data.draw(st.lists(metres, min_size=1, max_size=4)))
    together = asked(Roads(net, QUITO), sources, targets, 30.0)
    roads = Roads(net, QUITO)
    for _ in range(2):
        alone = [asked(roads, sources, [target], 30.0)[:, 0] for target in targets]
        assert np.array_equal(np.column_stack(alone), together)


# A square of one kilometre: 100 s a side anticlockwise, closed the other way.
CORNERS = [(0.0, 0.0), (1_000.0, 0.0), (1_000.0, 1_000.0), (0.0, 1_000.0)]
ROUND = network(CORNERS, [(i, (i + 1) % 4, 100.0, inf) for i in range(4)])


def test_a_one_way_street_is_left_by_its_head() -> None:
    assert between(ROUND, (250, 0), (750, 0)) == pytest.approx(50, abs=0.1)
    assert between(ROUND, (750, 0), (250, 0)) == pytest.approx(350, abs=0.1)
    assert between(ROUND, (500, 0), (1_000, 500)) == pytest.approx(100, abs=0.1)
    assert between(ROUND, (1_000, 500), (500, 0)) == pytest.approx(300, abs=0.1)


def test_a_two_way_street_is_left_by_either_end() -> None:
    both = network(CORNERS, [(i, (i + 1) % 4, 100.0, 100.0) for i in range(4)])
    assert between(both, (250, 0), (0, 250)) == pytest.approx(50, abs=0.1)
    assert between(both, (750, 0), (1_000, 250)) == pytest.approx(50, abs=0.1)


def test_around_the_block_may_be_quicker_than_along_the_street() -> None:
    jammed = network(CORNERS, [(0, 1, 1_000.0, 1_000.0), *((i, (i + 1) % 4, 10.0, 10.0) for i in range(1, 4))])
    assert between(jammed, (10, 0), (990, 0)) == pytest.approx(10 + 30 + 10, abs=0.2)
    assert between(jammed, (490, 0), (510, 0)) == pytest.approx(20, abs=0.2)


def test_the_way_to_the_road_is_added_at_the_units_speed() -> None:
    on_road = between(ROUND, (250, 0), (750, 0))
    slack_s = (40 + 60) * DETOUR * 3.6 / Roads(ROUND, QUITO).reference_kmh
    assert between(ROUND, (250, -40), (750, 60)) == pytest.approx(on_road + slack_s, abs=0.2)


def test_a_unit_twice_as_fast_takes_half() -> None:
    roads = Roads(ROUND, QUITO)
    sources, target = places((250, -40), (250, -40)), places((400, 800))
    lats, lons = np.array([p.lat for p in sources]), np.array([p.lon for p in sources])
    slow, fast = roads.seconds(lats, lons, target, speed_kmh=np.array([20.0, 40.0]))[:, 0]
    assert slow == pytest.approx(2 * fast)


def test_bends_are_snapped_to() -> None:
    bent = network(CORNERS, [(i, (i + 1) % 4, 100.0, 100.0) for i in range(4)], bends={0: [(500.0, -400.0)]})
    roads = Roads(bent, QUITO)
    off = roads.trips(np.array([places((500, -400))[0].lat]), np.array([places((500, -400))[0].lon]), [], speed_kmh=30)
    assert off.source_off_m[0] == pytest.approx(0, abs=0.01)
    assert between(bent, (500, -400), (0, 0)) == pytest.approx(50, abs=0.1)


def test_two_that_are_nearer_to_each_other_than_to_the_road_need_none() -> None:
    roads, (unit, caller, far) = Roads(ROUND, QUITO), places((500, -300), (520, -300), (600, 700))
    seconds = asked(roads, [unit], [unit, caller, far], 36.0)[0]
    assert seconds[:2] == pytest.approx([0, 20 * DETOUR / 10], abs=0.05)
    assert seconds[2] > (300 + 300) * DETOUR / 10


def test_beyond_reach_of_any_road_the_straight_line_answers_and_it_is_said() -> None:
    roads, line = Roads(ROUND, QUITO), StraightLine(QUITO, DETOUR)
    sources, targets = places((500, 0), (500, -5_000)), places((0, 500), (9_000, 9_000))
    lats, lons = np.array([p.lat for p in sources]), np.array([p.lon for p in sources])
    trips = roads.trips(lats, lons, targets, speed_kmh=36.0)
    straight = line.seconds(lats, lons, targets, speed_kmh=36.0)
    assert np.isinf(trips.source_off_m).tolist() == [False, True]
    assert np.isinf(trips.target_off_m).tolist() == [False, True]
    assert trips.seconds[0, 0] != pytest.approx(straight[0, 0])
    assert trips.seconds[1].tolist() == straight[1].tolist()
    assert trips.seconds[:, 1].tolist() == straight[:, 1].tolist()


def test_an_island_is_no_road() -> None:
    net = network(
        [*CORNERS, (500.0, 500.0), (600.0, 500.0)],
        [*((i, (i + 1) % 4, 100.0, 100.0) for i in range(4)), (4, 5, 1.0, 1.0)],
    )
    there = places((550, 500))
    off = Roads(net, QUITO).off_road_m(np.array([there[0].lat]), np.array([there[0].lon]))
    assert off[0] == pytest.approx(450, abs=1)


def test_a_street_closed_to_cars_is_open_to_an_emergency() -> None:
    closed = [(0, 1, inf, inf), *((i, (i + 1) % 4, 100.0, 100.0) for i in range(1, 4))]
    net = network(CORNERS, [(i, (i + 1) % 4, 100.0, 100.0) for i in range(4)], car=closed)
    corners = places(*CORNERS[:2])
    ambulance, taxi = Roads(net, QUITO, "emergency"), Roads(net, QUITO, "car")
    assert asked(ambulance, corners[:1], corners[1:], ambulance.reference_kmh)[0, 0] == pytest.approx(100)
    assert asked(taxi, corners[:1], corners[1:], taxi.reference_kmh)[0, 0] == pytest.approx(300)


def test_nobody_and_nowhere() -> None:
    roads, nobody = Roads(ROUND, QUITO), np.empty(0)
    assert roads.seconds(nobody, nobody, places((0, 0)), speed_kmh=30).shape == (0, 1)
    assert roads.seconds(nobody, nobody, places((0, 0)), speed_kmh=nobody).shape == (0, 1)
    assert roads.seconds(np.array([-0.2]), np.array([-78.5]), [], speed_kmh=30).shape == (1, 0)


def test_a_network_without_streets_is_a_straight_line() -> None:
    empty, line = Roads(network([], []), QUITO), StraightLine(QUITO, DETOUR)
    sources, targets = places((0, 0), (0, 500)), places((100, 100))
    assert asked(empty, sources, targets, 30.0).tolist() == asked(line, sources, targets, 30.0).tolist()


def test_arrays_that_make_no_network_are_refused() -> None:
    with pytest.raises(RoadNetworkError, match="at an unknown node"):
        network_with_end(9)
    with pytest.raises(RoadNetworkError, match="takes no time"):
        network(CORNERS, [(0, 1, 0.0, 1.0)])


def network_with_end(end: int) -> RoadNetwork:
    return replace(ROUND, end=np.full(4, end, np.int32))
