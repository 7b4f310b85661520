"""Small networks, drawn or made by hand, and the seconds between all their nodes by Floyd and Warshall."""

from collections.abc import Sequence
from math import inf

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse.csgraph import floyd_warshall

from geo import Profile, Projection, RoadNetwork
from geo.road_measures import pace

QUITO = Projection("EPSG:32717")
ORIGIN = QUITO.forward(-0.2, -78.5)

Street = tuple[int, int, float, float]  # start, end, seconds there and back; inf: closed


def network(
    places: Sequence[tuple[float, float]],
    streets: Sequence[Street],
    *,
    car: Sequence[Street] | None = None,
    bends: dict[int, list[tuple[float, float]]] | None = None,
) -> RoadNetwork:
    """Places in metres east and north of one in Quito. Lengths are straight, whatever the seconds."""
    x, y = np.array(places, float).T if len(places) else np.empty((2, 0))
    lat, lon = QUITO.inverse(x + ORIGIN[0], y + ORIGIN[1])
    start = np.array([s[0] for s in streets], np.int32)
    end = np.array([s[1] for s in streets], np.int32)
    metres = np.hypot(x[start] - x[end], y[start] - y[end]).astype(np.float32)
    bent = [bends.get(i, []) if bends else [] for i in range(len(streets))]
    bend = np.array([place for street in bent for place in street], float).reshape(-1, 2)
    bend_lat, bend_lon = QUITO.inverse(bend[:, 0] + ORIGIN[0], bend[:, 1] + ORIGIN[1])

    def paced(rows: Sequence[Street]) -> NDArray[np.float32]:
        return np.array([row[2:] for row in rows], np.float32).reshape(-1, 2).T

    return RoadNetwork(
        lat=np.asarray(lat),
        lon=np.asarray(lon),
        start=start,
        end=end,
        bend_first=np.concatenate([[0], np.cumsum([len(b) for b in bent])]).astype(np.int32),
        bend_lat=np.asarray(bend_lat),
        bend_lon=np.asarray(bend_lon),
        metres=metres,
        paces={
            "emergency": pace(metres, *paced(streets)),
            "car": pace(metres, *paced(car or streets)),
        },
    )


def all_seconds(net: RoadNetwork, profile: Profile = "emergency") -> NDArray[np.float64]:
    """(n, n) from each node to each, by an algorithm that shares nothing with the one under test."""
    dense = np.full((net.nodes, net.nodes), inf)
    way = net.paces[profile]
    for start, end, there, back in zip(net.start, net.end, way.forward, way.backward, strict=True):
        dense[start, end] = min(dense[start, end], there)
        dense[end, start] = min(dense[end, start], back)
    np.fill_diagonal(dense, 0)
    return np.asarray(floyd_warshall(np.where(np.isinf(dense), 0, dense), directed=True))


@st.composite
def networks(draw: st.DrawFn, *, nodes: int = 12, connected: bool = False) -> RoadNetwork:
    """One-way and two-way streets, parallel ones, loops, dead ends; `connected`: a ring leads round to every node."""
    count = draw(st.integers(2, nodes))
    metres = st.integers(-1_500, 1_500)
    places = draw(st.lists(st.tuples(metres, metres), min_size=count, max_size=count, unique=True))
    seconds = st.one_of(st.just(inf), st.integers(1, 500).map(float))
    node = st.integers(0, count - 1)
    streets = draw(st.lists(st.tuples(node, node, seconds, seconds), min_size=1, max_size=3 * count))
    if connected:
        streets += [(i, (i + 1) % count, draw(st.integers(1, 500).map(float)), draw(seconds)) for i in range(count)]
    return network(places, streets)
