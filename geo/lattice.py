"""A lattice over the parishes: each square is entirely in one parish, entirely outside, or mixed.

A point in a mixed square is looked up in the polygons, so the lattice never decides an uncertain case. Built from the
edges: squares touched by an edge are marked (slightly enlarged, so that rounding can't hide a touch), and the rest is
filled row by row by counting the crossed edges."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry import Polygon as ShapelyPolygon
from shapely.geometry.base import BaseGeometry

from geo.edges import Edges, Floats, Ints

SQUARES = 2_600_000
OUTSIDE = -1
_TOUCH = 1e-3  # of a square's side; rounding is ten orders of magnitude smaller
_CHUNK = 1 << 15  # points at a time: their working arrays fit the processor's cache


class Lattice:
    """Which polygon covers a point, including its boundary; if several do, the first of them."""

    def __init__(self, polygons: Sequence[ShapelyPolygon | MultiPolygon], squares: int = SQUARES) -> None:
        self.polygons = np.asarray(polygons, dtype=object)
        shapely.prepare(self.polygons)
        self.west, self.south, self.east, self.north = (float(v) for v in shapely.total_bounds(self.polygons))
        self.step = max(((self.east - self.west) * (self.north - self.south) / squares) ** 0.5, 1e-9)
        # One empty square on every side; points farther out are clamped onto it.
        self.left, self.bottom = self.west - self.step, self.south - self.step
        self.columns = int((self.east - self.west) / self.step) + 3
        self.rows = int((self.north - self.south) / self.step) + 3
        edges = self._in_squares(Edges.of(polygons))
        self.labels, self.candidates = self._label(edges, len(polygons))
        self._asked: list[list[tuple[int, BaseGeometry]]] = [
            [(position, self.polygons[position]) for position in row if position >= 0]
            for row in self.candidates.tolist()
        ]

    def find(self, lat: float, lon: float) -> int:
        """Position of the polygon that covers the point, -1 for none."""
        if not (self.south <= lat <= self.north and self.west <= lon <= self.east):
            return OUTSIDE
        row, column = int((lat - self.bottom) / self.step), int((lon - self.left) / self.step)
        label = int(self.labels.item(row * self.columns + column))
        if label >= OUTSIDE:
            return label
        for position, polygon in self._asked[-2 - label]:
            if shapely.intersects_xy(polygon, lon, lat):
                return position
        return OUTSIDE

    def find_many(self, lat: Floats, lon: Floats) -> NDArray[np.int16]:
        """As `find`, for arrays of one shape; NaN and infinity are outside."""
        found = np.empty(lat.shape, np.int16)
        mixed: list[Ints] = []
        for start in range(0, len(lat), _CHUNK):
            part = slice(start, start + _CHUNK)
            labels = self.labels[self._square(lat[part], lon[part])]
            found[part] = labels
            mixed.append(np.flatnonzero(labels < OUTSIDE) + start)
        if mixed:
            asked = np.concatenate(mixed)
            found[asked] = self._ask_polygons(lat[asked], lon[asked])
        return found

    def _square(self, lat: Floats, lon: Floats) -> NDArray[np.int32]:
        # fmin and fmax prefer the number to a NaN, which is therefore mapped to the empty last row.
        row = (lat - self.bottom) * (1 / self.step)
        np.fmax(np.fmin(row, self.rows - 1, out=row), 0, out=row)
        column = (lon - self.left) * (1 / self.step)
        np.fmax(np.fmin(column, self.columns - 1, out=column), 0, out=column)
        square: NDArray[np.int32] = row.astype(np.int32)
        square *= self.columns
        square += column.astype(np.int32)
        return square

    def _ask_polygons(self, lat: Floats, lon: Floats) -> NDArray[np.int16]:
        candidates = self.candidates[-2 - self.labels[self._square(lat, lon)].astype(np.int64)]
        found = np.full(len(lat), OUTSIDE, np.int16)
        for rank in candidates.T:
            pending = np.flatnonzero((found == OUTSIDE) & (rank >= 0))
            pending = pending[np.argsort(rank[pending], kind="stable")]
            for group in np.split(pending, np.flatnonzero(np.diff(rank[pending])) + 1):
                if len(group):
                    position = rank[group[0]]
                    covered = shapely.intersects_xy(self.polygons[position], lon[group], lat[group])
                    found[group[covered]] = position
        return found

    def _in_squares(self, edges: Edges) -> Edges:
        """The edges with a square's side as unit of length, all running upwards."""
        down = edges.y1 > edges.y2
        ends = (edges.x1, edges.y1), (edges.x2, edges.y2)
        (x1, y1), (x2, y2) = ([np.where(down, b, a) for a, b in zip(ends[i], ends[1 - i], strict=True)] for i in (0, 1))
        return Edges(
            (x1 - self.left) / self.step,
            (y1 - self.bottom) / self.step,
            (x2 - self.left) / self.step,
            (y2 - self.bottom) / self.step,
            edges.owner,
        )

    def _label(self, edges: Edges, count: int) -> tuple[NDArray[np.signedinteger], NDArray[np.int64]]:
        """A label for each square (position, -1, or -2 - row of candidates) and the candidates, padded with -1."""
        labels = np.full(self.rows * self.columns, OUTSIDE, np.int32)
        touched, toucher = np.divmod(_touched(edges, self.columns, count), count)
        mixed = np.zeros(len(labels), bool)
        mixed[touched] = True
        pairs = [touched * count + toucher]
        for position, inside in _filled(edges, self.columns, count):
            whole = np.setdiff1d(inside, touched[toucher == position], assume_unique=True)
            # Squares entirely in one polygon and crossed by the boundary of another: only if polygons overlap.
            pairs.append(whole[mixed[whole]] * count + position)
            whole = whole[labels[whole] == OUTSIDE]
            labels[whole] = position
        sets, of_square, squares = _candidate_sets(np.unique(np.concatenate(pairs)), count)
        labels[squares] = -2 - of_square
        return labels.astype(np.int16 if len(sets) < 32_000 else np.int32), sets


