"""All parishes of a city and the index that finds the one of a point.

One rule: a parish contains the points that its polygon covers, including the boundary, and a point on the boundary of
several belongs to the first of them by code. H3 cells, lattice and polygons implement that rule at different speeds."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from geo.edge_grid import EdgeGrid
from geo.edges import Edges
from geo.hexagons import interior_cells
from geo.lattice import Lattice
from geo.layer import read_layer, write_layer
from geo.location import Nearest
from geo.parish import Parish
from geo.point import Point
from geo.point_finder import point_finder
from geo.projection import Projection, bearing_deg, distance_m

_FAR_M = 200_000.0


class Parishes:
    """`find(lat, lon)` returns the parish of a point, None if none covers it; `find_many` those of many.

    `parishes` are ordered by code; `crs` is the projected system, in metres, for areas and distances.

    Raises ValueError for no parish at all, two with the same code, or a `crs` that isn't projected in metres."""

    def __init__(self, parishes: Sequence[Parish], crs: str = "EPSG:32717") -> None:
        if not parishes:
            raise ValueError("a city has at least one parish")
        self.parishes = tuple(sorted(parishes, key=lambda parish: parish.code))
        self.by_code = {parish.code: parish for parish in self.parishes}
        if len(self.by_code) < len(self.parishes):
            raise ValueError("two parishes have the same code")
        self.projection = Projection(crs)
        self.lattice = Lattice([parish.polygon for parish in self.parishes])
        self.find = point_finder(self.parishes, interior_cells(self.lattice), self.lattice)
        self._bounds = self.lattice.south, self.lattice.north, self.lattice.west, self.lattice.east

    @classmethod
    def from_geojson(cls, collection: object, crs: str = "EPSG:32717") -> "Parishes":
        """Raises LayerError, whose `problems` list every problem by feature and field."""
        return cls(read_layer(collection), crs)

    def to_geojson(self) -> dict[str, Any]:
        return write_layer(self.parishes)

    def __len__(self) -> int:
        return len(self.parishes)

    def __iter__(self) -> Iterator[Parish]:
        return iter(self.parishes)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north, in degrees."""
        south, north, west, east = self._bounds
        return west, south, east, north

    def find_many(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.int16]:
        """Positions in `.parishes` of the parishes of many points, -1 outside; two arrays (n,) in degrees → (n,).
        What is no number, masked or not on the earth is outside."""
        lats, lons = np.broadcast_arrays(_degrees(lat), _degrees(lon))
        return self.lattice.find_many(lats.ravel(), lons.ravel()).reshape(lats.shape)

    def nearest(self, point: Point) -> Nearest:
        """The parish nearest to a point, at 0 m if the point is inside it."""
        inside = self.find(point.lat, point.lon)
        if inside:
            return Nearest(inside.code, inside.name, 0.0, 0.0)
        position, lat, lon = self._nearest_near(point) or self._nearest_far(point)
        parish = self.parishes[position]
        distance = distance_m(point.lat, point.lon, lat, lon)
        return Nearest(parish.code, parish.name, distance, bearing_deg(point.lat, point.lon, lat, lon))

    def _nearest_near(self, point: Point) -> tuple[int, float, float] | None:
        """The nearest parish and its nearest place, on the plane; None if that is too far for the projection."""
        x, y = self.projection.forward(point.lat, point.lon)
        if not (isfinite(x) and isfinite(y)):
            return None
        distances = shapely.distance(self.projected, shapely.points(x, y))
        position = int(np.argmin(distances))
        if distances[position] > _FAR_M:
            return None
        line = shapely.shortest_line(shapely.points(x, y), self.projected[position])
        there = shapely.get_coordinates(line)[1].tolist()
        return position, *self.projection.inverse(there[0], there[1])

    def _nearest_far(self, point: Point) -> tuple[int, float, float]:
        """For far places: the corner with the shortest chord through the earth."""
        corners, owner = shapely.get_coordinates([parish.polygon for parish in self.parishes], return_index=True)
        here = _directions(np.array([[point.lon, point.lat]]))[0]
        nearest = int(np.argmax(_directions(corners) @ here))
        return int(owner[nearest]), float(corners[nearest, 1]), float(corners[nearest, 0])

    @cached_property
    def projected(self) -> NDArray[np.object_]:
        """The polygons in metres of the projected system."""

        def forward(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(self.projection.forward(lon_lat[:, 1], lon_lat[:, 0]))

        polygons = shapely.transform(np.array([parish.polygon for parish in self.parishes], dtype=object), forward)
        shapely.prepare(polygons)
        return np.asarray(polygons, dtype=object)

    @cached_property
    def projected_by_code(self) -> dict[str, BaseGeometry]:
        return dict(zip(self.by_code, self.projected, strict=True))

    @cached_property
    def outline(self) -> BaseGeometry:
        """The whole city, in metres of the projected system."""
        # Fast for parishes that share their boundaries, but wrong for those that overlap.
        joined = shapely.coverage_union_all(self.projected)
        return joined if joined.is_valid else shapely.union_all(self.projected)

    @cached_property
    def edge_grid(self) -> EdgeGrid:
        """The boundary in metres of the projected system, for queries near a place."""
        return EdgeGrid(Edges.of(list(self.projected)))


def _degrees(values: ArrayLike) -> NDArray[np.float64]:
    """Without a mask: NaN where it was."""
    if isinstance(values, np.ma.MaskedArray):
        return np.where(np.ma.getmaskarray(values), np.nan, np.ma.getdata(values)).astype(np.float64)
    return np.asarray(values, np.float64)


def _directions(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (n, 3) from the middle of the earth to (n, 2) places in degrees."""
    lon, lat = np.radians(lon_lat).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
