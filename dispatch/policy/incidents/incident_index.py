"""Open incidents by where they are, so that a call is compared with those around it and not with the whole city."""

from collections.abc import Iterable
from itertools import chain
from math import floor, inf

import numpy as np

from dispatch.model import Incident, IncidentStatus
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel
from dispatch.policy.incidents.incident_table import ROW, IncidentRow, IncidentTable
from dispatch.policy.incidents.same_incident import WIDEST_M
from dispatch.policy.units.unit_table import Ints
from geo import Projection

NARROW_SQUARE_M, WIDE_SQUARE_M = 1_000.0, 3_000.0
FIRST_ROOM = 64
NONE = IncidentTable(np.zeros(0, ROW), np.zeros(0))

Square = tuple[int, int]


class IncidentIndex:
    """A table with a row for each incident that has a place, and which rows lie in which square of a projected plane:
    apart for incidents that are well located and for such that are known only widely, for these are few, and alone to
    be looked for farther away."""

    def __init__(self, projection: Projection, duplicates: DuplicateModel) -> None:
        self.duplicates = duplicates
        self._projection = projection
        self._table, self._places = np.zeros(FIRST_ROOM, ROW), np.zeros(FIRST_ROOM, np.complex128)
        self._unused = list(range(FIRST_ROOM))
        self._rows: dict[int, int] = {}
        self._narrow, self._wide = _Squares(NARROW_SQUARE_M), _Squares(WIDE_SQUARE_M)

    def __len__(self) -> int:
        return len(self._rows)

    def empty_copy(self) -> "IncidentIndex":
        """An empty index of the same city."""
        return IncidentIndex(self._projection, self.duplicates)

    def follow(self, incident: Incident) -> None:
        """The incident as it now is: placed anew, or forgotten when it is closed."""
        location = incident.location
        if incident.status is IncidentStatus.CLOSED or location.lat is None or location.lon is None:
            self._forget(incident.id)
            return
        row = self._rows.get(incident.id)
        if row is None:
            row = self._rows[incident.id] = self._row()
        is_narrow = location.radius_m is not None and location.radius_m <= WIDEST_M
        x, y = self._projection.place(location.lat, location.lon)
        self._table[row], self._places[row] = IncidentRow.of(incident, self.duplicates), complex(x, y)
        (self._wide if is_narrow else self._narrow).forget(row)
        (self._narrow if is_narrow else self._wide).place(row, x, y)

    def within(self, lat: float, lon: float, metres: float, *, narrow_m: float = inf) -> IncidentTable:
        """Every open incident whose position is at most so far away, and how far; in no order. `narrow_m`: of those
        that are well located, only such within it."""
        if not self._rows:
            return NONE
        x, y = self._projection.place(lat, lon)
        narrow_m = min(metres, narrow_m)
        narrow, wide = self._narrow.around(x, y, narrow_m), self._wide.around(x, y, metres)
        rows = np.concatenate([narrow, wide]) if len(wide) else narrow
        distance_m = np.abs(self._places[rows] - complex(x, y))
        near = distance_m <= (np.repeat([narrow_m, metres], [len(narrow), len(wide)]) if len(wide) else narrow_m)
        return IncidentTable(self._table[rows[near]], distance_m[near])

    def _forget(self, number: int) -> None:
        row = self._rows.pop(number, None)
        if row is not None:
            self._narrow.forget(row)
            self._wide.forget(row)
            self._unused.append(row)

    def _row(self) -> int:
        """One that nobody uses; where there is none the table becomes twice as long."""
        if not self._unused:
            size = len(self._table)
            self._table = np.concatenate([self._table, np.zeros_like(self._table)])
            self._places = np.concatenate([self._places, np.zeros_like(self._places)])
            self._unused = list(range(size, 2 * size))
        return self._unused.pop()


class _Squares:
    def __init__(self, side_m: float) -> None:
        self._side_m = side_m
        self._squares: dict[Square, set[int]] = {}
        self._square_of: dict[int, Square] = {}

    def place(self, row: int, x: float, y: float) -> None:
        square = floor(x / self._side_m), floor(y / self._side_m)
        if self._square_of.get(row) != square:
            self.forget(row)
            self._square_of[row] = square
            self._squares.setdefault(square, set()).add(row)

    def forget(self, row: int) -> None:
        square = self._square_of.pop(row, None)
        if square is not None:
            self._squares[square].discard(row)
            if not self._squares[square]:
                del self._squares[square]

    def around(self, x: float, y: float, metres: float) -> Ints:
        """At least all rows so near."""
        if not self._squares:
            return np.zeros(0, np.int64)
        return np.fromiter(chain.from_iterable(self._near(x, y, metres)), np.int64)

    def _near(self, x: float, y: float, metres: float) -> Iterable[set[int]]:
        side, squares = self._side_m, self._squares
        columns = range(floor((x - metres) / side), floor((x + metres) / side) + 1)
        rows = range(floor((y - metres) / side), floor((y + metres) / side) + 1)
        if len(columns) * len(rows) >= len(squares):
            return squares.values()
        return [squares[at] for column in columns for row in rows if (at := (column, row)) in squares]