def _spread(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Every integer from first[i] to last[i], with its i."""
    counts = np.maximum(last - first + 1, 0)
    index = np.repeat(np.arange(len(first)), counts)
    return index, first[index] + np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)


def _touched(edges: Edges, columns: int, count: int) -> Ints:
    """square * count + owner, once for each square that an edge of the owner touches."""
    height = edges.y2 - edges.y1
    edge, row = _spread(_floor(edges.y1 - _TOUCH), _floor(edges.y2 + _TOUCH))
    with np.errstate(divide="ignore", invalid="ignore"):
        enter = np.clip((row - _TOUCH - edges.y1[edge]) / height[edge], 0, 1)
        leave = np.clip((row + 1 + _TOUCH - edges.y1[edge]) / height[edge], 0, 1)
    level = height[edge] == 0
    x, width = edges.x1[edge], (edges.x2 - edges.x1)[edge]
    a, b = x + np.where(level, 0, enter) * width, x + np.where(level, 1, leave) * width
    crossing, column = _spread(_floor(np.minimum(a, b) - _TOUCH), _floor(np.maximum(a, b) + _TOUCH))
    return np.unique((row[crossing] * columns + column) * count + edges.owner[edge[crossing]])


def _filled(edges: Edges, columns: int, count: int) -> list[tuple[int, Ints]]:
    """For each polygon the squares whose centre is inside it."""
    # An edge counts for the rows whose centre is in [y1, y2): a shared corner is counted once.
    edge, row = _spread(_floor(np.ceil(edges.y1 - 0.5)), _floor(np.ceil(edges.y2 - 0.5)) - 1)
    slope = (edges.x2 - edges.x1)[edge] / (edges.y2 - edges.y1)[edge]
    column = _floor(np.ceil(edges.x1[edge] + (row + 0.5 - edges.y1[edge]) * slope - 0.5))
    owner = edges.owner[edge]
    filled = []
    for position in range(count):
        rows, starts = row[owner == position], column[owner == position]
        # The crossings of a row, in order, are alternately where the polygon begins and ends.
        order = np.lexsort((starts, rows))
        rows, starts = rows[order], starts[order]
        _, square = _spread(rows[::2] * columns + starts[::2], rows[::2] * columns + starts[1::2] - 1)
        filled.append((position, square))
    return filled


def _candidate_sets(pairs: Ints, count: int) -> tuple[NDArray[np.int64], Ints, Ints]:
    """From sorted square * count + owner: the sets of owners (padded with -1), each square's set, the squares."""
    square, owner = np.divmod(pairs, count)
    squares, first, size = np.unique(square, return_index=True, return_counts=True)
    table = np.full((len(squares), int(size.max(initial=1))), -1, np.int64)
    of_pair = np.repeat(np.arange(len(squares)), size)
    table[of_pair, np.arange(len(pairs)) - first[of_pair]] = owner
    sets, of_square = np.unique(table, axis=0, return_inverse=True)
    return sets, of_square.ravel().astype(np.int64), squares


def _floor(values: Floats) -> Ints:
    return np.floor(values).astype(np.int64)
