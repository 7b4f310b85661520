"""How long the ways to places take. A street network may take its place: same question, same shape of answer."""

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

        `speed_kmh` is one for all sources or one for each, above zero: the unit's mean speed in this city at this
        hour. Where there is no way the answer is inf.
        """
        ...


class StraightLine:
    """Straight distance times `detour`, at a mean speed. 1.35 lies between planned and hilly cities."""

    def __init__(self, projection: Projection, detour: float = 1.35) -> None:
        self.projection = projection
        self.detour = detour

    def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Floats:
        x, y = self.projection.forward(np.asarray(lats, np.float64), np.asarray(lons, np.float64))
        target_x, target_y = self.projection.forward([t.lat for t in targets], [t.lon for t in targets])
        with np.errstate(invalid="ignore"):  # where the projection ends is infinitely far, from its like too
            metres = np.hypot(np.subtract.outer(x, target_x), np.subtract.outer(y, target_y)) * self.detour
        reached: Floats = np.where(np.isnan(metres), np.inf, metres)
        return reached * 3.6 / np.reshape(np.asarray(speed_kmh, np.float64), (-1, 1))
