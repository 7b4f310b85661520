"""Open incidents by where they are, so that a call is compared with those around it and not with the whole city."""

from collections.abc import Iterable
from math import floor, hypot, inf

from dispatch.model import Incident, IncidentId, IncidentStatus
from dispatch.policy.same_incident import WIDEST_M, Near
from geo import Projection

Square = dict[IncidentId, tuple[float, float, Incident]]


class Nearby:
    """Squares of a projected plane, apart for incidents that are well located and for such that are known only widely:
    these are few, and alone to be looked for farther away. Incidents without any place are in none."""

    def __init__(self, projection: Projection, square_m: float = 500.0, wide_square_m: float = 3_000.0) -> None:
        self._projection = projection
        self._narrow, self._wide = _Squares(square_m), _Squares(wide_square_m)

    def __len__(self) -> int:
        return len(self._narrow) + len(self._wide)

    def follow(self, incident: Incident) -> None:
        """The incident as it now is: placed anew, or forgotten when it is closed."""
        self._narrow.forget(incident.id)
        self._wide.forget(incident.id)
        location = incident.location
        if incident.status is IncidentStatus.CLOSED or location.lat is None or location.lon is None:
            return
        is_narrow = location.radius_m is not None and location.radius_m <= WIDEST_M
        squares = self._narrow if is_narrow else self._wide
        squares.place(incident, *self._projection.place(location.lat, location.lon))

    def within(self, lat: float, lon: float, metres: float, *, narrow_m: float = inf) -> list[Near]:
        """Every open incident whose position is at most so far away, and how far; in no order. `narrow_m`: of those
        that are well located, only such within it."""
        x, y = self._projection.place(lat, lon)
        return self._narrow.within(x, y, min(metres, narrow_m)) + self._wide.within(x, y, metres)


class _Squares:
    def __init__(self, side_m: float) -> None:
        self._side_m = side_m
        self._squares: dict[tuple[int, int], Square] = {}
        self._square_of: dict[IncidentId, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._square_of)

    def place(self, incident: Incident, x: float, y: float) -> None:
        square = (floor(x / self._side_m), floor(y / self._side_m))
        self._squares.setdefault(square, {})[incident.id] = (x, y, incident)
        self._square_of[incident.id] = square

    def within(self, x: float, y: float, metres: float) -> list[Near]:
        return [
            Near(incident, apart)
            for square in self._around(x, y, metres)
            for there_x, there_y, incident in square.values()
            if (apart := hypot(there_x - x, there_y - y)) <= metres
        ]

    def _around(self, x: float, y: float, metres: float) -> Iterable[Square]:
        side, squares = self._side_m, self._squares
        columns = range(floor((x - metres) / side), floor((x + metres) / side) + 1)
        rows = range(floor((y - metres) / side), floor((y + metres) / side) + 1)
        if len(columns) * len(rows) >= len(squares):
            return squares.values()
        return [squares[at] for column in columns for row in rows if (at := (column, row)) in squares]

    def forget(self, incident_id: IncidentId) -> None:
        square = self._square_of.pop(incident_id, None)
        if square is not None:
            del self._squares[square][incident_id]
            if not self._squares[square]:
                del self._squares[square]
