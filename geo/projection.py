"""Distances in metres: on the ellipsoid between two points, and on a projected plane for bulk computations."""

from functools import lru_cache
from math import isfinite
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod, Transformer

_ELLIPSOID = Geod(ellps="WGS84")


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Geodesic distance on the WGS 84 ellipsoid (Karney 2013, through PROJ)."""
    return float(_ELLIPSOID.inv(lon1, lat1, lon2, lat2)[2])


def distances_m(lat: float, lon: float, lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.float64]:
    """As `distance_m` from one point to many: arrays (n,) in degrees → (n,)."""
    there = _ELLIPSOID.inv(np.full(lats.shape, lon), np.full(lats.shape, lat), lons, lats)[2]
    return np.asarray(there, np.float64)


def bearing_deg(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Direction at the first point towards the second, clockwise from north, in [0, 360)."""
    return float(_ELLIPSOID.inv(lon1, lat1, lon2, lat2)[0]) % 360.0


def destination(lat: float, lon: float, bearing: float, metres: float) -> tuple[float, float]:
    """Latitude and longitude reached from a point by going `metres` straight towards `bearing` (degrees)."""
    there_lon, there_lat, _ = _ELLIPSOID.fwd(lon, lat, bearing, metres)
    return float(there_lat), float(there_lon)


@lru_cache(maxsize=8)
def _transformer(crs: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)


FARTHEST_M = 2e7  # half around the earth


class Projection:
    """Degrees of WGS 84 to metres of a projected `crs` and back; Quito's is UTM zone 17 south (EPSG:32717).

    Raises ValueError where `crs` is not a projected one in metres.
    """

    def __init__(self, crs: str = "EPSG:32717") -> None:
        self.crs = crs
        self._transformer = _transformer(crs)
        target = self._transformer.target_crs
        if target is None or not target.is_projected or {axis.unit_name for axis in target.axis_info} != {"metre"}:
            raise ValueError(f"{crs} is not a projected coordinate system in metres")
        # The place of one call is projected repeatedly.
        self._placed = lru_cache(maxsize=4_096)(self._place)

    def __repr__(self) -> str:
        return f"Projection({self.crs!r})"

    @overload
    def forward(self, lat: float, lon: float) -> tuple[float, float]: ...
    @overload
    def forward(self, lat: ArrayLike, lon: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    def forward(self, lat, lon):  # type: ignore[no-untyped-def]
        """Latitude and longitude in degrees → x (east) and y (north) in metres; floats or arrays of one shape."""
        x, y = self._transformer.transform(lon, lat)
        return x, y

    def place(self, lat: float, lon: float) -> tuple[float, float]:
        """As `forward` for one point; beyond the range of the projection, a quarter around the earth, a very distant
        place."""
        return self._placed(lat, lon)

    def _place(self, lat: float, lon: float) -> tuple[float, float]:
        x, y = self.forward(lat, lon)
        return (x, y) if isfinite(x) and isfinite(y) else (FARTHEST_M, FARTHEST_M)

    @overload
    def inverse(self, x: float, y: float) -> tuple[float, float]: ...
    @overload
    def inverse(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    def inverse(self, x, y):  # type: ignore[no-untyped-def]
        """x (east) and y (north) in metres → latitude and longitude in degrees."""
        lon, lat = self._transformer.transform(x, y, direction="INVERSE")
        return lat, lon
