"""A street network with most of its nodes removed once, so that each search visits a tenth of it.

A node with few neighbours is removed and every route through it kept as one arc ("contraction": Geisberger et al. 2008;
without their order, independent nodes of a round are removed together, which suits arrays). What remains is the core,
which a library searches; `road_search` extends the result to the removed nodes. Nothing is approximated: an arc is left
out only if two others together are no longer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.road_network import Arcs

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_NEIGHBOURS = 14  # beyond it, extending the result costs more than the search saves
SMALLEST_CORE = 64
WORTH_A_ROUND = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Arcs grouped by node: those of node v are k from `first[v]` to `first[v + 1]`, to or from `other[k]`."""

    first: NDArray[np.int32]
    other: NDArray[np.int32]
    seconds: Floats

    @classmethod
    def grouped(cls, by: Ints, other: Ints, seconds: Floats, nodes: int) -> "Ways":
        order = np.argsort(by, kind="stable")
        first = np.concatenate([[0], np.cumsum(np.bincount(by, minlength=nodes))]).astype(np.int32)
        return cls(first, other[order].astype(np.int32), seconds[order])

    def of(self, nodes: NDArray[np.integer]) -> tuple[Ints, Ints]:
        """Positions in `other` of the arcs of these nodes, in their order, and the number of arcs of each."""
        counts = (self.first[nodes + 1] - self.first[nodes]).astype(np.int64)
        return ranges(self.first[nodes].astype(np.int64), counts), counts


@dataclass(frozen=True, slots=True, eq=False)
class Contraction:
    """`level` (n,): the round in which a node was removed; the core has the highest. `out` has the arcs from a removed
    node to nodes of higher level, `into` those from higher nodes to it, `core` those between nodes of the core."""

    level: NDArray[np.int16]
    out: Ways
    into: Ways
    core: Ways

    @property
    def core_level(self) -> int:
        return int(self.level.max(initial=0))


@dataclass(slots=True)
class _Rest:
    """The remaining network: arcs sorted by tail and head, at most one for each pair."""

    nodes: int
    tail: Ints
    head: Ints
    seconds: Floats

    def degrees(self) -> tuple[Ints, Ints, Ints]:
        """Number of neighbours (n,), and the pairs of neighbours."""
        low, high = np.minimum(self.tail, self.head), np.maximum(self.tail, self.head)
        pairs = np.sort(low * self.nodes + high)
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        low, high = pairs // self.nodes, pairs % self.nodes
        return np.bincount(low, minlength=self.nodes) + np.bincount(high, minlength=self.nodes), low, high

    def with_shortcuts(self, removed: NDArray[np.bool_], into: Ways, out: Ways) -> "_Rest":
        nodes = np.flatnonzero(removed)
        incoming, in_counts = into.of(nodes)
        through = np.repeat(nodes, in_counts)
        outgoing, out_counts = out.of(through)
        incoming = np.repeat(incoming, out_counts)
        tail, head = into.other[incoming].astype(np.int64), out.other[outgoing].astype(np.int64)
        seconds = into.seconds[incoming] + out.seconds[outgoing]
        there, stays = tail != head, ~(removed[self.tail] | removed[self.head])
        return _shortest(
            self.nodes,
            np.concatenate([self.tail[stays], tail[there]]),
            np.concatenate([self.head[stays], head[there]]),
            np.concatenate([self.seconds[stays], seconds[there]]),
            new=int(there.sum()),
        )


