"""The current state in memory, with the last position of every unit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dispatch.model import PlacedUnit, Unit, UnitId, UnitPosition, clock
from dispatch.model.city import City
from dispatch.model.doubt import Doubt
from dispatch.model.room import Room
from dispatch.picture.fleet import Fleet
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel
from dispatch.policy.incidents.incident_index import IncidentIndex
from dispatch.policy.units.position_doubt import Believable, Rival, after_rival, believable_in, doubt_of
from dispatch.policy.units.unit_table import UnitProfile, UnitTable
from dispatch.store.journal import Entry
from geo import Point, Projection, UnitIndex

FLYING = "helicopter"


@dataclass(frozen=True, slots=True)
class Refused:
    index: int
    problem: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    index: int
    doubt: Doubt


@dataclass(slots=True)
class Taken:
    """What became of a batch of positions: `history` is all that is kept, doubtful or not, in the order it came.
    `corrected`: indexes of those whose time can't be, and was read as what it most probably means."""

    history: list[tuple[UnitPosition, Doubt | None]] = field(default_factory=list)
    doubtful: list[Doubtful] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    corrected: list[int] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return len(self.history) - len(self.doubtful)

    def add(self, piece: "Taken", *, offset: int) -> None:
        """A later part of the same batch, which begins at its position `offset`."""
        self.history += piece.history
        self.doubtful += (Doubtful(d.index + offset, d.doubt) for d in piece.doubtful)
        self.refused += (Refused(r.index + offset, r.problem) for r in piece.refused)
        self.corrected += (index + offset for index in piece.corrected)


