"""Where an idle unit would improve coverage. Advice only: no unit is moved.

The move that adds most expected coverage (MEXCLP) comes first, as in the redeployment rule of DMEXCLP (Jagtenberg,
Bhulai and van der Mei 2015, Operations Research for Health Care 4); the next is computed as if that one were done. The
minimum gain avoids small moves, and moves don't oscillate: after a move, its reverse would lose what it gained."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dispatch.model import PlacedUnit, UnitId
from dispatch.model.city import Agency, Station
from dispatch.policy.units.coverage import Bools, DemandMap, Floats, able_of, reach, worth_of_last, worth_of_next
from geo import Point, TravelTime


@dataclass(frozen=True, slots=True)
class Move:
    """`gain`: urgent calls a day that would be reached in time in addition to now; `drive_s`: the travel time."""

    unit_id: UnitId
    to_station: str
    gain: float
    drive_s: float


@dataclass(frozen=True, slots=True)
class Restraint:
    """`gain`: minimum of urgent calls a day; `drive_s`: maximum travel time; `most`: maximum number of moves."""

    gain: float = 1.0
    drive_s: float = 1_200.0
    most: int = 3


@dataclass(frozen=True)
class Bases:
    """Where units may wait: base i is `stations[i]` for units of `agencies[i]`, and `within` (b, c) the cells that they
    reach from there."""

    stations: tuple[Station, ...]
    agencies: tuple[str, ...]
    within: Bools

    @cached_property
    def points(self) -> tuple[Point, ...]:
        return tuple(Point(station.lat, station.lon) for station in self.stations)

    @cached_property
    def reached(self) -> Floats:
        """`within` as numbers, for multiplication."""
        return self.within.astype(np.float64)

    @cached_property
    def position(self) -> dict[tuple[str, str], int]:
        """The number of a base, by the station's id and the agency."""
        return {(s.id, agency): i for i, (s, agency) in enumerate(zip(self.stations, self.agencies, strict=True))}

    def of(self, agency: str) -> list[int]:
        return [i for i, whose in enumerate(self.agencies) if whose == agency]


def bases_of(
    stations: Sequence[Station],
    *,
    agencies: Mapping[str, Agency],
    demand: DemandMap,
    travel: TravelTime,
    speed_kmh: Mapping[str, float],
    within_s: float,
    hosts: Mapping[str, Collection[str]] = {},
) -> Bases:
    """The stations of each agency for its own units, and for those of the agencies that it `hosts`. `speed_kmh`: of
    each agency, now."""
    pairs = [(s, code) for s in stations for code in (s.agency, *hosts.get(s.agency, ()))]
    within = reach(
        np.array([s.lat for s, _ in pairs]),
        np.array([s.lon for s, _ in pairs]),
        demand=demand,
        travel=travel,
        speed_kmh=np.array([speed_kmh[code] for _, code in pairs]),
        turnout_s=np.array([agencies[code].mobilisation_s for _, code in pairs]),
        within_s=within_s,
    )
    return Bases(tuple(s for s, _ in pairs), tuple(code for _, code in pairs), within)


def gains(
    idle: Sequence[PlacedUnit],
    within: Bools,
    bases: Bases,
    *,
    demand: DemandMap,
    busy: float,
    staying: Collection[UnitId] = (),
) -> Floats:
    """(n, b): urgent calls a day that would be reached in time, in addition to now, with this unit waiting at that
    base; -inf if the base isn't for its agency, and for units in `staying`. `within` (n, c): what each reaches from
    where it is."""
    gained = np.full((len(idle), len(bases.stations)), -np.inf)
    able = able_of(idle, demand)
    counts = {capability: within[have].sum(axis=0).astype(np.float64) for capability, have in able.items()}
    for alike in _alike(idle, staying):
        unit = idle[alike[0]].unit
        theirs = bases.of(unit.agency)
        if not theirs:
            continue
        mine = [c for c in counts if c in unit.capabilities]
        none = np.zeros(len(demand.cells))
        last = sum((demand.per_day[c] * worth_of_last(counts[c], busy) for c in mine), none)
        more = sum((demand.per_day[c] * worth_of_next(counts[c], busy) for c in mine), none)
        # Where it reaches already it is one of those counted; elsewhere it is one more.
        here = within[alike]
        worth = np.where(here, last, more)
        gained[np.ix_(alike, theirs)] = worth @ bases.reached[theirs].T - (here @ last)[:, np.newaxis]
    return gained


def advise(
    idle: Sequence[PlacedUnit],
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
    """The best moves of `idle` units to bases of their agencies, best first; `within` (n, c) is what each reaches from
    where it is. Units in `staying` count, and are not moved."""
    if not idle or not bases.stations:
        return ()
    within, resting, moves = within.copy(), set(staying), list[Move]()
    drive_s = _drive_s(idle, bases, travel, speed_kmh)
    while len(moves) < restraint.most:
        gained = gains(idle, within, bases, demand=demand, busy=busy, staying=resting)
        gained[drive_s > restraint.drive_s] = -np.inf
        unit, base = divmod(int(np.argmax(gained)), len(bases.stations))
        if gained[unit, base] < restraint.gain:
            break
        gain, way_s = round(float(gained[unit, base]), 3), round(float(drive_s[unit, base]), 1)
        moves.append(Move(idle[unit].unit.id, bases.stations[base].id, gain, way_s))
        within[unit] = bases.within[base]
        resting.add(idle[unit].unit.id)
    return tuple(moves)


def _alike(idle: Sequence[PlacedUnit], staying: Collection[UnitId]) -> Iterable[list[int]]:
    """Positions of the units with the same capabilities and agency, except those in `staying`."""
    groups: dict[tuple[str, frozenset[str]], list[int]] = {}
    for index, standing in enumerate(idle):
        if standing.unit.id in staying:
            continue
        groups.setdefault((standing.unit.agency, frozenset(standing.unit.capabilities)), []).append(index)
    return groups.values()


def _drive_s(idle: Sequence[PlacedUnit], bases: Bases, travel: TravelTime, speed_kmh: Mapping[str, float]) -> Floats:
    return travel.seconds(
        np.array([s.point.lat for s in idle]),
        np.array([s.point.lon for s in idle]),
        bases.points,
        speed_kmh=np.array([speed_kmh[s.unit.agency] for s in idle]),
    )
