"""One search from a target answers for every node: scipy's Dijkstra over the core, and the rest read off its arcs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geo.contraction import Contraction, Ways

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Seconds to one target: from `near` nodes by ways that only climb to them, from every node of the core by any."""

    near: Ints
    near_s: Floats
    core_s: Floats


class RoadSearch:
    """Shortest ways to a target, exact, over a contracted network.

    Inside, a node goes by its rank: the core first, then level after level down, so that arcs up lead to lower ranks.
    """

    def __init__(self, contraction: Contraction) -> None:
        level = contraction.level
        nodes = np.argsort(-level.astype(np.int64), kind="stable")
        self._rank = np.empty(len(nodes), np.int64)
        self._rank[nodes] = np.arange(len(nodes))
        self._level_ends = np.flatnonzero(np.diff(level[nodes])) + 1
        self._core_size = int(self._level_ends[0]) if len(self._level_ends) else len(nodes)
        self._into = _ranked(contraction.into, nodes, self._rank)
        self._out = _ranked(contraction.out, nodes, self._rank)
        self._core = _ranked(contraction.core, nodes, self._rank)

    def field(self, entries: Mapping[int, float]) -> Field:
        """Of a target that is entered by these nodes, each with the seconds from there on."""
        climbed = self._climb({int(self._rank[node]): seconds for node, seconds in entries.items()})
        near = np.fromiter(climbed, np.int64, len(climbed))
        near_s = np.fromiter(climbed.values(), np.float64, len(climbed))
        inside = near < self._core_size
        return Field(near, near_s, self._search(near[inside], near_s[inside]))

    def seconds(self, nodes: Ints, fields: Sequence[Field]) -> Floats:
        """From each of n nodes to the target of each of m fields → (n, m)."""
        reached = self._closure(np.unique(self._rank[nodes]))
        place = np.empty(len(self._rank), np.int32)
        place[reached] = np.arange(len(reached))
        isin = np.zeros(len(self._rank), bool)
        isin[reached] = True
        answer = np.full((len(fields), len(reached)), np.inf)
        core = int(np.searchsorted(reached, self._core_size))
        for row, field in enumerate(fields):
            answer[row, :core] = field.core_s[reached[:core]]
            known = isin[field.near]
            at = place[field.near[known]]
            answer[row, at] = np.minimum(answer[row, at], field.near_s[known])
        self._descend(answer, reached, core, place)
        return answer[:, place[self._rank[nodes]]].T

    def _descend(self, answer: Floats, reached: Ints, core: int, place: NDArray[np.int32]) -> None:
        """Down from the core, a level at once: by the best of its arcs up, unless the target itself is nearer."""
        arcs, counts = self._out.of(reached[core:])
        above, step_s = place[self._out.other[arcs]], self._out.seconds[arcs]
        first_arc = np.concatenate([[0], np.cumsum(counts)])
        bounds = np.searchsorted(reached, np.append(self._level_ends, len(self._rank)))
        for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            offsets = first_arc[begin - core : end - core + 1]
            if begin == end or offsets[0] == offsets[-1]:
                continue
            leading = offsets[:-1] < offsets[1:]
            span = slice(int(offsets[0]), int(offsets[-1]))
            onward = answer[:, above[span]] + step_s[span]
            best = np.minimum.reduceat(onward, offsets[:-1][leading] - offsets[0], axis=1)
            rows = np.arange(begin, end)[leading]
            answer[:, rows] = np.minimum(answer[:, rows], best)

    def _climb(self, entries: dict[int, float]) -> dict[int, float]:
        """Up from the target against the arcs, highest rank first: arcs up lead to lower ranks only."""
        best = dict(entries)
        waiting = [-node for node in best]
        heapify(waiting)
        while waiting:
            node = -heappop(waiting)
            arcs = slice(int(self._into.first[node]), int(self._into.first[node + 1]))
            here = best[node]
            for other, seconds in zip(self._into.other[arcs].tolist(), self._into.seconds[arcs].tolist(), strict=True):
                known = best.get(other)
                if known is None:
                    heappush(waiting, -other)
                if known is None or here + seconds < known:
                    best[other] = here + seconds
        return best

    def _search(self, entries: Ints, seconds: Floats) -> Floats:
        """The library's search over the core, from one more node that leads to where the climb came in."""
        size = self._core_size
        indices = np.concatenate([self._core.other, entries])
        # A sparse matrix may take no time for no arc: the least there is stands for it.
        steps = np.concatenate([self._core.seconds, np.maximum(seconds, np.finfo(float).tiny)])
        indptr = np.append(self._core.first[: size + 1], np.int32(len(indices)))
        graph = csr_matrix((steps, indices.astype(np.int32), indptr), shape=(size + 1, size + 1))
        found: Floats = dijkstra(graph, indices=[size])[0]
        return found[:size]

    def _closure(self, ranks: Ints) -> Ints:
        """These nodes and all that their arcs lead to, upwards; sorted."""
        needed = np.zeros(len(self._rank), bool)
        needed[ranks] = True
        fresh, one = ranks, np.empty(len(self._rank), np.int32)
        while len(fresh):
            arcs, _ = self._out.of(fresh)
            above = self._out.other[arcs]
            above = above[~needed[above]]
            needed[above] = True
            count = np.arange(len(above))
            one[above] = count  # of several the last stays: each is followed once
            fresh = above[one[above] == count].astype(np.int64)
        return np.flatnonzero(needed)


def _ranked(ways: Ways, nodes: Ints, rank: Ints) -> Ways:
    """The same arcs, nodes by their rank."""
    arcs, counts = ways.of(nodes)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return Ways(first, rank[ways.other[arcs]].astype(np.int32), ways.seconds[arcs])
