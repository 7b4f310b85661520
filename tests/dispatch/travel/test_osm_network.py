"""From a PBF to times: what the map says is what a unit drives."""

from dataclasses import replace
from itertools import pairwise
from math import isinf
from pathlib import Path

import numpy as np
import pytest

from dispatch.settings import PROJECT
from dispatch.tools.city_layer import parishes_of
from dispatch.travel.osm import OsmError
from dispatch.travel.osm_network import Built, build_network
from dispatch.travel.speeds import SPEEDS
from geo import Parishes, Point, Profile, Roads, distance_m
from tests.dispatch.travel.extracts import SQUARE, Extract


@pytest.fixture(scope="module")
def quito() -> Parishes:
    return parishes_of(PROJECT / "data" / "quito")


def built(extract: Extract, folder: Path, quito: Parishes) -> Built:
    file = extract.write(folder / "quito.osm.pbf")
    return build_network(file, bounds=quito.bounds, projection=quito.projection)


def seconds(made: Built, quito: Parishes, extract: Extract, way: tuple[int, int], profile: Profile = "car") -> float:
    """From node to node of the extract at the network's own pace."""
    roads = Roads(made.network, quito.projection, profile)
    (lat, lon), there = extract.place(way[0]), Point(*extract.place(way[1]))
    return float(roads.seconds(np.array([lat]), np.array([lon]), [there], speed_kmh=roads.reference_kmh)[0, 0])


def metres(extract: Extract, *nodes: int) -> float:
    places = [extract.place(node) for node in nodes]
    return sum(distance_m(*a, *b) for a, b in pairwise(places))


def test_nodes_are_where_roads_meet_and_lengths_follow_the_bends(tmp_path: Path, quito: Parishes) -> None:
    made = built(SQUARE, tmp_path, quito)
    # 1, 3 and 4: two roads end there; 2 and 5 are only bends.
    assert (made.network.nodes, made.network.streets, len(made.network.bend_lat)) == (3, 3, 2)
    lengths = sorted(made.network.metres.tolist())
    expected = sorted([metres(SQUARE, 1, 2, 3), metres(SQUARE, 4, 3), metres(SQUARE, 4, 5, 1)])
    assert lengths == pytest.approx(expected, rel=1e-3)
    assert made.network.about["extract"] == "2026-03-01T20:21:00+00:00"
    assert "ODbL" in made.network.about["licence"]
    assert (made.dropped_nodes, made.dropped_km) == (0, 0)


def test_time_is_length_at_the_speed_of_its_class_along_the_legal_way(tmp_path: Path, quito: Parishes) -> None:
    made = built(SQUARE, tmp_path, quito)
    mps = SPEEDS["residential"].car / 3.6
    assert seconds(made, quito, SQUARE, (4, 3)) == pytest.approx(metres(SQUARE, 4, 3) / mps, rel=2e-3)
    back = metres(SQUARE, 3, 2, 1, 5, 4) / mps
    assert seconds(made, quito, SQUARE, (3, 4)) == pytest.approx(back, rel=2e-3)


def test_a_ferry_is_no_road(tmp_path: Path, quito: Parishes) -> None:
    ways = [*SQUARE.ways, ([1, 3], {"route": "ferry", "maxspeed": "100"})]
    made = built(replace(SQUARE, ways=ways), tmp_path, quito)
    assert made.network.streets == 3


def test_what_has_no_way_back_is_dropped_and_counted(tmp_path: Path, quito: Parishes) -> None:
    extract = replace(
        SQUARE,
        nodes={**SQUARE.nodes, 6: (20, 0), 7: (21, 0), 8: (10, 20)},
        ways=[
            *SQUARE.ways,
            ([6, 7], {"highway": "residential"}),
            ([3, 8], {"highway": "residential", "oneway": "yes"}),
        ],
    )
    made = built(extract, tmp_path, quito)
    assert (made.network.nodes, made.dropped_nodes) == (3, 3)
    assert made.dropped_km * 1_000 == pytest.approx(metres(extract, 6, 7) + metres(extract, 3, 8), rel=1e-3)


def test_a_road_that_meets_another_between_its_ends_is_cut_there(tmp_path: Path, quito: Parishes) -> None:
    extract = replace(
        SQUARE,
        nodes={**SQUARE.nodes, 6: (0, 20)},
        ways=[*SQUARE.ways, ([2, 6], {"highway": "residential"})],
    )
    made = built(extract, tmp_path, quito)
    assert (made.network.nodes, made.network.streets) == (5, 5)


