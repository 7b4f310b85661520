"""Where an idle unit would do more good than where it is. Advice: nobody is moved by it.

The move that adds most expected coverage (MEXCLP) comes first, as in the redeployment rule of DMEXCLP (Jagtenberg,
Bhulai and van der Mei 2015, Operations Research for Health Care 4); the next is sought as if that one were done. What a
move must gain keeps crews at rest, and nothing swings back: once done, its reverse would lose what it gained.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dispatch.model import Standing, UnitId
from dispatch.model.city import Agency, Station
from dispatch.policy.coverage import Bools, DemandMap, Floats, able_of, reach, worth_of_last, worth_of_next
from geo import Point, TravelTime


@dataclass(frozen=True, slots=True)
class Move:
    """`gain`: urgent calls a day that would be reached in time beyond those of now; `drive_s`: the way there."""

    unit_id: UnitId
    to_station: str
    gain: float
    drive_s: float


@dataclass(frozen=True, slots=True)
class Restraint:
    """`gain`: what a move must bring, urgent calls a day; `drive_s`: how far it may go; `most`: how many at once."""

    gain: float = 1.0
    drive_s: float = 1_200.0
    most: int = 3


@dataclass(frozen=True)
class Bases:
    """The stations that units of each agency may wait at, and what each reaches from there."""

    stations: tuple[Station, ...]
    within: Bools
    """(s, c)"""

    @cached_property
    def points(self) -> tuple[Point, ...]:
        return tuple(Point(station.lat, station.lon) for station in self.stations)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Of the stations, by id."""
        return {station.id: i for i, station in enumerate(self.stations)}

    def of(self, agency: str) -> list[int]:
        return [i for i, station in enumerate(self.stations) if station.agency == agency]


def bases_of(
    stations: Sequence[Station],
    *,
    agencies: Mapping[str, Agency],
    demand: DemandMap,
    travel: TravelTime,
    speed_kmh: Mapping[str, float],
    within_s: float,
) -> Bases:
    """`speed_kmh`: of each agency, now."""
    within = reach(
        np.array([s.lat for s in stations]),
        np.array([s.lon for s in stations]),
        demand=demand,
        travel=travel,
        speed_kmh=np.array([speed_kmh[s.agency] for s in stations]),
        turnout_s=np.array([agencies[s.agency].mobilisation_s for s in stations]),
        within_s=within_s,
    )
    return Bases(tuple(stations), within)


def gains(idle: Sequence[Standing], within: Bools, bases: Bases, *, demand: DemandMap, busy: float) -> Floats:
    """(n, s): urgent calls a day that would be reached in time, beyond those of now, with this unit waiting at that
    station; -inf where the station isn't its agency's. `within` (n, c): what each reaches from where it is."""
    gained = np.full((len(idle), len(bases.stations)), -np.inf)
    able = able_of(idle, demand)
    counts = {capability: within[have].sum(axis=0) for capability, have in able.items()}
    for alike in _alike(idle):
        unit = idle[alike[0]].unit
        theirs = bases.of(unit.agency)
        if not theirs:
            continue
        mine = [c for c in demand.per_day if c in unit.capabilities]
        none = np.zeros(len(demand.cells))
        last = sum((demand.per_day[c] * worth_of_last(counts[c], busy) for c in mine), none)
        more = sum((demand.per_day[c] * worth_of_next(counts[c], busy) for c in mine), none)
        # Where it reaches already it would be the last of those who do; elsewhere one more.
        worth = np.where(within[alike], last, more)
        gained[np.ix_(alike, theirs)] = worth @ bases.within[theirs].T - (within[alike] @ last)[:, np.newaxis]
    return gained


def advise(
    idle: Sequence[Standing],
    within: Bools,
    bases: Bases,
    *,
    demand: DemandMap,
    travel: TravelTime,
    speed_kmh: Mapping[str, float],
    busy: float,
    restraint: Restraint = Restraint(),
    staying: Collection[UnitId] = (),
) -> tuple[Move, ...]:
    """The best moves of `idle` units to stations of their own agencies, best first; `within` (n, c) is what each
    reaches from where it is. Units in `staying` count, and are not moved."""
    if not idle or not bases.stations:
        return ()
    within, moves = within.copy(), list[Move]()
    drive_s = _drive_s(idle, bases, travel, speed_kmh)
    allowed = drive_s <= restraint.drive_s
    allowed[[s.unit.id in staying for s in idle]] = False
    while len(moves) < restraint.most:
        gained = np.where(allowed, gains(idle, within, bases, demand=demand, busy=busy), -np.inf)
        unit, base = divmod(int(np.argmax(gained)), len(bases.stations))
        if gained[unit, base] < restraint.gain:
            break
        gain, way_s = round(float(gained[unit, base]), 3), round(float(drive_s[unit, base]), 1)
        moves.append(Move(idle[unit].unit.id, bases.stations[base].id, gain, way_s))
        within[unit], allowed[unit] = bases.within[base], False
    return tuple(moves)


def _alike(idle: Sequence[Standing]) -> Iterable[list[int]]:
    """Positions of the units that can do the same things for the same agency."""
    groups: dict[tuple[str, frozenset[str]], list[int]] = {}
    for index, standing in enumerate(idle):
        groups.setdefault((standing.unit.agency, frozenset(standing.unit.capabilities)), []).append(index)
    return groups.values()


def _drive_s(idle: Sequence[Standing], bases: Bases, travel: TravelTime, speed_kmh: Mapping[str, float]) -> Floats:
    return travel.seconds(
        np.array([s.point.lat for s in idle]),
        np.array([s.point.lon for s in idle]),
        bases.points,
        speed_kmh=np.array([speed_kmh[s.unit.agency] for s in idle]),
    )
