"""Who should go to an incident, asked of the room as it is now."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.desk.desk import Desk
from dispatch.errors import FieldProblem, Invalid
from dispatch.meters import RECOMMEND
from dispatch.model import ASSIGNABLE, Incident, IncidentId, Unit, UnitId, UnitStatus
from dispatch.model.city import Nature, Need
from dispatch.policy.lineup import Lineup
from dispatch.policy.recommend import BALANCED, Recommendation, recommend
from dispatch.policy.response_plan import alarms_of, needed_at, still_needed
from dispatch.store import incidents
from dispatch.store.db import connection
from dispatch.travel.choice import Travelled
from geo import Point, support_points

# The candidates are all of a city's. Of a fleet larger than this only the nearest, and a capability that too few of
# them have is looked for farther away.
CITY = 1_000
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


def recommend_for(desk: Desk, incident: Incident, *, at: datetime, in_flood: bool = False) -> Recommendation:
    """By what is at hand in this process, and without its certainty: nobody waits for more while a call is taken. In a
    flood by straight lines, for a search of the streets costs ten calls; who looks at the incident has it made."""
    with RECOMMEND():
        needs = _still_needed(desk, incident, incident.alarm)
        lineup = _candidates(desk, incident, needs)
        local = Travelled(desk.travel, "line") if in_flood else desk.router.local_for(_targets(desk, incident))
        return _recommended(desk, incident, needs, lineup, local, at, with_certainty=False)


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
    lineup = _candidates(desk, incident, needs)
    travelled = await desk.router.travel_for(lineup.lats, lineup.lons, _targets(desk, incident))
    return Advice(alarm, alarms, _recommended(desk, incident, needs, lineup, travelled, at), travelled)


def _recommended(
    desk: Desk,
    incident: Incident,
    needs: Sequence[Need],
    lineup: Lineup,
    travelled: Travelled,
    at: datetime,
    *,
    with_certainty: bool = True,
) -> Recommendation:
    city, open_now = desk.city, desk.picture.room.incidents
    busy = lineup.units[lineup.which(lambda sort: sort.status not in ASSIGNABLE)]
    return recommend(
        location=incident.location,
        needs=needs,
        lineup=lineup,
        agencies=city.agencies_by_code,
        speed_kmh={agency.code: city.speed_kmh(agency.code, at) for agency in city.agencies},
        travel=travelled.travel,
        at=at,
        zone=city.zone,
        parishes=city.parishes,
        priority=incident.priority,
        engaged={u.incident_id: open_now[u.incident_id].priority for u in busy if u.incident_id in open_now},
        coverage_lost=desk.coverage.lost(at=at),
        with_certainty=with_certainty,
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


def _candidates(desk: Desk, incident: Incident, needs: Sequence[Need]) -> Lineup:
    location = incident.location
    if location.lat is None or location.lon is None:
        return Lineup.of(())
    point = Point(location.lat, location.lon)
    if len(desk.picture.room.units) <= CITY:
        return desk.picture.around(point, lambda sort: sort.status in COULD_GO)
    near = desk.picture.nearest(point, k=NEAREST, where=_could_go)
    known = Counter(capability for standing in near for capability in standing.unit.capabilities)
    for need in needs:
        if known[need.capability] < need.count:
            near += desk.picture.nearest(point, k=FARTHER + need.count, where=_could_do(need.capability))
    return Lineup.of({standing.unit.id: standing for standing in near}.values())


def _could_go(unit: Unit) -> bool:
    return unit.status in COULD_GO


def _could_do(capability: str) -> Callable[[Unit], bool]:
    return lambda unit: _could_go(unit) and capability in unit.capabilities
