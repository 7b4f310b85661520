"""Places of moving units: a uniform grid in projected metres, searched ring by ring."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cache
from itertools import count
from math import floor, hypot, inf
from operator import itemgetter
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.projection import FARTHEST_M, Projection

Id = TypeVar("Id", bound=Hashable)
Numbers = NDArray[np.int64]

# A square is one number, column * COLUMN + row. Beyond LAST all columns are merged, and all rows, which can only move
# units to nearer rings, never to farther ones.
COLUMN = 1 << 24
LAST = 1 << 22
NOWHERE = -(1 << 62)
FEWEST_SLOTS = 256
# A thousand times the possible rounding error of a distance in metres.
ROUNDING_M = 1e-3


class UnitIndex(Generic[Id]):
    """Exact nearest units. Distances are metres on the projected plane; `square_m` only affects the speed.

    Every unit has a slot in an array of places (complex numbers, x + iy), so a batch is moved by a few array
    operations; only units that change their square cost more."""

    def __init__(self, projection: Projection, square_m: float = 500.0) -> None:
        self._projection = projection
        self._side = square_m
        self._slots: dict[Id, int] = {}
        self._free: list[int] = []
        self._units: list[Id | None] = []
        self._places = np.empty(0, complex)
        self._square_of: Numbers = np.empty(0, np.int64)
        self._squares: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, unit: Id) -> bool:
        return unit in self._slots

    def move(self, unit: Id, lat: float, lon: float) -> None:
        """Set the place of a unit, new or known."""
        x, y = self._projection.place(lat, lon)
        slot = self._slot(unit)
        self._places[slot] = complex(x, y)
        self._to_square(slot, self._column(x) * COLUMN + self._column(y))

    def move_many(self, units: Sequence[Id], lats: ArrayLike, lons: ArrayLike) -> None:
        """As `move` for each in order, but at once: arrays (n,) in degrees, for n units."""
        lats, lons = np.asarray(lats, float), np.asarray(lons, float)
        if len(set(units)) < len(units):
            last = {unit: i for i, unit in enumerate(units)}
            units, (lats, lons) = list(last), (axis[list(last.values())] for axis in (lats, lons))
        x, y = self._forward(lats, lons)
        slots = self._slots_of(units)
        columns, rows = (np.clip(np.floor(axis / self._side), -LAST, LAST).astype(np.int64) for axis in (x, y))
        squares = columns * COLUMN + rows
        self._places[slots] = x + 1j * y
        left = self._square_of[slots] != squares
        for slot, square in zip(slots[left].tolist(), squares[left].tolist(), strict=True):
            self._to_square(slot, square)

    def remove(self, unit: Id) -> None:
        """Remove a unit; no error if it isn't here."""
        slot = self._slots.pop(unit, None)
        if slot is not None:
            self._to_square(slot, NOWHERE)
            self._units[slot] = None
            self._free.append(slot)

    def nearest(
        self, lat: float, lon: float, k: int, where: Callable[[Id], bool] | None = None, within_m: float | None = None
    ) -> list[tuple[Id, float]]:
        """The `k` nearest units for which `where` holds, not farther than `within_m`; nearest first, ties by id."""
        if k < 1:
            return []
        x, y = self._projection.place(lat, lon)
        reach = limit = inf if within_m is None else within_m
        near: list[int] = []
        away = np.empty(0)
        for slots, unseen_from in self._outwards(x, y):
            near += slots if where is None else [slot for slot in slots if where(self._unit(slot))]
            if reach == limit and len(near) >= k:
                away = self._away(near, x, y)
                # No unit farther than this can be in the result.
                reach = min(limit, float(np.partition(away, k - 1)[k - 1]) + ROUNDING_M)
            if unseen_from > reach:
                break
        away = np.concatenate([away, self._away(near[len(away) :], x, y)])
        found = [self._measured(near[i], x, y) for i in np.flatnonzero(away <= reach + ROUNDING_M).tolist()]
        found.sort(key=itemgetter(0, 1))
        return [(unit, distance) for distance, _, unit in found[:k] if distance <= limit]

    def _outwards(self, x: float, y: float) -> Iterator[tuple[Iterable[int], float]]:
        """The slots in each ring of squares around a place, with a lower bound on the distance of every unit in later
        rings: the next ring begins beyond the complete rings passed and the distance to the nearest side of the own
        square. Reduced by `ROUNDING_M`, so that rounding can't skip a unit on the line itself."""
        column, row, side = self._column(x), self._column(y), self._side
        own = column * COLUMN + row
        to_side = min(x - column * side, (column + 1) * side - x, y - row * side, (row + 1) * side - y)
        squares, seen = self._squares, 0
        for ring in count():
            if 8 * ring > len(squares):
                # Cheaper than visiting wide, nearly empty rings.
                passed = {own + step for r in range(ring) for step in _ring(r)}
                yield [slot for square, slots in squares.items() if square not in passed for slot in slots], inf
                return
            slots: list[int] = []
            for step in _ring(ring):
                if here := squares.get(own + step):
                    slots += here
            seen += len(slots)
            yield slots, ring * side + to_side - 2 * ROUNDING_M if seen < len(self._slots) else inf

    def _away(self, slots: list[int], x: float, y: float) -> NDArray[np.float64]:
        """Metres; the last bits may differ from those of a single unit."""
        away: NDArray[np.float64] = np.abs(self._places[np.array(slots, np.int64)] - complex(x, y))
        return away

    def _measured(self, slot: int, x: float, y: float) -> tuple[float, str, Id]:
        place, unit = self._places.item(slot), self._unit(slot)
        return hypot(place.real - x, place.imag - y), str(unit), unit

    def _unit(self, slot: int) -> Id:
        unit: Any = self._units[slot]
        return unit  # type: ignore[no-any-return]

    def _slots_of(self, units: Sequence[Id]) -> Numbers:
        known = list(map(self._slots.get, units))
        return np.array([self._slot(unit) for unit in units] if None in known else known, np.int64)

    def _slot(self, unit: Id) -> int:
        """Its slot, or a free one for a new unit."""
        slot = self._slots.get(unit)
        if slot is None:
            if not self._free:
                self._grow()
            slot = self._slots[unit] = self._free.pop()
            self._units[slot] = unit
        return slot

    def _grow(self) -> None:
        size = len(self._units)
        more = max(FEWEST_SLOTS, size)
        self._units += [None] * more
        self._free += range(size + more - 1, size - 1, -1)
        self._places = np.concatenate([self._places, np.zeros(more, complex)])
        self._square_of = np.concatenate([self._square_of, np.full(more, NOWHERE)])

    def _to_square(self, slot: int, square: int) -> None:
        before = self._square_of.item(slot)
        if before == square:
            return
        self._square_of[slot] = square
        if before != NOWHERE:
            self._squares[before].remove(slot)
            if not self._squares[before]:
                del self._squares[before]
        if square != NOWHERE:
            self._squares.setdefault(square, []).append(slot)

    def _forward(self, lats: ArrayLike, lons: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        x, y = self._projection.forward(lats, lons)
        lost = ~(np.isfinite(x) & np.isfinite(y))
        x[lost] = y[lost] = FARTHEST_M
        return x, y

    def _column(self, metres: float) -> int:
        return max(-LAST, min(LAST, floor(metres / self._side)))


@cache
def _ring(ring: int) -> tuple[int, ...]:
    """The offsets of the numbers of the squares `ring` squares away."""
    if ring == 0:
        return (0,)
    corners = [
        pair for step in range(-ring, ring) for pair in ((step, -ring), (ring, step), (-step, ring), (-ring, -step))
    ]
    return tuple(column * COLUMN + row for column, row in corners)
