"""More of a call that was taken already: a phone that speaks and sends its position too, a better fix later on."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from dispatch.desk.desk import Act, Desk
from dispatch.desk.joining import looked_around, tell_likeness
from dispatch.desk.opening import urgency
from dispatch.model import Call, Caller, CallId, Channel, EventKind, Incident, IncidentStatus, Report
from dispatch.model.call import Told, own_part
from dispatch.model.phone import same_phone
from dispatch.model.report import masked
from dispatch.model.sender import Sender, SenderKind
from dispatch.policy.best_location import when_moved
from dispatch.store import calls, incidents

T = TypeVar("T", Call, Told)


class Moved(Exception):
    """The call went to another incident while we waited for the one it was of: to be done again from the start, for
    who waits for a second incident while holding a first may wait forever."""


async def lock_call(doing: Act, call_id: CallId) -> Call:
    """Incident first, then call: the one order in which acts take their locks. Raises NotFound, Moved."""
    call = await calls.get(doing.db, call_id=call_id)
    await incidents.lock(doing.db, incident_id=call.incident_id)
    locked = await calls.lock(doing.db, call_id=call_id)
    if locked.incident_id != call.incident_id:
        raise Moved
    return locked


class Phones:
    """Whose calls are known. A phone that calls sends its position by AML too, perhaps twice: one call, whichever of
    its reports is first. A gateway or a dispatcher adds to anybody's; an intake key to what it sent itself, and it is
    compared with that alone: else it could find out which number and which device are one."""

    def __init__(self, known: Iterable[Call] = ()) -> None:
        # By whose (None: anybody's) and a mark.
        self._known: dict[tuple[str | None, str, str], list[tuple[Caller, Channel]]] = {}
        for call in known:
            own = own_part(call)
            self._add(None, call.caller, call.channel)
            self._add(call.sender, own.caller, own.channel)

    def add(self, report: Report, sender: Sender) -> None:
        for whose in (None, sender.name):
            self._add(whose, report.caller, report.channel)

    def know(self, report: Report, sender: Sender) -> bool:
        whose = sender.name if sender.kind is SenderKind.INTAKE else None
        return any(
            Channel.AML in {report.channel, channel} and same_phone(caller, report.caller)
            for mark in _marks(report.caller)
            for caller, channel in self._known.get((whose, *mark), ())
        )

    def _add(self, whose: str | None, caller: Caller, channel: Channel) -> None:
        for mark in _marks(caller):
            self._known.setdefault((whose, *mark), []).append((caller, channel))


def call_of_phone(found: Iterable[Call], report: Report, sender: Sender) -> Call:
    """The one of these, newest first, that this report is more of: of its own sender before others. Raises IndexError
    for none."""
    known = [call for call in found if Phones([call]).know(report, sender)]
    return sorted(known, key=lambda call: call.sender != sender.name)[0]


def _marks(caller: Caller) -> list[tuple[str, str]]:
    return [(name, value) for name in ("number", "imei", "imsi") if (value := getattr(caller, name))]


async def add_report(desk: Desk, doing: Act, call: Call, report: Report) -> tuple[Call, Incident]:
    """What this report adds to a call already taken: fixes, and the words where the first one had none."""
    call = added(desk, doing, call, report)
    incident = await incidents.get(doing.db, incident_id=call.incident_id)
    if incident.status is not IncidentStatus.CLOSED:
        told = replace(
            incident,
            nature=incident.nature or report.nature,
            priority=urgency(desk.city, incident, report.nature) if incident.nature is None else incident.priority,
            text=incident.text or report.text,
            channels=with_channel(incident, report.channel),
        )
        incident = await incidents.save(doing.db, incident=told)
        tell_call(doing, EventKind.CALL_JOINED, incident, call, report.channel)
    return await relocate(desk, doing, call)


def added(desk: Desk, doing: Act, call: Call, report: Report) -> Call:
    """The call with what a report adds, not yet located anew. What the call's sender told itself is kept apart as soon
    as somebody else adds to it, for this is all that its sender is told."""
    if doing.actor != call.sender:
        return replace(_with_more(call, report), own=own_part(call))
    own = call.own and _with_more(call.own, report)
    return replace(_with_more(call, report), own=own and replace(own, location=desk.locate(own.fixes, at=doing.at)))


def _with_more(told: T, report: Report) -> T:
    return replace(
        told,
        channel=told.channel if told.channel is not Channel.AML else report.channel,
        caller=_more_of_caller(told.caller, report.caller),
        nature=told.nature or report.nature,
        text=told.text or report.text,
        civic=told.civic or report.civic,
        fixes=(*told.fixes, *report.fixes),
    )


async def relocate(desk: Desk, doing: Act, call: Call) -> tuple[Call, Incident]:
    """Locate a call of which more is known, and tell where its incident now is and what it may be the same as."""
    before = call.location
    call = replace(call, location=desk.locate(call.fixes, at=doing.at))
    await calls.save(doing.db, call=call)
    incident = await incidents.get(doing.db, incident_id=call.incident_id)
    if incident.status is IncidentStatus.CLOSED or call.location == before:
        return call, incident
    others = [c for c in await calls.of_incident(doing.db, incident_id=incident.id) if c.id != call.id]
    place = when_moved(incident.location, before, call, others)
    moved = looked_around(desk, replace(incident, location=place))
    moved = await incidents.save(doing.db, incident=moved)
    doing.tell(
        EventKind.LOCATION_CHANGED,
        incident=moved,
        data={"call_id": call.id, "before_m": before.radius_m, "after_m": call.location.radius_m},
    )
    tell_likeness(doing, incident, moved)
    return call, moved


def tell_call(doing: Act, kind: EventKind, incident: Incident, call: Call, channel: Channel) -> None:
    doing.tell(
        kind,
        incident=incident,
        data={
            "call_id": call.id,
            "channel": channel,
            "number_masked": masked(call.caller.number),
            "source": call.location.source,
            "radius_m": call.location.radius_m,
        }
        | ({"likeness": call.likeness} if call.likeness is not None else {}),
    )


def with_channel(incident: Incident, channel: Channel) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*incident.channels, channel)))


def _more_of_caller(known: Caller, new: Caller) -> Caller:
    return Caller(
        known.number or new.number,
        known.name or new.name,
        known.imei or new.imei,
        known.imsi or new.imsi,
        known.language or new.language,
    )