@pytest.mark.parametrize(
    ("barrier", "car_goes_round", "emergency_goes_round"),
    [
        ({"barrier": "gate"}, False, False),
        ({"barrier": "bollard"}, True, False),
        ({"barrier": "block"}, True, True),
    ],
)
def test_a_barrier_stops_whom_it_stops(
    tmp_path: Path, quito: Parishes, barrier: dict[str, str], car_goes_round: bool, emergency_goes_round: bool
) -> None:
    # 6 and 7 stand to both sides of 5, on the west side of the square.
    extract = replace(
        SQUARE,
        nodes={**SQUARE.nodes, 6: (6, -1), 7: (4, -1)},
        ways=[*SQUARE.ways[:1], ([4, 3], {"highway": "residential"}), ([4, 6, 5, 7, 1], {"highway": "residential"})],
        node_tags={5: barrier},
    )
    made = built(extract, tmp_path, quito)
    direct = metres(extract, 6, 5, 7) / SPEEDS["residential"].car * 3.6
    car = seconds(made, quito, extract, (6, 7))
    emergency = seconds(made, quito, extract, (6, 7), "emergency")
    assert (car > 5 * direct) == car_goes_round
    assert (emergency > 5 * direct) == emergency_goes_round


def test_private_ground_is_open_to_an_emergency_only(tmp_path: Path, quito: Parishes) -> None:
    ways = [*SQUARE.ways, ([1, 3], {"highway": "residential", "access": "private"})]
    made = built(replace(SQUARE, ways=ways), tmp_path, quito)
    across, around = metres(SQUARE, 1, 3), metres(SQUARE, 1, 2, 3)
    assert seconds(made, quito, SQUARE, (1, 3)) == pytest.approx(around / SPEEDS["residential"].car * 3.6, rel=2e-3)
    emergency = seconds(made, quito, SQUARE, (1, 3), "emergency")
    assert emergency == pytest.approx(across / SPEEDS["residential"].emergency * 3.6, rel=2e-3)


def test_a_road_is_cut_where_the_extract_or_the_surroundings_of_the_city_end(tmp_path: Path, quito: Parishes) -> None:
    ways = [*SQUARE.ways, ([3, 9, 99], {"highway": "residential"}), ([1, 10], {"highway": "residential"})]
    nodes = {**SQUARE.nodes, 9: (10, 20), 10: (0, 9_000)}
    made = built(replace(SQUARE, ways=ways, nodes=nodes), tmp_path, quito)
    assert made.network.nodes == 4
    assert made.network.bounds[2] < -78.4


def test_a_loop_at_the_end_of_a_street_is_driven_into(tmp_path: Path, quito: Parishes) -> None:
    extract = replace(
        SQUARE,
        nodes={**SQUARE.nodes, 6: (10, 11), 7: (11, 12), 8: (9, 12)},
        ways=[
            *SQUARE.ways,
            ([3, 6], {"highway": "service"}),
            ([6, 7, 8, 6], {"highway": "service", "junction": "roundabout"}),
        ],
    )
    made = built(extract, tmp_path, quito)
    mps = SPEEDS["service"].car / 3.6
    assert seconds(made, quito, extract, (6, 7)) == pytest.approx(metres(extract, 6, 7) / mps, rel=3e-3)
    assert seconds(made, quito, extract, (7, 6)) == pytest.approx(metres(extract, 7, 8, 6) / mps, rel=3e-3)


def test_an_extract_that_does_not_say_its_time_is_as_old_as_its_newest_road(tmp_path: Path, quito: Parishes) -> None:
    made = built(replace(SQUARE, stamp=""), tmp_path, quito)
    assert made.network.about["extract"] == "2026-02-01T00:00:00+00:00"


def test_one_way_streets_say_so_in_the_arrays(tmp_path: Path, quito: Parishes) -> None:
    closed = built(SQUARE, tmp_path, quito).network.paces["car"].backward
    assert sum(isinf(s) for s in closed.tolist()) == 1


@pytest.mark.parametrize(
    ("extract", "words"),
    [
        (replace(SQUARE, ways=[([1, 2], {"building": "yes"})]), "contains no roads"),
        (replace(SQUARE, at=(48.2, 16.4)), "none of its roads is near the city"),
        (replace(SQUARE, ways=[([1, 2], {"highway": "primary", "oneway": "yes"})]), "nowhere in it"),
    ],
)
def test_an_extract_of_no_use_says_why(tmp_path: Path, quito: Parishes, extract: Extract, words: str) -> None:
    with pytest.raises(OsmError, match=words):
        built(extract, tmp_path, quito)
