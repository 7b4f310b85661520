"""Open incidents by where they are, so that a call is compared with those around it and not with the whole city."""

from collections.abc import Iterable
from itertools import chain
from math import floor, inf

import numpy as np

from dispatch.model import Incident, IncidentStatus
from dispatch.policy.echoes import Echoes
from dispatch.policy.near import ROW, Near, Source
from dispatch.policy.same_incident import WIDEST_M
from geo import Projection

FIRST_ROOM = 64

NONE = Near(np.zeros(0, ROW), np.zeros(0))

Square = tuple[int, int]


class Nearby:
    """Squares of a projected plane, apart for incidents that are well located and for such that are known only widely:
    these are few, and alone to be looked for farther away. Incidents without any place are in none."""

    def __init__(
        self, projection: Projection, echoes: Echoes, *, square_m: float = 1_000.0, wide_square_m: float = 3_000.0
    ) -> None:
        self.echoes = echoes
        self.projection = projection
        self._narrow, self._wide = _Squares(square_m), _Squares(wide_square_m)

    def __len__(self) -> int:
        return len(self._narrow) + len(self._wide)

    def follow(self, incident: Incident) -> None:
        """The incident as it now is: placed anew, or forgotten when it is closed."""
        location = incident.location
        is_open = incident.status is not IncidentStatus.CLOSED and location.lat is not None
        is_narrow = location.radius_m is not None and location.radius_m <= WIDEST_M
        for squares, is_here in ((self._narrow, is_narrow), (self._wide, not is_narrow)):
            if not (is_open and is_here):
                squares.forget(incident.id)
            elif location.lat is not None and location.lon is not None:
                x, y = self.projection.place(location.lat, location.lon)
                squares.place(Source.of(incident, self.echoes), x, y)

    def beside(self) -> "Nearby":
        """An empty one of the same city."""
        return Nearby(self.projection, self.echoes)

    def within(self, lat: float, lon: float, metres: float, *, narrow_m: float = inf) -> Near:
        """Every open incident whose position is at most so far away, and how far; in no order. `narrow_m`: of those
        that are well located, only such within it."""
        x, y = self.projection.place(lat, lon)
        return self._narrow.within(x, y, min(metres, narrow_m)) + self._wide.within(x, y, metres)


class _Squares:
    """A table with a row for each incident, and which rows lie in which square."""

    def __init__(self, side_m: float) -> None:
        self._side_m = side_m
        self._table, self._places = np.zeros(FIRST_ROOM, ROW), np.zeros(FIRST_ROOM, np.complex128)
        self._unused = list(range(FIRST_ROOM))
        self._squares: dict[Square, set[int]] = {}
        self._where: dict[int, tuple[int, Square]] = {}

    def __len__(self) -> int:
        return len(self._where)

    def place(self, source: Source, x: float, y: float) -> None:
        square = (floor(x / self._side_m), floor(y / self._side_m))
        if source.id in self._where and self._where[source.id][1] != square:
            self.forget(source.id)
        if source.id not in self._where:
            row = self._row()
            self._where[source.id] = row, square
            self._squares.setdefault(square, set()).add(row)
        row, _ = self._where[source.id]
        self._table[row], self._places[row] = source, complex(x, y)

    def within(self, x: float, y: float, metres: float) -> Near:
        if not self._where:
            return NONE
        rows = np.fromiter(chain.from_iterable(self._around(x, y, metres)), np.int64)
        distance_m = np.abs(self._places[rows] - complex(x, y))
        near = distance_m <= metres
        return Near(self._table[rows[near]], distance_m[near])

    def _around(self, x: float, y: float, metres: float) -> Iterable[set[int]]:
        side, squares = self._side_m, self._squares
        columns = range(floor((x - metres) / side), floor((x + metres) / side) + 1)
        rows = range(floor((y - metres) / side), floor((y + metres) / side) + 1)
        if len(columns) * len(rows) >= len(squares):
            return squares.values()
        return [squares[at] for column in columns for row in rows if (at := (column, row)) in squares]

    def forget(self, id: int) -> None:
        if id not in self._where:
            return
        row, square = self._where.pop(id)
        self._squares[square].discard(row)
        if not self._squares[square]:
            del self._squares[square]
        self._unused.append(row)

    def _row(self) -> int:
        """One that nobody uses; where there is none the tables become twice as long."""
        if not self._unused:
            size = len(self._table)
            self._table, self._places = (np.concatenate([t, np.zeros_like(t)]) for t in (self._table, self._places))
            self._unused = list(range(size, 2 * size))
        return self._unused.pop()
