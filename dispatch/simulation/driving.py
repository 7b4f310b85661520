"""A vehicle on the projected plane that drives along the directions of the city's street grid."""

from itertools import pairwise
from math import atan2, cos, degrees, dist, hypot, radians, sin
from random import Random

# Quito lies along its valley: streets run about 20 degrees east of north, and perpendicular to that.
GRID_DEG = 20.0
BLOCK_M = 450.0

Place = tuple[float, float]
"""x (east) and y (north) in metres."""


class Vehicle:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.heading_deg: float | None = None
        self._way: list[Place] = []

    @property
    def is_moving(self) -> bool:
        return bool(self._way)

    @property
    def left_m(self) -> float:
        """Of the way that it drives."""
        return sum(dist(a, b) for a, b in pairwise((self.place, *self._way)))

    def stop(self) -> None:
        self._way = []

    def drive_to(self, target: Place, random: Random) -> None:
        self._way = streets(self.place, target, random)

    def advance(self, metres: float) -> None:
        """Move that far along the route, or to its end."""
        while self._way and metres > 0:
            (x, y), (to_x, to_y) = self.place, self._way[0]
            left = hypot(to_x - x, to_y - y)
            if left > 0:
                self.heading_deg = degrees(atan2(to_x - x, to_y - y)) % 360
            if left <= metres:
                self.place = self._way.pop(0)
                metres -= left
            else:
                self.place = x + (to_x - x) * metres / left, y + (to_y - y) * metres / left
                return


def streets(start: Place, target: Place, random: Random) -> list[Place]:
    """Corners from start to target (start left out), with a turn every block or so. The length is between that of the
    straight line and 1.42 times that."""
    east, north = _turned(target[0] - start[0], target[1] - start[1], GRID_DEG)
    turns = max(1, round(hypot(east, north) / BLOCK_M))
    # The corners along each axis: evenly spaced, shifted by up to a third of a block.
    parts = [min(1.0, (turn + random.uniform(-0.33, 0.33)) / turns) for turn in range(1, turns)] + [1.0]
    corners: list[Place] = []
    before = 0.0
    for part in parts:
        across_first = random.random() < 0.5
        corner = (part * east, before * north) if across_first else (before * east, part * north)
        corners += [corner, (part * east, part * north)]
        before = part
    ways = [_turned(x, y, -GRID_DEG) for x, y in corners]
    return [(start[0] + x, start[1] + y) for x, y in ways[:-1]] + [target]


def _turned(x: float, y: float, by_deg: float) -> Place:
    """Counter-clockwise."""
    angle = radians(by_deg)
    return x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)
