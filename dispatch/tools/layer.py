"""A layer of parishes as it was read, before any check."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo import Projection, distance_m

DECIMALS = 7  # of a degree: about a centimetre


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of the layer, numbered from 0. `geometry` is in degrees, longitude first, of any type; None if there is
    none."""

    number: int
    code: str
    name: str
    kind: str
    population: int | None
    geometry: BaseGeometry | None

    def __str__(self) -> str:
        named = " ".join(part for part in (self.code, self.name) if part)
        return f"feature {self.number}" + (f" ({named})" if named else "")


@dataclass(frozen=True, slots=True)
class Layer:
    features: tuple[Feature, ...]
    projection: Projection


def metres_crs(geometries: Sequence[BaseGeometry]) -> str:
    """The UTM zone of the centre of geometries in degrees."""
    west, south, east, north = (float(v) for v in shapely.total_bounds(np.asarray(geometries, dtype=object)))
    lat, lon = (south + north) / 2, (west + east) / 2
    zone = min(max(int((lon + 180) // 6) + 1, 1), 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def forward(geometries: Sequence[BaseGeometry] | NDArray[np.object_], projection: Projection) -> NDArray[np.object_]:
    """Degrees → metres of the projection."""

    def to_metres(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(projection.forward(lon_lat[:, 1], lon_lat[:, 0]))

    moved: NDArray[np.object_] = shapely.transform(np.asarray(geometries, dtype=object), to_metres)
    return moved


@dataclass(frozen=True, slots=True)
class Plane:
    """Degrees scaled approximately to metres: straight edges in degrees, which the service uses, stay straight, unlike
    in a projection. Areas are measured in the projection."""

    east_m: float
    north_m: float

    @classmethod
    def of(cls, geometries: Sequence[BaseGeometry]) -> "Plane":
        west, south, east, north = (float(v) for v in shapely.total_bounds(np.asarray(geometries, dtype=object)))
        lat, lon = (south + north) / 2, (west + east) / 2
        step = 0.005
        return cls(
            distance_m(lat, lon - step, lat, lon + step) / (2 * step),
            distance_m(lat - step, lon, lat + step, lon) / (2 * step),
        )

    def metres(self, geometries: Sequence[BaseGeometry] | NDArray[np.object_]) -> NDArray[np.object_]:
        return _scaled(geometries, np.array([self.east_m, self.north_m]))

    def degrees(self, geometries: Sequence[BaseGeometry] | NDArray[np.object_]) -> NDArray[np.object_]:
        return _scaled(geometries, 1 / np.array([self.east_m, self.north_m]))


def _scaled(
    geometries: Sequence[BaseGeometry] | NDArray[np.object_], scale: NDArray[np.float64]
) -> NDArray[np.object_]:
    scaled: NDArray[np.object_] = shapely.transform(np.asarray(geometries, dtype=object), lambda xy: xy * scale)
    return scaled


def on_grid(geometry: BaseGeometry) -> BaseGeometry:
    """Round each corner to the grid of the written files, so that what is checked is what will be installed."""
    rounded: BaseGeometry = shapely.transform(geometry, lambda lon_lat: np.round(lon_lat, DECIMALS))
    return rounded


def polygons_of(geometry: BaseGeometry) -> BaseGeometry:
    """A valid polygon or multipolygon: what crosses itself is made valid, resulting lines and points are dropped."""
    valid = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(valid) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if len(parts) != 1 else parts[0]
