"""Open incidents by where they are, so that a call is compared with those around it and not with the whole city."""

from collections.abc import Iterator
from math import floor, hypot

from dispatch.model import Incident, IncidentId, IncidentStatus
from dispatch.policy.same_incident import Near
from geo import Projection

Square = tuple[int, int]


class Nearby:
    """Squares of a projected plane. Incidents without any place are in none of them."""

    def __init__(self, projection: Projection, square_m: float = 1000.0) -> None:
        self._projection = projection
        self._square_m = square_m
        self._squares: dict[Square, dict[IncidentId, tuple[float, float, Incident]]] = {}
        self._square_of: dict[IncidentId, Square] = {}

    def __len__(self) -> int:
        return len(self._square_of)

    def follow(self, incident: Incident) -> None:
        """The incident as it now is: placed anew, or forgotten when it is closed."""
        self._forget(incident.id)
        location = incident.location
        if incident.status is IncidentStatus.CLOSED or location.lat is None or location.lon is None:
            return
        x, y = self._projection.place(location.lat, location.lon)
        square = (floor(x / self._square_m), floor(y / self._square_m))
        self._squares.setdefault(square, {})[incident.id] = (x, y, incident)
        self._square_of[incident.id] = square

    def within(self, lat: float, lon: float, metres: float) -> list[Near]:
        """Every open incident whose position is at most so far away, and how far; in no order."""
        x, y = self._projection.place(lat, lon)
        return [
            Near(incident, apart)
            for there_x, there_y, incident in self._around(x, y, metres)
            if (apart := hypot(there_x - x, there_y - y)) <= metres
        ]

    def _around(self, x: float, y: float, metres: float) -> Iterator[tuple[float, float, Incident]]:
        side = self._square_m
        for column in range(floor((x - metres) / side), floor((x + metres) / side) + 1):
            for row in range(floor((y - metres) / side), floor((y + metres) / side) + 1):
                if square := self._squares.get((column, row)):
                    yield from square.values()

    def _forget(self, incident_id: IncidentId) -> None:
        square = self._square_of.pop(incident_id, None)
        if square is not None:
            del self._squares[square][incident_id]
            if not self._squares[square]:
                del self._squares[square]
