"""Where moving units are: a uniform grid in projected metres, searched ring by ring."""

from collections.abc import Callable, Hashable, Iterator
from math import floor, hypot, inf
from typing import Generic, TypeVar

from geo.projection import Projection

Id = TypeVar("Id", bound=Hashable)
Square = tuple[int, int]


class UnitIndex(Generic[Id]):
    """Exact nearest units. Distances are metres on the projected plane; `square_m` only changes the speed."""

    def __init__(self, projection: Projection, square_m: float = 1000.0) -> None:
        self._projection = projection
        self._side = square_m
        self._places: dict[Id, tuple[float, float]] = {}
        self._squares: dict[Square, set[Id]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, unit: Id) -> bool:
        return unit in self._places

    def move(self, unit: Id, lat: float, lon: float) -> None:
        """Put a unit, new or known, at a place."""
        self.remove(unit)
        x, y = self._projection.place(lat, lon)
        self._places[unit] = x, y
        self._squares.setdefault(self._square(x, y), set()).add(unit)

    def remove(self, unit: Id) -> None:
        """Forget a unit; one that isn't here is no error."""
        place = self._places.pop(unit, None)
        if place is not None:
            square = self._square(*place)
            self._squares[square].remove(unit)
            if not self._squares[square]:
                del self._squares[square]

    def nearest(
        self, lat: float, lon: float, k: int, where: Callable[[Id], bool] | None = None, within_m: float | None = None
    ) -> list[tuple[Id, float]]:
        """The `k` nearest units for which `where` holds, not farther than `within_m`; nearest first, ties by id."""
        if k < 1:
            return []
        x, y = self._projection.place(lat, lon)
        limit = inf if within_m is None else within_m
        found: list[tuple[float, str, Id]] = []
        for units, unseen_from in self._outwards(x, y):
            for unit in units:
                place = self._places[unit]
                distance = hypot(place[0] - x, place[1] - y)
                if distance <= limit and (where is None or where(unit)):
                    found.append((distance, str(unit), unit))
            found = sorted(found, key=lambda one: one[:2])[:k]
            # Strictly nearer than all unseen, so that a tie with the last one has been seen too.
            if unseen_from > limit or (len(found) == k and found[-1][0] < unseen_from):
                break
        return [(unit, distance) for distance, _, unit in found]

    def _outwards(self, x: float, y: float) -> Iterator[tuple[list[Id], float]]:
        """The units of each ring of squares around a place, with a distance that every unit still unseen is at least
        away: the next ring begins beyond the whole rings passed and the way to the nearest side of the own square."""
        column, row = self._square(x, y)
        to_side = min(
            x - column * self._side, (column + 1) * self._side - x, y - row * self._side, (row + 1) * self._side - y
        )
        seen, ring = 0, 0
        while seen < len(self._places):
            if 8 * ring > len(self._squares):
                yield self._beyond(column, row, ring), inf
                return
            units = [unit for square in _ring(column, row, ring) for unit in self._squares.get(square, ())]
            seen += len(units)
            # A millimetre less, so that rounding can't pass over a unit on the line itself.
            yield units, ring * self._side + to_side - 1e-3
            ring += 1

    def _beyond(self, column: int, row: int, ring: int) -> list[Id]:
        """All units from a ring on: cheaper than walking wide, nearly empty rings."""
        return [
            unit
            for square, units in self._squares.items()
            if max(abs(square[0] - column), abs(square[1] - row)) >= ring
            for unit in units
        ]

    def _square(self, x: float, y: float) -> Square:
        return floor(x / self._side), floor(y / self._side)


def _ring(column: int, row: int, ring: int) -> Iterator[Square]:
    if ring == 0:
        yield column, row
        return
    for step in range(-ring, ring):
        yield column + step, row - ring
        yield column + ring, row + step
        yield column - step, row + ring
        yield column - ring, row - step
