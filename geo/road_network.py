"""The streets of a city as arrays: their course and travel time in either direction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import scipy  # imported lazily: a service without streets needs none
from numpy.typing import ArrayLike, NDArray

Profile = Literal["emergency", "car"]
PROFILES: tuple[Profile, ...] = ("emergency", "car")
LEAST_SECONDS = 0.01  # a sparse matrix treats an arc of zero seconds as no arc


class RoadNetworkError(ValueError):
    """Arrays that don't make a street network."""


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """Seconds along each street (s,), from its start to its end and back; inf if that direction is closed.

    `reference_kmh` is the mean speed of short routes through the whole network at these seconds."""

    forward: NDArray[np.float32]
    backward: NDArray[np.float32]
    reference_kmh: float


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork:
    """n nodes (crossings and ends of streets) and s streets between them, two-way or not.

    `lat`, `lon` (n,) in degrees; `start`, `end` (s,) nodes of each street; its bends are `bend_lat[k]`, `bend_lon[k]`
    for k from `bend_first[i]` to `bend_first[i + 1]`, between start and end; `metres` (s,) its length with the bends. A
    street has bends, rather than being several streets, so that a search crosses it in one step.

    Raises RoadNetworkError for arrays that don't match each other."""

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    bend_first: NDArray[np.int32]
    bend_lat: NDArray[np.float64]
    bend_lon: NDArray[np.float64]
    metres: NDArray[np.float32]
    paces: Mapping[Profile, Pace]
    about: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nodes, streets = len(self.lat), len(self.start)
        per_street = [self.end, self.metres] + [way for p in self.paces.values() for way in (p.forward, p.backward)]
        if len(self.lon) != nodes or any(len(array) != streets for array in per_street):
            raise RoadNetworkError("arrays of nodes or of streets differ in length")
        if len(self.bend_first) != streets + 1 or len(self.bend_lat) != len(self.bend_lon):
            raise RoadNetworkError("the bends don't match the streets")
        if self.bend_first[0] != 0 or self.bend_first[-1] != len(self.bend_lat) or (np.diff(self.bend_first) < 0).any():
            raise RoadNetworkError("the bends don't match the streets")
        for ends in (self.start, self.end):
            if streets and not (ends.min() >= 0 and ends.max() < nodes):
                raise RoadNetworkError("a street ends at an unknown node")
        if not all(np.isfinite(a).all() for a in (self.lat, self.lon, self.bend_lat, self.bend_lon, self.metres)):
            raise RoadNetworkError("a coordinate or a length is not a number")
        if any(not (way >= LEAST_SECONDS / 2).all() for p in self.paces.values() for way in (p.forward, p.backward)):
            raise RoadNetworkError("a street takes no time")
        if not all(np.isfinite(pace.reference_kmh) and pace.reference_kmh > 0 for pace in self.paces.values()):
            raise RoadNetworkError("the reference speed must be above zero")

    @property
    def nodes(self) -> int:
        return len(self.lat)

    @property
    def streets(self) -> int:
        return len(self.start)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north, in degrees."""
        lats, lons = np.concatenate([self.lat, self.bend_lat]), np.concatenate([self.lon, self.bend_lon])
        return float(lons.min()), float(lats.min()), float(lons.max()), float(lats.max())

    def arcs(self, profile: Profile) -> "Arcs":
        """One arc for each open direction of each street."""
        pace = self.paces[profile]
        street = np.concatenate([np.arange(self.streets), np.arange(self.streets)]).astype(np.int32)
        tail = np.concatenate([self.start, self.end])
        head = np.concatenate([self.end, self.start])
        seconds = np.concatenate([pace.forward, pace.backward]).astype(np.float64)
        open_ = np.isfinite(seconds) & (tail != head)
        return Arcs(tail[open_], head[open_], seconds[open_], street[open_])

    def main_part(self, profile: Profile) -> NDArray[np.bool_]:
        """Mask of nodes (n,): the largest set in which every node can be reached from every other."""
        arcs = self.arcs(profile)
        return largest_part(arcs.tail, arcs.head, self.nodes)

    def shapes(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
        """Lat, lon and street of every point of every street, start and end included, in order."""
        bends = np.diff(self.bend_first)
        street = np.repeat(np.arange(self.streets), bends + 2)
        first = self.bend_first[:-1] + 2 * np.arange(self.streets)
        last = first + bends + 1
        between = np.ones(len(street), bool)
        between[first] = between[last] = False
        places = []
        for node, bend in ((self.lat, self.bend_lat), (self.lon, self.bend_lon)):
            place = np.empty(len(street))
            place[first], place[last], place[between] = node[self.start], node[self.end], bend
            places.append(place)
        return places[0], places[1], street


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """One-way steps from `tail` to `head`, each of a `street`."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    seconds: NDArray[np.float64]
    street: NDArray[np.int32]

    def matrix(self, nodes: int, values: NDArray[np.float64] | None = None) -> "scipy.sparse.csr_matrix":
        """Row: tail, column: head; of parallel arcs the quickest. `values` are used instead of the seconds."""
        order = np.lexsort((self.seconds, self.head, self.tail))
        tail, head = self.tail[order], self.head[order]
        first = np.ones(len(order), bool)
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        shown = (self.seconds if values is None else values)[order]
        return scipy.sparse.csr_matrix((shown[first], (tail[first], head[first])), shape=(nodes, nodes))


def largest_part(tail: ArrayLike, head: ArrayLike, nodes: int) -> NDArray[np.bool_]:
    """Mask of nodes: the largest strongly connected component of these arcs."""
    tails, heads = np.asarray(tail), np.asarray(head)
    graph = scipy.sparse.csr_matrix((np.ones(len(tails)), (tails, heads)), shape=(nodes, nodes))
    count, part = scipy.sparse.csgraph.connected_components(graph, directed=True, connection="strong")
    if not count:
        return np.zeros(nodes, bool)
    return np.asarray(part == np.bincount(part).argmax())
