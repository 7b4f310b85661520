"""How an emergency begins: it is called in, perhaps again and better, and somebody is sent. Each step is the service's
own act, as its routes do it."""

from dataclasses import dataclass
from random import Random
from uuid import uuid4

import msgspec

from dispatch.desk.calls.take_call import add_fixes, take_call
from dispatch.desk.desk import Desk
from dispatch.desk.incidents.change import change, placed
from dispatch.desk.incidents.close import close
from dispatch.desk.units.assignments import assign
from dispatch.desk.units.recommendation import recommend_for
from dispatch.intake import json_call
from dispatch.model import CallId, Incident, IncidentId, IncidentStatus
from dispatch.model.sender import Sender, SenderKind
from dispatch.simulation.callers import PlannedCall
from dispatch.simulation.demand import Emergency
from dispatch.simulation.dispatcher import MISUSE, TOLD_RADIUS_M
from dispatch.simulation.past.missions import ACTOR, AS_IT_COMES, Course, Missions, about
from dispatch.simulation.past.timeline import Story, Timeline

SENDER = Sender(ACTOR, SenderKind.DESK)
PROCESS_MEDIAN_S, PROCESS_SPREAD = 38.0, 0.4
NOBODY_FREE_S, TRIES = 45.0, 5
NOBODY = "Sin unidades disponibles"


class Taken(msgspec.Struct):
    call_id: CallId
    incident_id: IncidentId
    joined: bool


@dataclass(frozen=True, slots=True)
class Stories:
    desk: Desk
    timeline: Timeline
    random: Random
    missions: Missions

    async def call(self, planned: PlannedCall, course: Course = AS_IT_COMES) -> Story:
        body = msgspec.json.encode(planned.body(uuid4(), self.timeline.now()))
        answer, _ = await take_call(self.desk, json_call.parse(body), sender=SENDER)
        await self.desk.queue.served()
        taken = msgspec.json.decode(answer, type=Taken)
        self.timeline.begin(self.timeline.now(), self._refining(taken, planned))
        if taken.joined:
            return
        yield course.process_s or about(self.random, PROCESS_MEDIAN_S, PROCESS_SPREAD)
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
        if self._waiting(taken.incident_id) is not None:
            await self._closes(taken.incident_id, NOBODY)

    async def _refining(self, taken: Taken, planned: PlannedCall) -> Story:
        for wait_s, fix in planned.later:
            yield wait_s
            fixes = msgspec.json.encode({"fixes": [fix.body(self.timeline.now())]})
            await add_fixes(self.desk, call_id=taken.call_id, said=json_call.parse_fixes(fixes), sender=SENDER)
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
            self.timeline.begin(self.timeline.now(), self.missions.mission(incident, unit, course))
        return bool(chosen)

    def _waiting(self, incident_id: IncidentId) -> Incident | None:
        """None: it is closed, or somebody was sent."""
        incident = self.desk.picture.room.incidents.get(incident_id)
        return incident if incident is not None and incident.status is IncidentStatus.WAITING else None

    async def _closes(self, incident_id: IncidentId, reason: str) -> None:
        await close(self.desk, incident_id=incident_id, reason=reason, version=None, actor=ACTOR)
