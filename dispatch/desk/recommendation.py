"""Who should go to an incident, asked of the room as it is now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.desk.desk import Desk
from dispatch.errors import FieldProblem, Invalid
from dispatch.model import ASSIGNABLE, Incident, IncidentId, Standing, Unit, UnitStatus
from dispatch.model.city import Nature, Need
from dispatch.policy.recommend import Recommendation, recommend
from dispatch.policy.response_plan import alarms_of, needed_at, still_needed
from dispatch.store import incidents
from dispatch.store.db import connection
from geo import Point

# The candidates: all of a city, and bounded so that a nation's fleet isn't ranked. A capability that none of them has
# is looked for farther away.
NEAREST = 200
FARTHER = 10
COULD_GO = ASSIGNABLE | {UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE}


@dataclass(frozen=True, slots=True)
class Advice:
    """`alarm`: the one asked about, of `alarms` that the plan has."""

    alarm: int
    alarms: int
    recommendation: Recommendation


def recommend_for(desk: Desk, incident: Incident, *, at: datetime, alarm: int | None = None) -> Recommendation:
    """By what is at hand in this process: nobody waits while a call is taken."""
    location, city = incident.location, desk.city
    needs = _still_needed(desk, incident, _nature(desk, incident), alarm or incident.alarm)
    standings = _candidates(desk, incident, needs)
    open_now = desk.picture.room.incidents
    on = {number for s in standings if (number := s.unit.incident_id) is not None and number in open_now}
    return recommend(
        location=location,
        needs=needs,
        standings=standings,
        agencies=city.agencies_by_code,
        speed_kmh={agency.code: city.speed_kmh(agency.code, at) for agency in city.agencies},
        travel=desk.travel,
        at=at,
        zone=city.zone,
        parishes=city.parishes,
        priority=incident.priority,
        engaged={number: open_now[number].priority for number in on},
    )


async def recommendation(desk: Desk, *, incident_id: IncidentId, alarm: int | None, at: datetime) -> Advice:
    """For the alarm that is raised or, by `alarm`, for another: what would be sent. Raises NotFound; Invalid for an
    alarm that the plan of the incident's nature doesn't have."""
    incident = desk.picture.room.incidents.get(incident_id)
    if incident is None:
        async with connection(desk.pool) as db:
            incident = await incidents.get(db, incident_id=incident_id)
    alarms = alarms_of(_nature(desk, incident))
    if alarm is not None and alarm > alarms:
        raise Invalid(f"no alarm {alarm}", errors=[FieldProblem("alarm", f"the plan of this nature has {alarms}")])
    return Advice(alarm or incident.alarm, alarms, recommend_for(desk, incident, at=at, alarm=alarm))


def _nature(desk: Desk, incident: Incident) -> Nature | None:
    return desk.city.natures_by_code.get(incident.nature) if incident.nature else None


def _still_needed(desk: Desk, incident: Incident, nature: Nature | None, alarm: int) -> tuple[Need, ...]:
    units = desk.picture.room.units
    going = [units[a.unit_id].capabilities for a in incident.assignments if a.unit_id in units]
    return still_needed(needed_at(nature, alarm), going)


def _candidates(desk: Desk, incident: Incident, needs: Sequence[Need]) -> list[Standing]:
    location = incident.location
    if location.lat is None or location.lon is None:
        return []
    point = Point(location.lat, location.lon)
    near = desk.picture.nearest(point, k=NEAREST, where=_could_go)
    if len(near) < NEAREST:
        return near
    known = {capability for standing in near for capability in standing.unit.capabilities}
    for need in needs:
        if need.capability not in known:
            near += desk.picture.nearest(point, k=FARTHER + need.count, where=_could_do(need.capability))
    return list({standing.unit.id: standing for standing in near}.values())


def _could_go(unit: Unit) -> bool:
    return unit.status in COULD_GO


def _could_do(capability: str) -> Callable[[Unit], bool]:
    return lambda unit: _could_go(unit) and capability in unit.capabilities
