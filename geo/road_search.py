"""One search from a target gives the times of every node: scipy's Dijkstra over the core, and the rest derived from its
arcs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np
import scipy  # imported lazily: a service without streets needs none
from numpy.typing import NDArray

from geo.contraction import Contraction, Ways

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Seconds to one target: from `near` nodes by routes that only go up in level, from every node of the core by
    any."""

    near: Ints
    near_s: Floats
    core_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """Nodes of one level; those of them with arcs upwards, these arcs, and the first arc of each."""

    ranks: Ints
    leading: Ints
    arcs: Ints
    first: Ints


class RoadSearch:
    """Shortest routes to a target, exact, over a contracted network.

    Internally nodes are numbered by rank: the core first, then level after level down, so arcs upwards lead to lower
    ranks."""

    def __init__(self, contraction: Contraction) -> None:
        level = contraction.level
        nodes = np.argsort(-level.astype(np.int64), kind="stable")
        self._rank = np.empty(len(nodes), np.int64)
        self._rank[nodes] = np.arange(len(nodes))
        ends = [*(np.flatnonzero(np.diff(level[nodes])) + 1).tolist(), len(nodes)]
        self._core_size = ends[0]
        self._levels = list(pairwise(ends))[::-1]  # the lowest first
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
        ranks, core = self._rank[nodes], self._core_size
        steps = self._above(ranks)
        answer = np.empty((len(fields), len(self._rank)))  # only the needed part is ever written or read
        for step in steps:
            answer[:, step.ranks] = np.inf
        for row, field in enumerate(fields):
            answer[row, field.near] = field.near_s
            answer[row, :core] = field.core_s
        for step in reversed(steps):
            onward = answer.take(self._out.other[step.arcs], axis=1)
            onward += self._out.seconds[step.arcs]
            best = np.minimum.reduceat(onward, step.first, axis=1)
            answer[:, step.leading] = np.minimum(answer[:, step.leading], best)
        return answer[:, ranks].T

    def _above(self, ranks: Ints) -> list["_Step"]:
        """Level by level, the lowest first: those of these nodes, and of all that their arcs reach upwards, that are
        not in the core, with their arcs."""
        needed = np.zeros(len(self._rank), bool)
        needed[ranks] = True
        steps = []
        for begin, end in self._levels:
            here = np.flatnonzero(needed[begin:end]) + begin
            if not len(here):
                continue
            arcs, counts = self._out.of(here)
            needed[self._out.other[arcs]] = True
            leading = counts > 0
            steps.append(_Step(here, here[leading], arcs, (np.cumsum(counts) - counts)[leading]))
        return steps

    def _climb(self, entries: dict[int, float]) -> dict[int, float]:
        """Up from the target against the arcs, highest rank first: arcs upwards lead to lower ranks only."""
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
        """The library's search over the core, from an additional node connected to where the climb reached the core."""
        size = self._core_size
        indices = np.concatenate([self._core.other, entries])
        # A sparse matrix treats zero as no arc, so the smallest time is used instead.
        steps = np.concatenate([self._core.seconds, np.maximum(seconds, np.finfo(float).tiny)])
        indptr = np.append(self._core.first[: size + 1], np.int32(len(indices)))
        graph = scipy.sparse.csr_matrix((steps, indices.astype(np.int32), indptr), shape=(size + 1, size + 1))
        found: Floats = scipy.sparse.csgraph.dijkstra(graph, indices=[size])[0]
        return found[:size]


def _ranked(ways: Ways, nodes: Ints, rank: Ints) -> Ways:
    """The same arcs, nodes numbered by rank."""
    arcs, counts = ways.of(nodes)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return Ways(first, rank[ways.other[arcs]].astype(np.int32), ways.seconds[arcs])
