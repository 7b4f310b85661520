"""Properties of a network: the mean speed of its routes, and their ratio to straight lines."""

from dataclasses import dataclass, replace

import numpy as np
import scipy  # imported lazily: a service without streets needs none
from numpy.typing import NDArray

from geo.projection import Projection
from geo.road_network import Pace, Profile, RoadNetwork

ORIGINS = 24
PER_ORIGIN = 200
SHORTEST_M, LONGEST_M = 1_000.0, 10_000.0  # routes of typical emergencies, not across a province
USUAL_DETOUR = 1.35


@dataclass(frozen=True, slots=True)
class Measures:
    """Over `pairs` random routes of 1-10 km in a straight line: `reference_kmh`, their total metres by their seconds;
    `detour`, the median ratio of their metres to the straight ones."""

    reference_kmh: float
    detour: float
    pairs: int


def measure(network: RoadNetwork, projection: Projection, profile: Profile, *, seed: int = 0) -> Measures:
    """Of the main part. If it is too small for routes of that length: its streets' mean, and the default detour."""
    arcs, main = network.arcs(profile), network.main_part(profile)
    graph = arcs.matrix(network.nodes)
    lengths = arcs.matrix(network.nodes, network.metres[arcs.street].astype(np.float64))
    x, y = projection.forward(network.lat, network.lon)
    random = np.random.default_rng(seed)
    inside = np.flatnonzero(main)
    seconds, metres, straight = [], [], []
    for origin in random.choice(inside, min(ORIGINS, len(inside)), replace=False).tolist():
        way_s, way_before = scipy.sparse.csgraph.dijkstra(graph, indices=origin, return_predecessors=True)
        line_m = np.hypot(x - x[origin], y - y[origin])
        goals = np.flatnonzero(main & (line_m >= SHORTEST_M) & (line_m <= LONGEST_M))
        if len(goals):
            goals = random.choice(goals, min(PER_ORIGIN, len(goals)), replace=False)
            seconds.append(way_s[goals])
            metres.append(_metres(way_before, lengths)[goals])
            straight.append(line_m[goals])
    if not seconds:
        return Measures(mean_kmh(network.metres[arcs.street], arcs.seconds), USUAL_DETOUR, 0)
    all_metres = np.concatenate(metres)
    detour = float(np.median(all_metres / np.concatenate(straight)))
    return Measures(mean_kmh(all_metres, np.concatenate(seconds)), detour, len(all_metres))


def calibrated(network: RoadNetwork, projection: Projection) -> RoadNetwork:
    """The same with the measured reference speed of each profile."""
    paces = {
        profile: replace(pace, reference_kmh=measure(network, projection, profile).reference_kmh)
        for profile, pace in network.paces.items()
    }
    return replace(network, paces=paces)


def pace(metres: NDArray[np.float32], forward: NDArray[np.float32], backward: NDArray[np.float32]) -> Pace:
    """With its streets' mean as reference, until it is calibrated."""
    open_f, open_b = np.isfinite(forward), np.isfinite(backward)
    lengths = np.concatenate([metres[open_f], metres[open_b]])
    return Pace(forward, backward, mean_kmh(lengths, np.concatenate([forward[open_f], backward[open_b]])))


def mean_kmh(metres: NDArray[np.floating], seconds: NDArray[np.floating]) -> float:
    """Of all together; 30 if nothing has a length."""
    total_m, total_s = float(metres.sum(dtype=np.float64)), float(seconds.sum(dtype=np.float64))
    return total_m / total_s * 3.6 if total_m > 0 and total_s > 0 else 30.0


def _metres(before: NDArray[np.int32], lengths: "scipy.sparse.csr_matrix") -> NDArray[np.float64]:
    """Length of the route to each node of a tree given by each node's predecessor: the steps added double in each
    round."""
    nodes = len(before)
    back = np.where(before >= 0, before, nodes).astype(np.int64)
    stepped = np.flatnonzero(before >= 0)
    metres = np.zeros(nodes + 1)
    metres[stepped] = np.asarray(lengths[before[stepped], stepped]).ravel()
    back = np.append(back, nodes)
    while (back < nodes).any():
        metres = metres + metres[back]
        back = back[back]
    return metres[:nodes]
