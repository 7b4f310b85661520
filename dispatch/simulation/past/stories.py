"""How an emergency goes: it is called in, somebody is sent, crews drive, work, take a patient along, come home. Each
step is the service's own act, as its routes do it."""

from dataclasses import dataclass, field
from datetime import datetime
from math import dist
from random import Random
from uuid import uuid4

import msgspec

from dispatch.desk.calls.take_call import add_fixes, take_call
from dispatch.desk.desk import Desk
from dispatch.desk.incidents.change import change, placed
from dispatch.desk.incidents.close import close
from dispatch.desk.units.assignments import assign
from dispatch.desk.units.recommendation import recommend_for
from dispatch.desk.units.status import set_status
from dispatch.intake import json_call
from dispatch.model import CallId, Incident, IncidentId, IncidentStatus, UnitId, UnitStatus
from dispatch.model.room import Room
from dispatch.model.sender import Sender, SenderKind
from dispatch.policy.units.recommendation import RankedUnit
from dispatch.simulation.callers import PlannedCall
from dispatch.simulation.crew import (
    HANDOVER_MIN,
    OTHER_WORK_MIN,
    TRANSPORTED,
    TRIP_SPREAD,
    TURNOUT_MEDIAN,
    TURNOUT_SPREAD,
    WORK_MIN,
    WORK_SPREAD,
)
from dispatch.simulation.demand import Emergency
from dispatch.simulation.dispatcher import DONE, MISUSE, TOLD_RADIUS_M
from dispatch.simulation.driving import Place
from dispatch.simulation.past.timeline import Story, Timeline
from geo import Projection

ACTOR = "demo"
"""Who did all of it, as the history shows."""
SENDER = Sender(ACTOR, SenderKind.DESK)
PROCESS_MEDIAN_S, PROCESS_SPREAD = 38.0, 0.4
NOBODY_FREE_S, TRIES = 45.0, 5
NOBODY = "Sin unidades disponibles"
CLOSE_AFTER_S = (5.0, 40.0)
# Nobody hurries home.
HOMEWARD = 1.5


class Taken(msgspec.Struct):
    call_id: CallId
    incident_id: IncidentId
    joined: bool


@dataclass(frozen=True, slots=True)
class Course:
    """Seconds from the call to the order, to the crew's leaving, to its arrival, to its going on; None: as it comes."""

    process_s: float | None = None
    turnout_s: float | None = None
    travel_s: float | None = None
    work_s: float | None = None


@dataclass(slots=True)
class Drive:
    """Of a unit that is under way, or was: `usual_s` is how long it takes in all."""

    start: Place
    end: Place
    since: datetime
    usual_s: float


