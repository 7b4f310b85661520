"""Recommendations for incidents of the current state."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.desk.desk import Desk
from dispatch.errors import FieldProblem, Invalid
from dispatch.model import ASSIGNABLE, Incident, IncidentId, Unit, UnitId, UnitStatus
from dispatch.model.city import Nature, Need
from dispatch.policy.incidents.response_plan import alarms_of, needed_at, still_needed
from dispatch.policy.units.recommend import BALANCED, Question, Recommendation, recommend_each
from dispatch.policy.units.unit_table import UnitTable
from dispatch.store.db import connection
from dispatch.store.incidents import incidents
from dispatch.telemetry.meters import RECOMMEND
from dispatch.travel.choice import Travelled
from geo import Point, support_points

# In a city's fleet all units are candidates. In a larger one only the nearest are, and capabilities that too few of
# these have are looked for farther away.
CITY_FLEET = 1_000
NEAREST_UNITS = 200
FARTHER_UNITS = 10
CANDIDATE_STATUSES = ASSIGNABLE | {UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE}


@dataclass(frozen=True, slots=True)
class Advice:
    """`alarm`: the alarm of the question, of `alarms` in the plan. `travelled`: the source of the travel times."""

    alarm: int
    alarms: int
    recommendation: Recommendation
    travelled: Travelled


def recommend_for(
    desk: Desk, incidents: Sequence[Incident], *, at: datetime, in_flood: bool = False
) -> list[Recommendation]:
    """With what is available in this process: only the chosen units, without certainty and alternatives, which a
    dispatcher's request adds; calls that are being taken wait for no more. In a flood with straight lines, because one
    street search costs as much as ten calls."""
    with RECOMMEND():
        if len(desk.picture.room.units) <= CITY_FLEET:
            return _at_hand(desk, incidents, at=at, in_flood=in_flood)
        return [answer for one in incidents for answer in _at_hand(desk, [one], at=at, in_flood=in_flood)]


def _at_hand(desk: Desk, incidents: Sequence[Incident], *, at: datetime, in_flood: bool) -> list[Recommendation]:
    travelled = Travelled(desk.travel, "line")
    if desk.router.has_streets and not in_flood:
        travelled = desk.router.local_for([target for one in incidents for target in _targets(desk, one)])
    questions = [_question(desk, one, one.alarm) for one in incidents]
    table = _candidates(desk, questions)
    return _recommend(desk, questions, table, travelled, at, in_detail=False)


async def recommendation(
    desk: Desk, *, incident_id: IncidentId, alarm: int | None, at: datetime, instead_of: UnitId | None = None
) -> Advice:
    """For the current alarm or, with `alarm`, for another. `instead_of`: as if that unit were not assigned. Asks the
    routing server, if there is one.

    Raises NotFound; Invalid for an alarm that the plan of the incident's nature doesn't have."""
    incident = desk.picture.room.incidents.get(incident_id)
    if incident is None:
        async with connection(desk.pool) as db:
            incident = await incidents.get(db, incident_id=incident_id)
    alarms = alarms_of(_nature(desk, incident))
    if alarm is not None and alarm > alarms:
        raise Invalid(
            f"there is no alarm {alarm}",
            errors=[FieldProblem("alarm", f"the response plan of this nature has {alarms}")],
        )
    alarm = alarm or incident.alarm
    question = _question(desk, incident, alarm, instead_of)
    table = _candidates(desk, [question])
    travelled = await desk.router.travel_for(table.lats, table.lons, _targets(desk, incident))
    [answer] = _recommend(desk, [question], table, travelled, at)
    return Advice(alarm, alarms, answer, travelled)


def _recommend(
    desk: Desk,
    questions: Sequence[Question],
    table: UnitTable,
    travelled: Travelled,
    at: datetime,
    *,
    in_detail: bool = True,
) -> list[Recommendation]:
    city, open_now = desk.city, desk.picture.room.incidents
    busy = table.units[table.which(lambda sort: sort.status not in ASSIGNABLE)]
    return recommend_each(
        questions,
        table=table,
        agencies=city.agencies_by_code,
        speed_kmh={agency.code: city.speed_kmh(agency.code, at) for agency in city.agencies},
        travel=travelled.travel,
        at=at,
        zone=city.zone,
        parishes=city.parishes,
        engaged={u.incident_id: open_now[u.incident_id].priority for u in busy if u.incident_id in open_now},
        coverage_lost=desk.coverage.lost(at=at) if desk.weighs_coverage else {},
        with_certainty=in_detail,
        with_alternatives=in_detail,
    )


def _question(desk: Desk, incident: Incident, alarm: int, instead_of: UnitId | None = None) -> Question:
    return Question(incident.location, _still_needed(desk, incident, alarm, instead_of), incident.priority)


def _targets(desk: Desk, incident: Incident) -> list[Point]:
    """The targets for which `recommend` will need travel times."""
    support = support_points(incident.location, parishes=desk.city.parishes, small_m=BALANCED.small_m)
    return [place.point for place in support]


def _nature(desk: Desk, incident: Incident) -> Nature | None:
    return desk.city.natures_by_code.get(incident.nature) if incident.nature else None


def _still_needed(desk: Desk, incident: Incident, alarm: int, instead_of: UnitId | None = None) -> tuple[Need, ...]:
    units = desk.picture.room.units
    sent = [a.unit_id for a in incident.assignments if a.unit_id != instead_of]
    going = [units[unit_id].capabilities for unit_id in sent if unit_id in units]
    return still_needed(needed_at(_nature(desk, incident), alarm), going)


def _candidates(desk: Desk, questions: Sequence[Question]) -> UnitTable:
    """Several questions are only asked with a city's fleet. An incident without a known place gets columns too, but no
    unit is ranked for it."""
    located = [(q, Point(q.location.lat or 0.0, q.location.lon or 0.0)) for q in questions]
    if len(desk.picture.room.units) <= CITY_FLEET:
        return desk.picture.around([point for _, point in located], lambda sort: sort.status in CANDIDATE_STATUSES)
    [(question, point)] = located
    near = desk.picture.nearest(point, k=NEAREST_UNITS, where=_is_candidate)
    known = Counter(capability for placed in near for capability in placed.unit.capabilities)
    for need in question.needs:
        if known[need.capability] < need.count:
            near += desk.picture.nearest(point, k=FARTHER_UNITS + need.count, where=_is_candidate_with(need.capability))
    return UnitTable.of({placed.unit.id: placed for placed in near}.values())


def _is_candidate(unit: Unit) -> bool:
    return unit.status in CANDIDATE_STATUSES


def _is_candidate_with(capability: str) -> Callable[[Unit], bool]:
    return lambda unit: _is_candidate(unit) and capability in unit.capabilities
