"""The usable part of a network, in which every place can be reached from every other."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geo.contraction import ranges
from geo.road_network import Pace, RoadNetwork


def main_network(network: RoadNetwork) -> RoadNetwork:
    """Only the nodes of the emergency profile's main part, and the streets between them that are open to it."""
    main, pace = network.main_part("emergency"), network.paces["emergency"]
    open_ = np.isfinite(pace.forward) | np.isfinite(pace.backward)
    return part_of(network, main, open_ & main[network.start] & main[network.end])


def part_of(network: RoadNetwork, nodes: NDArray[np.bool_], streets: NDArray[np.bool_]) -> RoadNetwork:
    """Only these nodes and streets; the streets must end at these nodes."""
    number = np.cumsum(nodes) - 1
    bends = np.diff(network.bend_first)[streets].astype(np.int64)
    kept = ranges(network.bend_first[:-1][streets].astype(np.int64), bends)
    paces = {
        profile: Pace(pace.forward[streets], pace.backward[streets], pace.reference_kmh)
        for profile, pace in network.paces.items()
    }
    return replace(
        network,
        lat=network.lat[nodes],
        lon=network.lon[nodes],
        start=number[network.start[streets]].astype(np.int32),
        end=number[network.end[streets]].astype(np.int32),
        bend_first=np.concatenate([[0], np.cumsum(bends)]).astype(np.int32),
        bend_lat=network.bend_lat[kept],
        bend_lon=network.bend_lon[kept],
        metres=network.metres[streets],
        paces=paces,
    )
