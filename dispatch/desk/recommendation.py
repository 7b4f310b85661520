"""Who should go to an incident, asked of the room as it is now."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dispatch.desk.desk import Desk
from dispatch.errors import FieldProblem, Invalid
from dispatch.model import ASSIGNABLE, Incident, IncidentId, Standing, Unit, UnitId, UnitStatus
from dispatch.model.city import Nature, Need
from dispatch.policy.recommend import BALANCED, Recommendation, recommend
from dispatch.policy.response_plan import alarms_of, needed_at, still_needed
from dispatch.store import incidents
from dispatch.store.db import connection
from dispatch.travel.choice import Travelled
from geo import Point, support_points

# The candidates: all of a city, and bounded so that a nation's fleet isn't ranked. A capability that too few of them
# have is looked for farther away.
NEAREST = 200
FARTHER = 10
COULD_GO = ASSIGNABLE | {UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE}


@dataclass(frozen=True, slots=True)
class Advice:
    """`alarm`: the one asked about, of `alarms` that the plan has. `travelled`: how arrival times were made."""

    alarm: int
    alarms: int
    recommendation: Recommendation
    travelled: Travelled


def recommend_for(desk: Desk, incident: Incident, *, at: datetime) -> Recommendation:
    """By what is at hand in this process: nobody waits for a server while a call is taken."""
    needs = _still_needed(desk, incident, incident.alarm)
    standings = _candidates(desk, incident, needs)
    local = desk.router.local_for(_targets(desk, incident))
    return _recommended(desk, incident, needs, standings, local, at)


async def recommendation(
    desk: Desk, *, incident_id: IncidentId, alarm: int | None, at: datetime, instead_of: UnitId | None = None
) -> Advice:
    """For the alarm that is raised or, by `alarm`, for another: what would be sent; `instead_of`: as if that unit were
    not on its way. Asks the routing server, where there is one.

    Raises NotFound; Invalid for an alarm that the plan of the incident's nature doesn't have."""
    incident = desk.picture.room.incidents.get(incident_id)
    if incident is None:
        async with connection(desk.pool) as db:
            incident = await incidents.get(db, incident_id=incident_id)
    alarms = alarms_of(_nature(desk, incident))
    if alarm is not None and alarm > alarms:
        raise Invalid(f"no alarm {alarm}", errors=[FieldProblem("alarm", f"the plan of this nature has {alarms}")])
    alarm = alarm or incident.alarm
    needs = _still_needed(desk, incident, alarm, instead_of)
    standings = _candidates(desk, incident, needs)
    lats, lons = np.array([s.point.lat for s in standings]), np.array([s.point.lon for s in standings])
    travelled = await desk.router.travel_for(lats, lons, _targets(desk, incident))
    return Advice(alarm, alarms, _recommended(desk, incident, needs, standings, travelled, at), travelled)


def _recommended(
    desk: Desk,
    incident: Incident,
    needs: Sequence[Need],
    standings: Sequence[Standing],
    travelled: Travelled,
    at: datetime,
) -> Recommendation:
    city, open_now = desk.city, desk.picture.room.incidents
    on = {number for s in standings if (number := s.unit.incident_id) is not None and number in open_now}
    return recommend(
        location=incident.location,
        needs=needs,
        standings=standings,
        agencies=city.agencies_by_code,
        speed_kmh={agency.code: city.speed_kmh(agency.code, at) for agency in city.agencies},
        travel=travelled.travel,
        at=at,
        zone=city.zone,
        parishes=city.parishes,
        priority=incident.priority,
        engaged={number: open_now[number].priority for number in on},
        coverage_lost=desk.coverage.lost(at=at),
    )


def _targets(desk: Desk, incident: Incident) -> list[Point]:
    """Where `recommend` will ask for ways to."""
    support = support_points(incident.location, parishes=desk.city.parishes, small_m=BALANCED.small_m)
    return [place.point for place in support]


def _nature(desk: Desk, incident: Incident) -> Nature | None:
    return desk.city.natures_by_code.get(incident.nature) if incident.nature else None


def _still_needed(desk: Desk, incident: Incident, alarm: int, instead_of: UnitId | None = None) -> tuple[Need, ...]:
    units = desk.picture.room.units
    sent = [a.unit_id for a in incident.assignments if a.unit_id != instead_of]
    going = [units[unit_id].capabilities for unit_id in sent if unit_id in units]
    return still_needed(needed_at(_nature(desk, incident), alarm), going)


def _candidates(desk: Desk, incident: Incident, needs: Sequence[Need]) -> list[Standing]:
    location = incident.location
    if location.lat is None or location.lon is None:
        return []
    point = Point(location.lat, location.lon)
    near = desk.picture.nearest(point, k=NEAREST, where=_could_go)
    if len(near) < NEAREST:
        return near
    known = Counter(capability for standing in near for capability in standing.unit.capabilities)
    for need in needs:
        if known[need.capability] < need.count:
            near += desk.picture.nearest(point, k=FARTHER + need.count, where=_could_do(need.capability))
    return list({standing.unit.id: standing for standing in near}.values())


def _could_go(unit: Unit) -> bool:
    return unit.status in COULD_GO


def _could_do(capability: str) -> Callable[[Unit], bool]:
    return lambda unit: _could_go(unit) and capability in unit.capabilities
