"""Take a call; add a fix to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.desk.contact import Moved, add_report, lock_call, relocate, same_contact, tell_call, with_channel
from dispatch.desk.desk import Act, Desk, act
from dispatch.desk.joining import known_like, settle, suggested, to_join
from dispatch.desk.opening import opened, urgency
from dispatch.desk.recommendation import recommend_for
from dispatch.errors import Conflict, FieldProblem, Invalid
from dispatch.model import Call, CallId, EventKind, Incident, IncidentId, IncidentStatus, Report, Similar
from dispatch.model.wire import encode
from dispatch.policy.best_location import best_location
from dispatch.policy.recommend import RankedUnit
from dispatch.policy.same_incident import Sighting
from dispatch.store import calls, incidents
from geo import Fix, Location

TRIES = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a report. `joined`: it belongs to an incident that was known before."""

    call_id: CallId
    incident_id: IncidentId
    joined: bool
    location: Location
    recommended: tuple[RankedUnit, ...]


@dataclass(frozen=True, slots=True)
class Refined:
    call_id: CallId
    incident_id: IncidentId
    location: Location


async def take_call(desk: Desk, report: Report, *, actor: str) -> tuple[str, bool]:
    """The answer as JSON, and whether this report was new. Sent again, a report gets the answer it got before.

    Raises Invalid for a nature the catalogue doesn't have."""
    if report.nature is not None and report.nature not in desk.city.natures_by_code:
        raise Invalid(f"no nature {report.nature!r}", errors=[FieldProblem("nature", "not in the catalogue")])
    for _ in range(TRIES):
        try:
            async with desk.taking:
                return await _take(desk, report, actor=actor)
        except Moved:
            continue
    raise Conflict("the incident of this call is being linked elsewhere at the same moment")


async def add_fixes(desk: Desk, *, call_id: CallId, fixes: Sequence[Fix], actor: str) -> Refined:
    """A later, better or moved fix: the call is located anew, and so is its incident. Raises NotFound."""
    for _ in range(TRIES):
        try:
            async with act(desk, actor=actor) as doing:
                call = await lock_call(doing, call_id)
                call, _incident = await relocate(desk, doing, replace(call, fixes=(*call.fixes, *fixes)))
        except Moved:
            continue
        await settle(desk, call.incident_id, actor=actor)
        return Refined(call.id, call.incident_id, call.location)
    raise Conflict("the incident of this call is being linked elsewhere at the same moment")


async def _take(desk: Desk, report: Report, *, actor: str) -> tuple[str, bool]:
    async with act(desk, actor=actor) as doing:
        if (answer := await calls.answered(doing.db, report_id=report.id)) is not None:
            return answer, False
        if (known := await same_contact(desk, doing, report)) is not None:
            call, incident = await add_report(desk, doing, known, report)
            was_known = True
        else:
            call, incident, was_known = await _new_call(desk, doing, report)
        recommended = recommend_for(desk, incident, at=doing.at).units
        answer = encode(Taken(call.id, incident.id, was_known, call.location, recommended))
        receipt = calls.Receipt(report=report, call_id=call.id, at=doing.at, by=actor, answer=answer)
        await calls.receipt(doing.db, receipt=receipt)
    await settle(desk, incident.id, actor=actor)
    return answer, True


async def _new_call(desk: Desk, doing: Act, report: Report) -> tuple[Call, Incident, bool]:
    """The call, its incident, and whether that was known before."""
    call = _call(report, desk.locate(report.fixes, at=doing.at), doing)
    sighting = Sighting(call.location, call.nature, doing.at)
    known = known_like(desk, sighting)
    same = to_join(desk, sighting, known)
    joined = await _join(desk, doing, same, call) if same is not None else None
    if same is not None and joined is not None:
        incident, call = joined, replace(call, incident_id=joined.id, likeness=same.score)
    else:
        incident = await incidents.add(doing.db, incident=opened(desk.city, call, similar=suggested(desk, known)))
        call = replace(call, incident_id=incident.id)
    await calls.add(doing.db, call=call)
    tell_call(doing, EventKind.CALL_JOINED if joined else EventKind.CALL_TAKEN, incident, call, report.channel)
    return call, incident, joined is not None


async def _join(desk: Desk, doing: Act, same: Similar, call: Call) -> Incident | None:
    """The incident with one call more; None where it was closed while we looked."""
    incident = await incidents.lock(doing.db, incident_id=same.incident_id)
    if incident.status is IncidentStatus.CLOSED:
        return None
    return await incidents.save(
        doing.db,
        incident=replace(
            incident,
            calls=incident.calls + 1,
            channels=with_channel(incident, call.channel),
            nature=incident.nature or call.nature,
            priority=urgency(desk.city, incident, call.nature),
            text=incident.text or call.text,
            location=best_location([incident.location, call.location]),
        ),
    )


def _call(report: Report, location: Location, doing: Act) -> Call:
    return Call(
        id=report.id,
        incident_id=IncidentId(0),
        channel=report.channel,
        caller=report.caller,
        nature=report.nature,
        text=report.text,
        fixes=report.fixes,
        location=location,
        received_at=doing.at,
        civic=report.civic,
    )