@dataclass(slots=True)
class Stories:
    """`drives`: the last of each unit that went anywhere."""

    desk: Desk
    timeline: Timeline
    random: Random
    projection: Projection
    drives: dict[UnitId, Drive] = field(default_factory=dict)

    async def call(self, planned: PlannedCall, course: Course = Course()) -> Story:
        body = msgspec.json.encode(planned.body(uuid4(), self.timeline.now()))
        answer, _ = await take_call(self.desk, json_call.parse(body), sender=SENDER)
        await self.desk.queue.served()
        taken = msgspec.json.decode(answer, type=Taken)
        self.timeline.begin(self.timeline.now(), self._refining(taken, planned))
        if taken.joined:
            return
        yield course.process_s if course.process_s is not None else self._about(PROCESS_MEDIAN_S, PROCESS_SPREAD)
        for _ in range(TRIES):
            incident = self._waiting(taken.incident_id)
            if incident is None:
                return
            if planned.emergency.nature is None:
                await self._closes(incident.id, MISUSE)
                return
            if await self._sent(await self._completed(incident, planned.emergency), course):
                return
            yield NOBODY_FREE_S
        await self._closes(taken.incident_id, NOBODY)

    async def _refining(self, taken: Taken, planned: PlannedCall) -> Story:
        for wait_s, fix in planned.later:
            yield wait_s
            fixes = msgspec.json.encode({"fixes": [fix.body(self.timeline.now())]})
            await add_fixes(self.desk, call_id=taken.call_id, fixes=json_call.parse_fixes(fixes), sender=SENDER)
            await self.desk.queue.served()

    async def _completed(self, incident: Incident, truth: Emergency) -> Incident:
        """With what the caller says when asked."""
        changes: dict[str, object] = {}
        if incident.nature is None and truth.nature is not None:
            changes = {"nature": truth.nature.code, "priority": truth.nature.priority}
        if incident.location.lat is None:
            at = self.timeline.now()
            changes["location"] = placed(self.desk, lat=truth.lat, lon=truth.lon, radius_m=TOLD_RADIUS_M, at=at)
        if not changes:
            return incident
        return await change(self.desk, incident_id=incident.id, changes=changes, version=None, actor=ACTOR)

    async def _sent(self, incident: Incident, course: Course) -> bool:
        [advice] = recommend_for(self.desk, [incident], at=self.timeline.now())
        chosen = [unit for unit in advice.units if unit.chosen]
        if chosen:
            ids = [unit.unit_id for unit in chosen]
            await assign(self.desk, incident_id=incident.id, unit_ids=ids, version=None, actor=ACTOR)
        for unit in chosen:
            self.timeline.begin(self.timeline.now(), self._mission(incident, unit, course))
        return bool(chosen)

    async def _mission(self, incident: Incident, unit: RankedUnit, course: Course) -> Story:
        """The steps of a crew, from the order to its being free."""
        agency = self.desk.city.agency(unit.agency)
        yield course.turnout_s or self._about(agency.mobilisation_s * TURNOUT_MEDIAN, TURNOUT_SPREAD)
        await self._says(unit.unit_id, UnitStatus.EN_ROUTE)
        usual_s = self._about(max(30.0, unit.eta_s - agency.mobilisation_s), TRIP_SPREAD)
        there = self._place(incident)
        self._drives(unit.unit_id, self._home(unit.unit_id), there, usual_s)
        yield course.travel_s or usual_s
        await self._says(unit.unit_id, UnitStatus.ON_SCENE)
        yield course.work_s or self._work_s(incident)
        if "transport" in unit.capabilities and self.desk.city.hospitals and self.random.random() < TRANSPORTED:
            there = await self._to_hospital(unit.unit_id, there)
            yield self.drives[unit.unit_id].usual_s
            await self._says(unit.unit_id, UnitStatus.AT_HOSPITAL)
            yield self._about(HANDOVER_MIN * 60, WORK_SPREAD)
        await self._says(unit.unit_id, UnitStatus.RETURNING)
        home = self._drives(unit.unit_id, there, self._home(unit.unit_id), usual_s * HOMEWARD)
        self.timeline.begin(self.timeline.now(), self._ending(incident.id))
        yield home.usual_s
        # It may have been sent somewhere else on its way.
        if self.drives[unit.unit_id] is home and self._room.units[unit.unit_id].status is UnitStatus.RETURNING:
            await self._says(unit.unit_id, UnitStatus.AVAILABLE)

    async def _to_hospital(self, unit_id: UnitId, start: Place) -> Place:
        await self._says(unit_id, UnitStatus.TRANSPORTING)
        hospitals = [self.projection.forward(h.lat, h.lon) for h in self.desk.city.hospitals]
        nearest = min(hospitals, key=lambda place: dist(place, start))
        agency = self._room.units[unit_id].agency
        speed_mps = self.desk.city.speed_kmh(agency, self.timeline.now()) / 3.6
        usual_s = self._about(60 + dist(start, nearest) * self.desk.settings.detour / speed_mps, TRIP_SPREAD)
        self._drives(unit_id, start, nearest, usual_s)
        return nearest

    async def _ending(self, incident_id: IncidentId) -> Story:
        """The last crew that leaves ends it."""
        yield self.random.uniform(*CLOSE_AFTER_S)
        incident = self._room.incidents.get(incident_id)
        if incident is not None and not incident.assignments:
            await self._closes(incident_id, DONE)

    def _waiting(self, incident_id: IncidentId) -> Incident | None:
        """None: it is closed, or somebody was sent."""
        incident = self._room.incidents.get(incident_id)
        return incident if incident is not None and incident.status is IncidentStatus.WAITING else None

    async def _closes(self, incident_id: IncidentId, reason: str) -> None:
        await close(self.desk, incident_id=incident_id, reason=reason, version=None, actor=ACTOR)

    async def _says(self, unit_id: UnitId, status: UnitStatus) -> None:
        await set_status(self.desk, unit_id=unit_id, status=status, actor=ACTOR)

    def _drives(self, unit_id: UnitId, start: Place, end: Place, usual_s: float) -> Drive:
        self.drives[unit_id] = Drive(start, end, self.timeline.now(), usual_s)
        return self.drives[unit_id]

    @property
    def _room(self) -> Room:
        return self.desk.picture.room

    def _home(self, unit_id: UnitId) -> Place:
        station = self.desk.city.stations_by_id.get(self._room.units[unit_id].station or "")
        station = station or self.desk.city.stations[0]
        return self.projection.forward(station.lat, station.lon)

    def _place(self, incident: Incident) -> Place:
        """Where its crews look for it: for one without a place, nowhere in particular."""
        location = incident.location
        if location.lat is None or location.lon is None:
            middle = self.desk.city.stations[0]
            return self.projection.forward(middle.lat, middle.lon)
        return self.projection.forward(location.lat, location.lon)

    def _work_s(self, incident: Incident) -> float:
        nature = self.desk.city.natures_by_code.get(incident.nature or "")
        return self._about(60 * WORK_MIN.get(nature.service if nature else "", OTHER_WORK_MIN), WORK_SPREAD)

    def _about(self, median: float, spread: float) -> float:
        """Lognormal, as such times are."""
        return median * self.random.lognormvariate(0, spread)
