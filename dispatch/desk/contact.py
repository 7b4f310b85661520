"""More of a call that was taken already: a phone that speaks and sends its position too, a better fix later on."""

from collections.abc import Iterable
from dataclasses import replace

from dispatch.desk.desk import Act, Desk
from dispatch.desk.joining import looked_around, tell_likeness
from dispatch.desk.opening import urgency
from dispatch.model import Call, Caller, CallId, Channel, EventKind, Incident, IncidentStatus, Report
from dispatch.model.phone import same_phone
from dispatch.model.report import masked
from dispatch.policy.best_location import best_location
from dispatch.store import calls, fixes, incidents
from geo import best_few


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
    its reports is first."""

    def __init__(self, known: Iterable[tuple[Caller, Channel]] = ()) -> None:
        self._known: dict[tuple[str, str], list[tuple[Caller, Channel]]] = {}
        for caller, channel in known:
            self.add(caller, channel)

    def add(self, caller: Caller, channel: Channel) -> None:
        for mark in _marks(caller):
            self._known.setdefault(mark, []).append((caller, channel))

    def know(self, report: Report) -> bool:
        return any(
            Channel.AML in {report.channel, channel} and same_phone(caller, report.caller)
            for mark in _marks(report.caller)
            for caller, channel in self._known.get(mark, ())
        )


def _marks(caller: Caller) -> list[tuple[str, str]]:
    return [(name, value) for name in ("number", "imei", "imsi") if (value := getattr(caller, name))]


async def add_report(desk: Desk, doing: Act, call: Call, report: Report) -> tuple[Call, Incident]:
    """What this report adds to a call already taken: fixes, and the words where the first one had none."""
    call = replace(
        call,
        channel=call.channel if call.channel is not Channel.AML else report.channel,
        caller=_more_of_caller(call.caller, report.caller),
        nature=call.nature or report.nature,
        text=call.text or report.text,
        civic=call.civic or report.civic,
        fixes=(*call.fixes, *report.fixes),
    )
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


async def relocate(desk: Desk, doing: Act, call: Call) -> tuple[Call, Incident]:
    """Locate a call of which more is known, and tell where its incident now is and what it may be the same as. Of its
    fixes the best few are reckoned with, and the others kept aside."""
    before = call.location
    kept, aside = best_few(call.fixes, at=doing.at)
    call = replace(call, fixes=kept, location=desk.locate(kept, at=doing.at))
    await calls.save(doing.db, call=call)
    if aside:
        await fixes.set_aside(doing.db, call_id=call.id, fixes=aside, at=doing.at)
    incident = await incidents.get(doing.db, incident_id=call.incident_id)
    if incident.status is IncidentStatus.CLOSED or call.location == before:
        return call, incident
    others = [c.location for c in await calls.of_incident(doing.db, incident_id=incident.id) if c.id != call.id]
    if incident.location.source == "manual":
        others.append(incident.location)
    moved = looked_around(desk, replace(incident, location=best_location([call.location, *others])))
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
