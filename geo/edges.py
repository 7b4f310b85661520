"""The boundary of polygons as arrays of straight edges, from which every index here is built."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry import Polygon as ShapelyPolygon
from shapely.geometry.polygon import orient

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Edges:
    """Edge i runs from (x1, y1)[i] to (x2, y2)[i] with the inside of polygon `owner`[i] on its left."""

    x1: Floats
    y1: Floats
    x2: Floats
    y2: Floats
    owner: Ints

    def __len__(self) -> int:
        return len(self.owner)

    @classmethod
    def of(cls, polygons: Sequence[ShapelyPolygon | MultiPolygon]) -> "Edges":
        parts, part_owner = shapely.get_parts(np.asarray(polygons, dtype=object), return_index=True)
        # orient() turns shells counter-clockwise and holes clockwise: the inside is on the left of both.
        rings, ring_part = shapely.get_rings([orient(part) for part in parts], return_index=True)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        within = ring[1:] == ring[:-1]
        start, end = xy[:-1][within], xy[1:][within]
        owner = part_owner[ring_part[ring[:-1][within]]].astype(np.int64)
        x1, y1, x2, y2 = np.hstack([start, end]).T.copy()
        return cls(x1, y1, x2, y2, owner)

    def split(self, longest: float) -> "Edges":
        """The same boundary with no edge longer than `longest`."""
        pieces = np.maximum(1, np.ceil(np.hypot(self.x2 - self.x1, self.y2 - self.y1) / longest)).astype(np.int64)
        edge = np.repeat(np.arange(len(self)), pieces)
        step = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        before, after = step / pieces[edge], (step + 1) / pieces[edge]
        dx, dy = (self.x2 - self.x1)[edge], (self.y2 - self.y1)[edge]
        x1, y1 = self.x1[edge], self.y1[edge]
        return Edges(x1 + before * dx, y1 + before * dy, x1 + after * dx, y1 + after * dy, self.owner[edge])
