"""The room as it is now, in memory, with where every unit was last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.model import Standing, Unit, UnitId, UnitPosition
from dispatch.model.city import City
from dispatch.model.room import Room
from dispatch.store.journal import Entry
from geo import Point, Projection, UnitIndex

# A device's clock may be a little ahead of ours; more than this is a wrong clock.
CLOCK_AHEAD = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Refused:
    index: int
    problem: str


class Picture:
    """Kept true by the feed (`follow`) and by positions (`move`); asked by the desk and shown by live.

    `moved` counts batches of positions: `moved_since(n)` is what a screen at batch n doesn't know yet."""

    def __init__(self, room: Room, city: City, positions: Iterable[UnitPosition]) -> None:
        self.room = room
        self.city = city
        self.positions: dict[UnitId, UnitPosition] = {}
        self.moved = 0
        self._moved_at: dict[UnitId, int] = {}
        self._index: UnitIndex[UnitId] = UnitIndex(Projection(city.crs))
        self._stations = {s.id: Point(s.lat, s.lon) for s in city.stations}
        for unit in room.units.values():
            self._place_at_station(unit)
        for position in positions:
            self._place(position)

    def follow(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.room.apply(entry.event)
            for unit in entry.event.units:
                if unit.removed_at is not None:
                    self._forget(unit.id)
                elif unit.id not in self.positions:
                    self._place_at_station(unit)

    def move(self, positions: Sequence[UnitPosition], *, now: datetime) -> tuple[list[UnitPosition], list[Refused]]:
        """Take a batch; the newest of each unit becomes where it is. Returns what to keep as history, and what not."""
        kept, refused = [], []
        self.moved += 1
        for index, position in enumerate(positions):
            if position.unit_id not in self.room.units:
                refused.append(Refused(index, f"no unit {position.unit_id}"))
            elif position.at > now + CLOCK_AHEAD:
                refused.append(Refused(index, f"{position.at.isoformat()} is in the future"))
            else:
                kept.append(position)
                self._place(position)
        return kept, refused

    def moved_since(self, batch: int) -> list[UnitPosition]:
        return [self.positions[unit_id] for unit_id, at in self._moved_at.items() if at > batch]

    def nearest(self, point: Point, *, k: int) -> list[Standing]:
        """The k nearest units of any status, by the straight line."""
        return [self._standing(unit_id, metres) for unit_id, metres in self._index.nearest(point.lat, point.lon, k)]

    def _standing(self, unit_id: UnitId, metres: float) -> Standing:
        unit, position = self.room.units[unit_id], self.positions.get(unit_id)
        if position is None:
            return Standing(unit, self._stations[unit.station or ""], None, metres)
        return Standing(unit, Point(position.lat, position.lon), position, metres)

    def _place(self, position: UnitPosition) -> None:
        known = self.positions.get(position.unit_id)
        if known is not None and known.at >= position.at:
            return
        self.positions[position.unit_id] = position
        self._moved_at[position.unit_id] = self.moved
        self._index.move(position.unit_id, position.lat, position.lon)

    def _place_at_station(self, unit: Unit) -> None:
        if unit.station in self._stations:
            point = self._stations[unit.station]
            self._index.move(unit.id, point.lat, point.lon)
        else:
            self._index.remove(unit.id)

    def _forget(self, unit_id: UnitId) -> None:
        self.positions.pop(unit_id, None)
        self._moved_at.pop(unit_id, None)
        self._index.remove(unit_id)
