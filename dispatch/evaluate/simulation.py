"""One day of the city under one policy: events in order of time, decisions by the service's functions.

Not modelled: shifts and breaks, patrols on their beat (an available unit waits at a station), pre-emption, calls that
turn out to be of another nature, several callers of one emergency."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from math import isnan, nan

import numpy as np

from dispatch.evaluate.calls import Call, Day
from dispatch.evaluate.fleet import Fleet, standings_of
from dispatch.evaluate.outcome import Outcome, medical_of, priorities_of
from dispatch.evaluate.places import TABLE_KMH, Places
from dispatch.evaluate.policies import Policy, order_to_arrival_s
from dispatch.evaluate.vehicle import Trip, Vehicle
from dispatch.model import UnitId, UnitStatus
from dispatch.model.city import City, Need
from dispatch.policy.units.candidates import turnout_s
from dispatch.policy.units.coverage import Bools, coverage_lost, reach
from dispatch.policy.units.move_up import Bases, advise, bases_of
from dispatch.policy.units.recommend import recommend
from dispatch.policy.units.unit_table import UnitTable
from geo import Location, LocationStatus

BUSY = 0.3
# A caller who has no unit by then has given up; one who has some units by then needs no more.
PATIENCE_S, ENOUGH_S = 4 * 3_600.0, 3_600.0
# Without siren and lights: a little slower to a hospital, slower still on the way home.
WITH_PATIENT, UNHURRIED = 1.1, 1.25
RESTS_S = 1_800.0
SPEED_EVERY_S = 900.0
CARRIES = "transport"


@dataclass(slots=True, eq=False)
class Incident:
    """`needs`: what no unit was found for yet. `carried`: a unit will transport the patient."""

    call: Call
    needs: tuple[Need, ...]
    first_s: float = nan
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Sending:
    """A unit on its way to a call: from where and when, and its arrival time."""

    call: int
    vehicle: int
    start: int
    rolling: bool
    now_s: float
    there_s: float


class Simulation:
    """`run()` may be called once."""

    def __init__(self, city: City, places: Places, policy: Policy, day: Day, *, busy: float = BUSY) -> None:
        self.city, self.places, self.policy, self.day, self.busy = city, places, policy, day, busy
        self.fleet = Fleet.of(city, places, day)
        self.incidents = [Incident(call, call.nature.needs) for call in day.calls]
        self._travel = policy.travel(places, city)
        self._within_s = order_to_arrival_s(city, 1)
        self._waiting: list[Incident] = []
        self._events: list[tuple[float, int, Incident | Vehicle | tuple[Vehicle, Trip]]] = []
        self._order = count()
        self._speed_kmh: dict[str, float] = {}
        self._speed_s = -SPEED_EVERY_S
        self._bases: Bases | None = None
        self.sendings: list[Sending] = []

    def run(self) -> Outcome:
        for incident in self.incidents:
            self._at(incident.call.at_s + incident.call.process_s, incident)
        while self._events:
            now_s, _, what = heapq.heappop(self._events)
            self._look_at_the_clock(now_s)
            match what:
                case Incident():
                    self._decide(what, now_s)
                case Vehicle():
                    self._free(what, now_s)
                case (vehicle, trip):
                    self._at_base(vehicle, trip)
        return self._outcome()

    def _decide(self, incident: Incident, now_s: float) -> None:
        able = self.fleet.free({need.capability for need in incident.needs})
        call, at = incident.call, self.day.when(now_s)
        point = self.places.points[call.place]
        answer = recommend(
            location=Location(LocationStatus.LOCATED, point.lat, point.lon, 0.0, 0.95),
            needs=incident.needs,
            table=UnitTable.of(standings_of(able, self.places, now_s)),
            agencies=self.city.agencies_by_code,
            speed_kmh=self._speed_kmh,
            travel=self._travel,
            at=at,
            zone=self.city.zone,
            priority=call.nature.priority,
            coverage_lost=self._lost(able, now_s) if self.policy.covers else {},
            preference=self.policy.preference,
        )
        incident.needs = tuple(Need(s.capability, s.missing) for s in answer.shortfalls)
        chosen = [self.fleet.by_id[unit.unit_id] for unit in answer.units if unit.chosen]
        self._send(incident, chosen, now_s)
        if incident.needs and incident not in self._waiting:
            self._waiting.append(incident)
        if chosen and self.policy.move_up is not None:
            self._move_up(chosen, now_s)

    def _lost(self, able: Sequence[Vehicle], now_s: float) -> dict[UnitId, float]:
        placed_units = standings_of(self.fleet.relatives(able), self.places, now_s)
        agencies, at = self.city.agencies_by_code, self.day.when(now_s)
        return coverage_lost(
            placed_units,
            demand=self.places.demand,
            travel=self.places,
            speed_kmh=np.array([self._speed_kmh[s.unit.agency] for s in placed_units]),
            turnout_s=np.array([turnout_s(s.unit, agencies[s.unit.agency], at) for s in placed_units]),
            within_s=self._within_s,
            busy=self.busy,
        )

    def _send(self, incident: Incident, chosen: Sequence[Vehicle], now_s: float) -> None:
        call, day = incident.call, self.day
        for vehicle in chosen:
            agency = self.city.agency(vehicle.unit.agency)
            order_s = turnout_s(vehicle.unit, agency, day.when(now_s))
            vehicle.break_off(self.places, now_s)
            drive_s = self._drive_s(vehicle, call.place) * float(day.drive[call.number, vehicle.number])
            there_s = now_s + order_s * float(day.turnout[call.number, vehicle.number]) + drive_s
            rolling = vehicle.unit.status is UnitStatus.RETURNING
            self.sendings.append(Sending(call.number, vehicle.number, vehicle.place, rolling, now_s, there_s))
            vehicle.go(call.place, self.places)
            vehicle.become(UnitStatus.DISPATCHED)
            vehicle.there_s = there_s
            if not incident.first_s <= there_s:
                incident.first_s = there_s
        for vehicle in sorted(chosen, key=lambda v: (v.there_s, v.number)):
            done_s = vehicle.there_s + call.scene_s
            if call.transports and not incident.carried and CARRIES in vehicle.able:
                incident.carried = True
                done_s += self._to_hospital_s(vehicle, call)
            vehicle.busy_s += done_s - now_s
            self._at(done_s, vehicle)

    def _to_hospital_s(self, vehicle: Vehicle, call: Call) -> float:
        hospital = int(self.places.nearest_hospital[call.place])
        drive_s = self._drive_s(vehicle, hospital) * WITH_PATIENT * float(self.day.transport[call.number])
        vehicle.go(hospital, self.places)
        return drive_s + call.handover_s

    def _free(self, vehicle: Vehicle, now_s: float) -> None:
        """Waiting calls come first, by priority and then by waiting time."""
        vehicle.become(UnitStatus.RETURNING)
        vehicle.base = vehicle.home
        self._waiting = [i for i in self._waiting if i.needs and self._still_waits(i, now_s)]
        for incident in sorted(self._waiting, key=lambda i: (i.call.nature.priority, i.call.at_s)):
            if any(need.capability in vehicle.able for need in incident.needs):
                self._decide(incident, now_s)
                if not vehicle.is_free:
                    return
        if self.policy.move_up is not None:
            vehicle.base = self._better_base(vehicle, now_s)
        self._drive_to_base(vehicle, now_s)

    def _still_waits(self, incident: Incident, now_s: float) -> bool:
        waited_s = now_s - incident.call.at_s
        return waited_s < (PATIENCE_S if isnan(incident.first_s) else ENOUGH_S)

    def _drive_to_base(self, vehicle: Vehicle, now_s: float) -> None:
        way_s = self._drive_s(vehicle, vehicle.base) * UNHURRIED
        vehicle.become(UnitStatus.RETURNING)
        vehicle.trip = trip = Trip(vehicle.place, vehicle.base, now_s, now_s + way_s)
        self._at(trip.to_s, (vehicle, trip))

    def _at_base(self, vehicle: Vehicle, trip: Trip) -> None:
        if vehicle.trip is trip:
            vehicle.break_off(self.places, trip.to_s)
            vehicle.become(UnitStatus.AVAILABLE)

    def _move_up(self, gone: Iterable[Vehicle], now_s: float) -> None:
        """Move a waiting unit to a better place, now that these are gone."""
        idle = self.fleet.relatives(gone)
        rested = [v for v in idle if v.trip is None and now_s - v.moved_s >= RESTS_S]
        for vehicle, base in self._advice(idle, rested, now_s):
            vehicle.base, vehicle.moved_s = base, now_s
            vehicle.moves += 1
            self._drive_to_base(vehicle, now_s)

    def _better_base(self, vehicle: Vehicle, now_s: float) -> int:
        """Where a crew that is available again drives: home, unless another station gains enough beyond that."""
        for moved, base in self._advice(self.fleet.relatives([vehicle]), [vehicle], now_s):
            moved.moved_s = now_s
            moved.moves += 1
            return base
        return vehicle.home

    def _advice(
        self, idle: Sequence[Vehicle], movable: Sequence[Vehicle], now_s: float
    ) -> Iterable[tuple[Vehicle, int]]:
        movable = [v for v in movable if not v.able.isdisjoint(self.policy.who_moves)]
        if not movable or self.policy.move_up is None:
            return []
        bases, moving = self._bases_now(), {v.unit.id for v in movable}
        placed_units = standings_of(idle, self.places, now_s)
        moves = advise(
            placed_units,
            self._within_from_bases(idle),
            bases,
            demand=self.places.demand,
            travel=self.places,
            speed_kmh=self._speed_kmh,
            busy=self.busy,
            restraint=self.policy.move_up,
            staying=[s.unit.id for s in placed_units if s.unit.id not in moving],
        )
        return [(self.fleet.by_id[m.unit_id], self.places.station[m.to_station]) for m in moves]

    def _within_from_bases(self, idle: Sequence[Vehicle]) -> Bools:
        """The cells that each unit reaches from the base that it drives to."""
        agencies = [self.city.agency(v.unit.agency) for v in idle]
        return reach(
            np.array([self.places.points[v.base].lat for v in idle]),
            np.array([self.places.points[v.base].lon for v in idle]),
            demand=self.places.demand,
            travel=self.places,
            speed_kmh=np.array([self._speed_kmh[a.code] for a in agencies]),
            turnout_s=np.array([a.mobilisation_s for a in agencies]),
            within_s=self._within_s,
        )

    def _bases_now(self) -> Bases:
        if self._bases is None:
            self._bases = bases_of(
                self.city.stations,
                agencies=self.city.agencies_by_code,
                demand=self.places.demand,
                travel=self.places,
                speed_kmh=self._speed_kmh,
                within_s=self._within_s,
                hosts=self.policy.hosts,
            )
        return self._bases

    def _drive_s(self, vehicle: Vehicle, to: int) -> float:
        way_s = float(self.places.seconds_at_36[vehicle.place, to])
        return way_s * TABLE_KMH / self._speed_kmh[vehicle.unit.agency]

    def _look_at_the_clock(self, now_s: float) -> None:
        """The traffic of this quarter of an hour."""
        if now_s - self._speed_s >= SPEED_EVERY_S:
            self._speed_s = now_s - now_s % SPEED_EVERY_S
            at = self.day.when(self._speed_s)
            self._speed_kmh = {agency.code: self.city.speed_kmh(agency.code, at) for agency in self.city.agencies}
            self._bases = None

    def _at(self, moment_s: float, what: "Incident | Vehicle | tuple[Vehicle, Trip]") -> None:
        heapq.heappush(self._events, (moment_s, next(self._order), what))

    def _outcome(self) -> Outcome:
        families = self.fleet.family_name
        busy: dict[str, list[float]] = {}
        moves: dict[str, int] = {}
        for vehicle in self.fleet.vehicles:
            name = families[vehicle.unit.id]
            busy.setdefault(name, []).append(vehicle.busy_s / 86_400)
            moves[name] = moves.get(name, 0) + vehicle.moves
        return Outcome(
            self.policy.code,
            self.day.number,
            np.array([i.first_s - i.call.at_s for i in self.incidents]),
            priorities_of(self.day),
            medical_of(self.day),
            {name: float(np.mean(shares)) for name, shares in busy.items()},
            sum(v.km for v in self.fleet.vehicles),
            sum(moves.values()),
            moves,
            len(self.sendings),
        )
