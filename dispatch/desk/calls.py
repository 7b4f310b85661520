"""Take a call; add a fix to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from dispatch.desk.desk import Act, Desk, act
from dispatch.desk.recommendation import recommend_for
from dispatch.errors import FieldProblem, Invalid
from dispatch.model import (
    Call,
    Caller,
    CallId,
    Channel,
    EventKind,
    Incident,
    IncidentId,
    IncidentStatus,
    Report,
)
from dispatch.model.phone import same_phone
from dispatch.model.report import masked
from dispatch.model.wire import encode
from dispatch.policy.best_location import best_location
from dispatch.policy.recommend import RankedUnit
from dispatch.policy.same_incident import same_incident
from dispatch.store import calls, incidents
from geo import Fix, Location

UNKNOWN_PRIORITY = 3


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
    async with desk.taking, act(desk, actor=actor) as doing:
        if (answer := await calls.answered(doing.db, report_id=report.id)) is not None:
            return answer, False
        if (known := await _same_contact(desk, doing, report)) is not None:
            taken = await _more_of(desk, doing, known, report)
        else:
            taken = await _new_call(desk, doing, report)
        answer = encode(taken)
        await calls.receipt(
            doing.db,
            receipt=calls.Receipt(report=report, call_id=taken.call_id, at=doing.at, by=actor, answer=answer),
        )
    return answer, True


async def add_fixes(desk: Desk, *, call_id: CallId, fixes: Sequence[Fix], actor: str) -> Refined:
    """A later, better or moved fix: the call is located anew, and so is its incident. Raises NotFound."""
    async with act(desk, actor=actor) as doing:
        call = await _lock_call(doing, call_id)
        call = replace(call, fixes=(*call.fixes, *fixes))
        call = await _relocate(desk, doing, call)
    return Refined(call.id, call.incident_id, call.location)


async def _new_call(desk: Desk, doing: Act, report: Report) -> Taken:
    location = desk.locate(report.fixes, at=doing.at)
    joined = same_incident(
        location=location, nature=report.nature, at=doing.at, incidents=desk.picture.room.incidents.values()
    )
    incident = await _join(doing, joined, report, location) if joined is not None else None
    was_known = incident is not None
    if incident is None:
        incident = await _open(desk, doing, report, location)
    call = Call(
        id=report.id,
        incident_id=incident.id,
        channel=report.channel,
        caller=report.caller,
        nature=report.nature,
        text=report.text,
        fixes=report.fixes,
        location=location,
        received_at=doing.at,
        civic=report.civic,
    )
    await calls.add(doing.db, call=call)
    kind = EventKind.CALL_JOINED if was_known else EventKind.CALL_TAKEN
    _tell_call(doing, kind, incident, call, report.channel)
    recommended = recommend_for(desk, incident, at=doing.at).units
    return Taken(call.id, incident.id, was_known, location, recommended)


async def _open(desk: Desk, doing: Act, report: Report, location: Location) -> Incident:
    nature = desk.city.natures_by_code.get(report.nature) if report.nature else None
    return await incidents.add(
        doing.db,
        incident=Incident(
            id=IncidentId(0),
            status=IncidentStatus.WAITING,
            priority=nature.priority if nature else UNKNOWN_PRIORITY,
            nature=report.nature,
            text=report.text,
            opened_at=doing.at,
            location=location,
            calls=1,
            channels=(report.channel,),
        ),
    )


async def _join(doing: Act, incident_id: IncidentId, report: Report, location: Location) -> Incident | None:
    """The incident with one call more; None where it was closed while we looked."""
    incident = await incidents.lock(doing.db, incident_id=incident_id)
    if incident.status is IncidentStatus.CLOSED:
        return None
    return await incidents.save(
        doing.db,
        incident=replace(
            incident,
            calls=incident.calls + 1,
            channels=_with_channel(incident, report.channel),
            text=incident.text or report.text,
            location=best_location([incident.location, location]),
        ),
    )


async def _same_contact(desk: Desk, doing: Act, report: Report) -> Call | None:
    """A phone that calls sends its position by AML too, perhaps twice: one call, whichever report is first."""
    caller = report.caller
    if not (caller.number or caller.imei or caller.imsi):
        return None
    since = doing.at - timedelta(seconds=desk.settings.same_phone_window_s)
    for call in await calls.of_phone(doing.db, caller=caller, since=since):
        if Channel.AML in {report.channel, call.channel} and same_phone(call.caller, caller):
            return await _lock_call(doing, call.id)
    return None


async def _more_of(desk: Desk, doing: Act, call: Call, report: Report) -> Taken:
    """What this report adds to a call already taken: fixes, and the words where the first one had none."""
    spoken = call.channel if call.channel is not Channel.AML else report.channel
    call = replace(
        call,
        channel=spoken,
        caller=_more_of_caller(call.caller, report.caller),
        nature=call.nature or report.nature,
        text=call.text or report.text,
        civic=call.civic or report.civic,
        fixes=(*call.fixes, *report.fixes),
    )
    nature = desk.city.natures_by_code.get(report.nature) if report.nature else None
    incident = await incidents.get(doing.db, incident_id=call.incident_id)
    if incident.status is not IncidentStatus.CLOSED:
        named = incident.nature is None and nature is not None
        incident = await incidents.save(
            doing.db,
            incident=replace(
                incident,
                nature=incident.nature or report.nature,
                priority=nature.priority if named and nature else incident.priority,
                text=incident.text or report.text,
                channels=_with_channel(incident, report.channel),
            ),
        )
        _tell_call(doing, EventKind.CALL_JOINED, incident, call, report.channel)
    call = await _relocate(desk, doing, call)
    recommended = recommend_for(desk, incident, at=doing.at).units
    return Taken(call.id, call.incident_id, True, call.location, recommended)


async def _relocate(desk: Desk, doing: Act, call: Call) -> Call:
    """Locate a call of which more is known, and tell where its incident now is."""
    before = call.location
    call = replace(call, location=desk.locate(call.fixes, at=doing.at))
    await calls.save(doing.db, call=call)
    incident = await incidents.get(doing.db, incident_id=call.incident_id)
    if incident.status is IncidentStatus.CLOSED or call.location == before:
        return call
    others = [c.location for c in await calls.of_incident(doing.db, incident_id=incident.id) if c.id != call.id]
    if _placed_by_hand(incident):
        others.append(incident.location)
    best = best_location([call.location, *others])
    incident = await incidents.save(doing.db, incident=replace(incident, location=best))
    doing.tell(
        EventKind.LOCATION_CHANGED,
        incident=incident,
        data={"call_id": call.id, "before_m": before.radius_m, "after_m": call.location.radius_m},
    )
    return call


async def _lock_call(doing: Act, call_id: CallId) -> Call:
    """Incident first, then call: the one order in which acts take their locks. A call that was linked to another
    incident while we waited is followed there."""
    call = await calls.get(doing.db, call_id=call_id)
    while True:
        await incidents.lock(doing.db, incident_id=call.incident_id)
        locked = await calls.lock(doing.db, call_id=call_id)
        if locked.incident_id == call.incident_id:
            return locked
        call = locked


def _tell_call(doing: Act, kind: EventKind, incident: Incident, call: Call, channel: Channel) -> None:
    doing.tell(
        kind,
        incident=incident,
        data={
            "call_id": call.id,
            "channel": channel,
            "number_masked": masked(call.caller.number),
            "source": call.location.source,
            "radius_m": call.location.radius_m,
        },
    )


def _with_channel(incident: Incident, channel: Channel) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*incident.channels, channel)))


def _placed_by_hand(incident: Incident) -> bool:
    return incident.location.source == "manual"


def _more_of_caller(known: Caller, new: Caller) -> Caller:
    return Caller(
        known.number or new.number,
        known.name or new.name,
        known.imei or new.imei,
        known.imsi or new.imsi,
        known.language or new.language,
    )
