"""Snaps points to the nearest place on a street."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REACH_M = 2_000.0
BESIDE_M = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Snapped:
    """For each of n points its `street`, the position `along` it (0-1 from its start), and the distance `off` it in
    metres.

    Street -1 and off inf if no road is within reach."""

    street: NDArray[np.int32]
    along: Floats
    off_m: Floats

    @property
    def on(self) -> NDArray[np.bool_]:
        return self.street >= 0


class Snapper:
    """`x`, `y` in metres and `line` are the points of all lines in order; `street` is the number of each line's
    street."""

    def __init__(self, x: Floats, y: Floats, line: NDArray[np.intp], street: NDArray[np.int32]) -> None:
        self._street = street
        self._lines = np.atleast_1d(np.asarray(shapely.linestrings(np.column_stack([x, y]), indices=line)))
        self._length = np.maximum(shapely.length(self._lines), 1e-9)
        self._tree = shapely.STRtree(self._lines)
        self._tree.query(shapely.points(0, 0))  # built by the first query, here and not when a caller waits

    def snap(self, x: Floats, y: Floats, reach_m: float = REACH_M) -> Snapped:
        points = np.atleast_1d(np.asarray(shapely.points(x, y)))
        n = len(points)
        street, along, off = np.full(n, -1, np.int32), np.zeros(n), np.full(n, np.inf)
        there = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if len(there) and len(self._lines):
            line, metres = self._nearest(points[there], x[there], y[there])
            near = metres <= reach_m
            found, line = there[near], line[near]
            street[found], off[found] = self._street[line], metres[near]
            reached = shapely.line_locate_point(self._lines[line], points[found])
            along[found] = np.clip(reached / self._length[line], 0.0, 1.0)
        return Snapped(street, along, off)

    def _nearest(self, points: NDArray[np.object_], x: Floats, y: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Most points are on a road or beside it: searching around them is much quicker than the tree's own search."""
        line, metres = np.full(len(points), -1, np.intp), np.full(len(points), np.inf)
        around = shapely.box(x - BESIDE_M, y - BESIDE_M, x + BESIDE_M, y + BESIDE_M)
        which, lines = self._tree.query(around)
        off = shapely.distance(points[which], self._lines[lines])
        order = np.lexsort((lines, off, which))
        first = order[np.diff(which[order], prepend=-1) > 0]
        line[which[first]], metres[which[first]] = lines[first], off[first]
        far = np.flatnonzero(metres > BESIDE_M)
        if len(far):
            (which, lines), off = self._tree.query_nearest(points[far], return_distance=True, all_matches=False)
            line[far[which]], metres[far[which]] = lines, off
        return line, metres