class Picture:
    """Updated by the feed (`follow`) and by positions (`move`); read by the desk and the screens.

    `moved` counts batches of positions: `moved_since(n)` is what a screen at batch n doesn't know yet; `changes` counts
    changes of units. `heard_at` is when anything was last received from a unit's device, accepted or not, except
    repetitions and positions from the future."""

    def __init__(
        self, room: Room, city: City, positions: Iterable[UnitPosition], *, believable: Believable | None = None
    ) -> None:
        self.room = room
        self.city = city
        self.positions: dict[UnitId, UnitPosition] = {}
        self.heard_at: dict[UnitId, datetime] = {}
        self.moved = 0
        self.changes = 0
        self._moved_at: dict[UnitId, int] = {}
        self._believable = believable or believable_in(city.parishes.bounds)
        self._rivals: dict[UnitId, Rival] = {}
        self._projection = Projection(city.crs)
        self._index: UnitIndex[UnitId] = UnitIndex(self._projection)
        self._fleet: Fleet | None = None
        self._stations = {s.id: Point(s.lat, s.lon) for s in city.stations}
        self.open_index = IncidentIndex(self._projection, DuplicateModel(city))
        for incident in room.incidents.values():
            self.open_index.follow(incident)
        for unit in room.units.values():
            self._place_at_station(unit)
        known = {p.unit_id: p for p in positions if p.unit_id in room.units}
        self.heard_at |= {unit_id: position.at for unit_id, position in known.items()}
        self._place(known)

    def follow(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.room.apply(entry.event)
            if entry.event.incident is not None:
                self.open_index.follow(entry.event.incident)
            for unit in entry.event.units:
                self._follow_unit(unit)

    def _follow_unit(self, unit: Unit) -> None:
        self.changes += 1
        if unit.removed_at is not None:
            self._forget(unit.id)
            return
        if unit.id not in self.positions:
            self._place_at_station(unit)
        if self._fleet is not None and not self._fleet.follow(unit):
            self._fleet = None

    def move(self, positions: Sequence[UnitPosition], *, now: datetime, doubt: Doubt | None = None) -> Taken:
        """Process a batch in the order of arrival, received `now`: the newest accepted position of each unit becomes
        its position. `doubt`: stated by the device for all of them."""
        taken, moved = Taken(), dict[UnitId, UnitPosition]()
        units, known, believable = self.room.units, self.positions, self._believable
        oldest = now - clock.MOST_OLD
        for index, position in enumerate(positions):
            unit_id = position.unit_id
            if unit_id not in units:
                taken.refused.append(Refused(index, f"no unit {unit_id}"))
                continue
            before = moved.get(unit_id) or known.get(unit_id)
            if position.at < oldest and (found := clock.rolled_over(position.at, now=now)) is not None:
                position = replace(position, at=found[0])
                taken.corrected.append(index)
            doubtful = doubt or doubt_of(position, before, believable, now=now)
            if doubtful is Doubt.TOO_FAST and before is not None:
                doubtful = self._weigh(position, before, now=now)
            is_ahead = doubtful is Doubt.FUTURE
            if is_ahead and self._agrees_on_receipt(position, now=now):
                position, doubtful = replace(position, at=now), None
                taken.corrected.append(index)
            taken.history.append((position, doubtful))
            if doubtful is None:
                moved[unit_id] = position
                # Whichever track it was on, a rival of it is over.
                if unit_id in self._rivals and not is_ahead:
                    del self._rivals[unit_id]
            else:
                taken.doubtful.append(Doubtful(index, doubtful))
            if doubtful is not Doubt.FUTURE and doubtful is not Doubt.DUPLICATE:
                self.heard_at[unit_id] = now
        self._place(moved)
        return taken

    def share(self, positions: Sequence[UnitPosition], *, heard_at: datetime | None) -> None:
        """Positions that another node accepted: used if they are newer than the known one. Unknown units are ignored.
        `heard_at`: when they arrived there, None if that may be long ago."""
        moved: dict[UnitId, UnitPosition] = {}
        units, known = self.room.units, self.positions
        for position in positions:
            unit_id = position.unit_id
            before = known.get(unit_id)
            if unit_id in units and (before is None or position.at > before.at):
                moved[unit_id] = position
                self._rivals.pop(unit_id, None)
        self._place(moved)
        if heard_at is not None:
            self.heard_at |= dict.fromkeys(moved, heard_at)

    def moved_since(self, batch: int) -> list[UnitPosition]:
        return [self.positions[unit_id] for unit_id, at in self._moved_at.items() if at > batch]

    def nearest(self, point: Point, *, k: int, where: Callable[[Unit], bool] | None = None) -> list[PlacedUnit]:
        """The k nearest units by the straight line; only those that satisfy `where`."""
        units = self.room.units
        fits = (lambda unit_id: where(units[unit_id])) if where is not None else None
        near = self._index.nearest(point.lat, point.lon, k, fits)
        return [self._standing(unit_id, metres) for unit_id, metres in near]

    def around(self, points: Sequence[Point], which: Callable[[UnitProfile], bool]) -> UnitTable:
        """All units of these profiles that have a place. For a city's fleet; for a larger one use `nearest`."""
        if self._fleet is None:
            placed = [unit_id for unit_id in self.room.units if unit_id in self._index]
            self._fleet = Fleet((self._standing(unit_id, 0.0) for unit_id in placed), self._projection)
        return self._fleet.around(points, which)

    def _standing(self, unit_id: UnitId, metres: float) -> PlacedUnit:
        unit, position = self.room.units[unit_id], self.positions.get(unit_id)
        if position is None:
            return PlacedUnit(unit, self._stations[unit.station or ""], None, metres)
        return PlacedUnit(unit, Point(position.lat, position.lon), position, metres)

    def _weigh(self, position: UnitPosition, before: UnitPosition, *, now: datetime) -> Doubt | None:
        """Check a position that can't be reached from the last one, unless the unit flies; with enough others of its
        track it is accepted."""
        flies = FLYING in self.room.units[position.unit_id].capabilities
        if flies and doubt_of(position, before, self._believable, now=now, flies=True) is None:
            return None
        rival = after_rival(self._rivals.get(position.unit_id), position, self._believable, flies=flies)
        self._rivals[position.unit_id] = rival
        return None if rival.wins else Doubt.TOO_FAST

    def _agrees_on_receipt(self, position: UnitPosition, *, now: datetime) -> bool:
        """Of a device whose clock is ahead: has it moved as a unit can by the times of receipt, often enough?"""
        rival = after_rival(self._rivals.get(position.unit_id), replace(position, at=now), self._believable)
        self._rivals[position.unit_id] = rival
        return rival.wins and rival.position.at == now

    def _place(self, moved: dict[UnitId, UnitPosition]) -> None:
        if not moved:
            return
        self.moved += 1
        self.positions |= moved
        self._moved_at |= dict.fromkeys(moved, self.moved)
        self._index.move_many(list(moved), [p.lat for p in moved.values()], [p.lon for p in moved.values()])
        if self._fleet is not None and not self._fleet.move(moved):
            self._fleet = None

    def _place_at_station(self, unit: Unit) -> None:
        if unit.station in self._stations:
            point = self._stations[unit.station]
            self._index.move(unit.id, point.lat, point.lon)
        else:
            self._index.remove(unit.id)

    def _forget(self, unit_id: UnitId) -> None:
        self.positions.pop(unit_id, None)
        self.heard_at.pop(unit_id, None)
        self._moved_at.pop(unit_id, None)
        self._rivals.pop(unit_id, None)
        self._index.remove(unit_id)
        self._fleet = None
