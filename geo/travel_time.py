"""Travel times between places. A street network is one implementation, straight lines are another."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from geo.point import Point
from geo.projection import Projection

Floats = NDArray[np.float64]


class TravelTime(Protocol):
    def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Floats:
        """Seconds from each of n sources (arrays (n,), degrees) to each of m targets, all in one call → (n, m).

        `speed_kmh` is one for all sources or one for each, above zero: the unit's mean speed in this city at this hour.
        The result is inf if there is no route."""
        ...


class StraightLine:
    """Straight distance times `detour`, at a mean speed. 1.35 is between planned and hilly cities."""

    def __init__(self, projection: Projection, detour: float = 1.35) -> None:
        self.projection = projection
        self.detour = detour

    def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Floats:
        x, y = self.projection.forward(np.asarray(lats, np.float64), np.asarray(lons, np.float64))
        target_x, target_y = self.projection.forward([t.lat for t in targets], [t.lon for t in targets])
        with np.errstate(invalid="ignore"):  # places beyond the projection are infinitely far, also from each other
            metres = np.hypot(np.subtract.outer(x, target_x), np.subtract.outer(y, target_y)) * self.detour
        reached: Floats = np.where(np.isnan(metres), np.inf, metres)
        return reached * 3.6 / np.reshape(np.asarray(speed_kmh, np.float64), (-1, 1))
