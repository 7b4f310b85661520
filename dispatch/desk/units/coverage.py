"""Coverage of the city's urgent calls by the available units, kept beside the picture.

Travel times are straight lines times a detour: the loss of a district is a matter of kilometres, and a road search from
each of a thousand cells would be too slow to repeat every few seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from dispatch.model import ASSIGNABLE, Interval, PlacedUnit, UnitId, UnitStatus
from dispatch.model.city import City
from dispatch.picture.picture import Picture
from dispatch.policy.units.coverage import Bools, DemandMap, able_of, covered, lost, reach
from dispatch.policy.units.demand import demand_map
from dispatch.policy.units.move_up import Bases, Move, advise, bases_of
from geo import Point, TravelTime

EVERY = timedelta(seconds=3)
# A larger fleet than this is a country's: the loss of coverage isn't computed while a caller waits.
MOST_UNITS = 1_500
# Used if the city sets no target.
RESPONSE_S, PROCESS_S = 720.0, 60.0


@dataclass(frozen=True, slots=True)
class CoveredCell:
    """`demand`: urgent calls a day; `covered`: the share of them, 0-1, expected to be reached in time."""

    h3: str
    demand: float
    covered: float


@dataclass(frozen=True, slots=True)
class Covering:
    """`demand`: urgent calls a day, a call that needs two capabilities counted for each; `covered`: the share of them,
    0-1, expected to be reached in time with the units as they are; `moves`: moves that would improve it. `travel` names
    the source of the times."""

    at: datetime
    demand: float
    covered: float
    within_s: float
    travel: str
    cells: tuple[CoveredCell, ...]
    moves: tuple[Move, ...]


class Coverage:
    """`busy`: the probability that a unit is busy; `incidents_per_day`: of all kinds in the whole city."""

    def __init__(
        self, city: City, picture: Picture, travel: TravelTime, *, incidents_per_day: float, busy: float
    ) -> None:
        self._city, self._picture, self._busy, self._per_day = city, picture, busy, incidents_per_day
        self._travel = travel
        self._stations = {s.id: Point(s.lat, s.lon) for s in city.stations}
        self._within_s = order_to_arrival_s(city)
        self._lost: Mapping[UnitId, float] = {}
        self._made_at: datetime | None = None
        self._free: frozenset[UnitId] = frozenset()
        self._changes = -1

    @cached_property
    def _demand(self) -> DemandMap:
        return demand_map(self._city, per_day=self._per_day)

    def lost(self, *, at: datetime | None = None) -> Mapping[UnitId, float]:
        """Unit that may be sent → urgent calls a day that would no longer be reached in time without it. Recomputed
        when the set of these units changes, and every few seconds because units move; not for each call of a burst.
        Empty for a country's fleet."""
        at = at or datetime.now(UTC)
        are_others = self._others_are_free()
        if are_others or self._made_at is None or not timedelta(0) <= at - self._made_at < EVERY:
            self._lost, self._made_at = self._worth(at), at
        return self._lost

    def _others_are_free(self) -> bool:
        if self._changes == self._picture.changes:
            return False
        self._changes, before = self._picture.changes, self._free
        self._free = frozenset(unit.id for unit in self._picture.room.units.values() if unit.status in ASSIGNABLE)
        return self._free != before

    def covering(self, placed_units: Sequence[PlacedUnit], *, at: datetime) -> Covering:
        """`placed_units` as returned by `placed_units()`. Takes some ten milliseconds and may run in a thread."""
        placed_units = placed_units[:MOST_UNITS]
        demand, speed_kmh = self._demand, self._speed_kmh(at)
        within, bases = self._reach(placed_units, speed_kmh), self._bases(speed_kmh)
        reached = covered(within, able_of(placed_units, demand), demand=demand, busy=self._busy)
        # A unit that is returning counts at its station: the question is whether another place would be better.
        for row, standing in enumerate(placed_units):
            home = bases.position.get((standing.unit.station or "", standing.unit.agency))
            if standing.unit.status is UnitStatus.RETURNING and home is not None:
                within[row] = bases.within[home]
        moves = advise(
            placed_units, within, bases, demand=demand, travel=self._travel, speed_kmh=speed_kmh, busy=self._busy
        )
        part = np.divide(reached, demand.total, out=np.ones_like(reached), where=demand.total > 0)
        rows = zip(demand.cells, demand.total.tolist(), part.tolist(), strict=True)
        cells = tuple(CoveredCell(cell, round(calls, 4), round(reach, 4)) for cell, calls, reach in rows)
        total = float(demand.total.sum())
        return Covering(
            at, round(total, 2), round(float(reached.sum()) / total, 4), self._within_s, "line", cells, moves
        )

    def placed_units(self) -> list[PlacedUnit]:
        """The units that may be sent, with their places; those without a known place are left out."""
        found = []
        for unit in self._picture.room.units.values():
            if unit.status not in ASSIGNABLE:
                continue
            position = self._picture.positions.get(unit.id)
            point = Point(position.lat, position.lon) if position else self._stations.get(unit.station or "")
            if point is not None:
                found.append(PlacedUnit(unit, point, position, 0.0))
        return found

    def _worth(self, at: datetime) -> Mapping[UnitId, float]:
        placed_units = self.placed_units()
        if len(placed_units) > MOST_UNITS:
            return {}
        within = self._reach(placed_units, self._speed_kmh(at))
        worth = lost(within, able_of(placed_units, self._demand), demand=self._demand, busy=self._busy)
        return {s.unit.id: value for s, value in zip(placed_units, worth.tolist(), strict=True)}

    def _bases(self, speed_kmh: Mapping[str, float]) -> Bases:
        return bases_of(
            self._city.stations,
            agencies=self._city.agencies_by_code,
            demand=self._demand,
            travel=self._travel,
            speed_kmh=speed_kmh,
            within_s=self._within_s,
        )

    def _reach(self, placed_units: Sequence[PlacedUnit], speed_kmh: Mapping[str, float]) -> Bools:
        return reach(
            np.array([s.point.lat for s in placed_units]),
            np.array([s.point.lon for s in placed_units]),
            demand=self._demand,
            travel=self._travel,
            speed_kmh=np.array([speed_kmh[s.unit.agency] for s in placed_units]),
            turnout_s=np.array([self._city.agency(s.unit.agency).mobilisation_s for s in placed_units]),
            within_s=self._within_s,
        )

    def _speed_kmh(self, at: datetime) -> dict[str, float]:
        return {agency.code: self._city.speed_kmh(agency.code, at) for agency in self._city.agencies}


def order_to_arrival_s(city: City) -> float:
    """Seconds from the order to the arrival that the target for priority 1 leaves."""
    response = city.target(Interval.RESPONSE, priority=1)
    process = city.target(Interval.PROCESS)
    return (response.seconds if response else RESPONSE_S) - (process.seconds if process else PROCESS_S)
