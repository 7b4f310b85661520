"""How long the way to a place takes. A street network may take its place: same question, same shape of answer."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from geo.point import Point
from geo.projection import Projection

Floats = NDArray[np.float64]


class TravelTime(Protocol):
    def seconds(self, lats: Floats, lons: Floats, target: Point, *, speed_kmh: float | Floats) -> Floats:
        """Seconds from each of n sources (arrays (n,), degrees) to the target, all in one call → (n,).

        `speed_kmh` is one for all or one for each, above zero.
        """
        ...


class StraightLine:
    """Straight distance times `detour`, at a mean speed. 1.35 lies between planned and hilly cities."""

    def __init__(self, projection: Projection, detour: float = 1.35) -> None:
        self.projection = projection
        self.detour = detour

    def seconds(self, lats: Floats, lons: Floats, target: Point, *, speed_kmh: float | Floats) -> Floats:
        x, y = self.projection.forward(np.asarray(lats, np.float64), np.asarray(lons, np.float64))
        target_x, target_y = self.projection.forward(target.lat, target.lon)
        metres: Floats = np.hypot(x - target_x, y - target_y) * self.detour
        return metres * 3.6 / np.asarray(speed_kmh, np.float64)
