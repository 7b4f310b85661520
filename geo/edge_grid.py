"""The projected boundary sorted into squares, for fast access to the edges near a place."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from geo.edges import Edges, Floats

LONGEST_M = 250.0
_SIDE_M = 500.0
_CLEAR_SIDE_M = 200.0
_CLEAR_TO_M = 1_000.0


class EdgeGrid:
    """Edges are cut to at most 250 m and sorted by the 500 m square that contains their middle."""

    def __init__(self, edges: Edges) -> None:
        edges = edges.split(LONGEST_M)
        proper = (edges.x1 != edges.x2) | (edges.y1 != edges.y2)
        edges = Edges(*(column[proper] for column in (edges.x1, edges.y1, edges.x2, edges.y2, edges.owner)))
        x, y = (edges.x1 + edges.x2) / 2, (edges.y1 + edges.y2) / 2
        self._west, self._south = float(x.min()), float(y.min())
        self._columns = int((x.max() - self._west) / _SIDE_M) + 1
        self._rows = int((y.max() - self._south) / _SIDE_M) + 1
        row, column = ((y - self._south) / _SIDE_M).astype(np.int64), ((x - self._west) / _SIDE_M).astype(np.int64)
        square = row * self._columns + column
        order = np.argsort(square, kind="stable")
        self._ends = np.vstack([edges.x1, edges.y1, edges.x2, edges.y2])[:, order]
        self._owner = edges.owner[order]
        self._clear_m: dict[tuple[int, int], float] = {}
        self._first = np.searchsorted(square[order], np.arange(self._rows * self._columns + 1))

    def near(self, west: float, south: float, east: float, north: float) -> tuple[Floats, NDArray[np.int64]]:
        """Ends (4, n) as x1, y1, x2, y2, and owners (n,), of at least all edges that reach into the box (metres)."""
        margin = LONGEST_M / 2
        left, right = self._index(west - margin, east + margin, self._west, self._columns)
        low, high = self._index(south - margin, north + margin, self._south, self._rows)
        # The squares of one row are contiguous, so each row is a single slice.
        slices = [
            slice(self._first[row * self._columns + left], self._first[row * self._columns + right])
            for row in range(low, high if left < right else low)
        ]
        if not slices:
            return np.empty((4, 0)), np.empty(0, np.int64)
        ends = np.concatenate([self._ends[:, part] for part in slices], axis=1)
        return ends, np.concatenate([self._owner[part] for part in slices])

    def clear_m(self, x: float, y: float) -> float:
        """No edge is nearer than this, up to some 850 m; the same value for a square of 200 m, computed once."""
        square = int(x // _CLEAR_SIDE_M), int(y // _CLEAR_SIDE_M)
        known = self._clear_m.get(square)
        if known is None:
            known = self._clear_m[square] = self._clear(*((side + 0.5) * _CLEAR_SIDE_M for side in square))
        return known

    def _clear(self, x: float, y: float) -> float:
        """From a square's middle to the nearest edge, minus half its diagonal."""
        ends, _ = self.near(x - _CLEAR_TO_M, y - _CLEAR_TO_M, x + _CLEAR_TO_M, y + _CLEAR_TO_M)
        start, way = ends[:2] - [[x], [y]], ends[2:] - ends[:2]
        part = np.clip(-np.einsum("in,in->n", start, way) / np.einsum("in,in->n", way, way), 0, 1)
        nearest_m = np.hypot(*(start + part * way)).min(initial=_CLEAR_TO_M)
        return max(float(nearest_m) - _CLEAR_SIDE_M / sqrt(2), 0.0)

    @staticmethod
    def _index(low: float, high: float, origin: float, size: int) -> tuple[int, int]:
        return max(int((low - origin) // _SIDE_M), 0), min(int((high - origin) // _SIDE_M) + 1, size)