def contract(arcs: Arcs, nodes: int, *, smallest_core: int = SMALLEST_CORE) -> Contraction:
    """Of a network of `nodes` nodes; some seconds for 100,000. Seconds of the arcs must be above zero."""
    tail, head = arcs.tail.astype(np.int64), arcs.head.astype(np.int64)
    rest = _shortest(nodes, tail, head, arcs.seconds, new=len(tail))
    level = np.full(nodes, -1, np.int16)
    # Independent of the order of nodes on the map, so that each round takes nodes from everywhere.
    luck = np.random.default_rng(0).random(nodes)
    outs: list[tuple[Ints, Ints, Floats]] = []
    intos: list[tuple[Ints, Ints, Floats]] = []
    alive, most, left, round_ = np.ones(nodes, bool), 3, nodes, 0
    while left > smallest_core:
        removed = _independent(rest, alive, most, luck)
        count = int(removed.sum())
        if count < WORTH_A_ROUND * left:
            if most == MOST_NEIGHBOURS:
                break
            most += 1
            if not count:
                continue
        out, into = removed[rest.tail], removed[rest.head]
        outs.append((rest.tail[out], rest.head[out], rest.seconds[out]))
        intos.append((rest.head[into], rest.tail[into], rest.seconds[into]))
        rest = rest.with_shortcuts(removed, Ways.grouped(*intos[-1], nodes), Ways.grouped(*outs[-1], nodes))
        level[removed] = round_
        alive &= ~removed
        left, round_ = left - count, round_ + 1
    level[alive] = round_
    return Contraction(level, _joined(outs, nodes), _joined(intos, nodes), _core(rest, nodes))


def ranges(first: Ints, counts: Ints) -> Ints:
    """first[0], first[0] + 1, …, counts[0] of them, then those from first[1], …"""
    before = np.cumsum(counts) - counts
    return np.repeat(first - before, counts) + np.arange(counts.sum())


def _independent(rest: _Rest, alive: NDArray[np.bool_], most: int, luck: Floats) -> NDArray[np.bool_]:
    """Nodes with at most so many neighbours, no two of them adjacent."""
    degree, low, high = rest.degrees()
    chosen = alive & (degree <= most)
    rank = degree + luck
    both = chosen[low] & chosen[high]
    low, high = low[both], high[both]
    chosen[np.where(rank[low] < rank[high], high, low)] = False
    return chosen


def _shortest(nodes: int, tail: Ints, head: Ints, seconds: Floats, *, new: int) -> _Rest:
    """Of parallel arcs the quickest, and no arc that two others replace; only the last `new` arcs are checked."""
    key = tail * nodes + head
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(np.diff(key[order], prepend=-1) > 0)
    fresh = np.zeros(len(first), bool)
    if len(first):
        fresh = np.logical_or.reduceat(order >= len(tail) - new, first)
        seconds = np.minimum.reduceat(seconds[order], first)
    key = key[order[first]]
    tail, head = key // nodes, key % nodes
    start = np.searchsorted(tail, np.arange(nodes + 1))
    asked = np.flatnonzero(fresh)
    counts = (start[tail[asked] + 1] - start[tail[asked]]).astype(np.int64)
    step = ranges(start[tail[asked]].astype(np.int64), counts)
    asked = np.repeat(asked, counts)
    quick = seconds[step] < seconds[asked]
    step, asked = step[quick], asked[quick]
    onward = head[step] * nodes + head[asked]
    found = np.minimum(np.searchsorted(key, onward), max(len(key) - 1, 0))
    longer = (key[found] == onward) & (seconds[step] + seconds[found] <= seconds[asked])
    keep = np.ones(len(tail), bool)
    keep[asked[longer]] = False
    return _Rest(nodes, tail[keep], head[keep], seconds[keep])


def _joined(parts: list[tuple[Ints, Ints, Floats]], nodes: int) -> Ways:
    none = np.empty(0, np.int64)
    by, other, seconds = zip((none, none, np.empty(0)), *parts, strict=True)
    return Ways.grouped(np.concatenate(by), np.concatenate(other), np.concatenate(seconds), nodes)


def _core(rest: _Rest, nodes: int) -> Ways:
    """Grouped by head: a search from the target follows arcs backwards."""
    return Ways.grouped(rest.head, rest.tail, rest.seconds, nodes)
