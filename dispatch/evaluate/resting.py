"""Advanced life support when idle: coverage from the home stations, and from the advised places."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatch.evaluate.calls import A_DAY
from dispatch.evaluate.places import Places
from dispatch.evaluate.policies import every_station_hosts_ambulances, order_to_arrival_s
from dispatch.evaluate.simulation import BUSY
from dispatch.model import PlacedUnit, Unit, UnitId, UnitStatus
from dispatch.model.city import City
from dispatch.policy.units.coverage import Bools, DemandMap, Floats, able_of, covered, reach
from dispatch.policy.units.move_up import Restraint, advise, bases_of
from geo import Point

CAPABILITY = "als"
HOUR = 12
FREELY = Restraint(gain=0.05, drive_s=1e9, most=40)
"""Their placement if it were free to choose."""


@dataclass(frozen=True, eq=False)
class Resting:
    """`covered` (c,): the share of each cell's calls expected to be reached in time; `share`: of all."""

    name: str
    points: tuple[Point, ...]
    covered: Floats
    share: float


def at_rest(city: City, places: Places) -> tuple[Resting, ...]:
    units = [u for u in city.fleet if CAPABILITY in u.capabilities]
    home = [_standing(u.id, u.agency, places.points[places.station[u.station]]) for u in units]
    own = _moved(home, city, places, hosts={})
    anywhere = _moved(home, city, places, hosts=every_station_hosts_ambulances(city))
    named = (("At home", home), ("As advised, own stations", own), ("As advised, any station", anywhere))
    return tuple(_resting(name, placed_units, city, places) for name, placed_units in named)


def _standing(unit_id: str, agency: str, point: Point) -> PlacedUnit:
    unit = Unit(UnitId(unit_id), agency, "", (CAPABILITY,), None, UnitStatus.AVAILABLE, A_DAY)
    return PlacedUnit(unit, point, None, 0.0)


def _moved(
    home: Sequence[PlacedUnit], city: City, places: Places, *, hosts: Mapping[str, Collection[str]]
) -> list[PlacedUnit]:
    demand, speed_kmh = _demand(places), _speed_kmh(city)
    bases = bases_of(
        city.stations,
        agencies=city.agencies_by_code,
        demand=demand,
        travel=places,
        speed_kmh=speed_kmh,
        within_s=order_to_arrival_s(city, 1),
        hosts=hosts,
    )
    moves = advise(
        home,
        _within(home, city, places, demand),
        bases,
        demand=demand,
        travel=places,
        speed_kmh=speed_kmh,
        busy=BUSY,
        restraint=FREELY,
    )
    to = {move.unit_id: places.points[places.station[move.to_station]] for move in moves}
    return [replace(s, point=to.get(s.unit.id, s.point)) for s in home]


def _resting(name: str, placed_units: Sequence[PlacedUnit], city: City, places: Places) -> Resting:
    demand = _demand(places)
    within = _within(placed_units, city, places, demand)
    reached = covered(within, able_of(placed_units, demand), demand=demand, busy=BUSY)
    part = np.divide(reached, demand.total, out=np.zeros_like(reached), where=demand.total > 0)
    return Resting(name, tuple(s.point for s in placed_units), part, float(reached.sum() / demand.total.sum()))


def _within(placed_units: Sequence[PlacedUnit], city: City, places: Places, demand: DemandMap) -> Bools:
    speed_kmh = _speed_kmh(city)
    return reach(
        np.array([s.point.lat for s in placed_units]),
        np.array([s.point.lon for s in placed_units]),
        demand=demand,
        travel=places,
        speed_kmh=np.array([speed_kmh[s.unit.agency] for s in placed_units]),
        turnout_s=np.array([city.agency(s.unit.agency).mobilisation_s for s in placed_units]),
        within_s=order_to_arrival_s(city, 1),
    )


def _demand(places: Places) -> DemandMap:
    return replace(places.demand, per_day={CAPABILITY: places.demand.per_day[CAPABILITY]})


def _speed_kmh(city: City) -> dict[str, float]:
    noon = A_DAY.replace(tzinfo=city.zone, hour=HOUR)
    return {agency.code: city.speed_kmh(agency.code, noon) for agency in city.agencies}
