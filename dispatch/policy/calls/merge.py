"""A call, and its incident, with what a further report says."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from dispatch.model import Call, Caller, CallId, Channel, Incident, IncidentId, Report
from dispatch.model.call import Told, own_part
from dispatch.model.city import City
from dispatch.model.report import masked
from dispatch.model.sender import Sender
from dispatch.policy.calls.batch import Incoming, Rules
from dispatch.policy.incidents.best_location import when_joined
from dispatch.policy.incidents.new_incident import summary, urgency
from geo import Fix, best_few

T = TypeVar("T", Call, Told)


def new_call(
    incoming: Incoming, call_id: CallId, incident_id: IncidentId, at: datetime, likeness: float | None = None
) -> Call:
    report = incoming.report
    return Call(
        id=call_id,
        incident_id=incident_id,
        channel=report.channel,
        caller=report.caller,
        nature=report.nature,
        text=report.text,
        fixes=report.fixes,
        location=incoming.location,
        received_at=at,
        civic=report.civic,
        likeness=likeness,
        sender=incoming.sender.name,
    )


def with_report(call: Call, report: Report, sender: Sender, rules: Rules) -> tuple[Call, tuple[Fix, ...]]:
    """The call with what the report adds, located anew, and the fixes that are no longer reckoned with. What its own
    sender said is kept apart as soon as somebody else adds to it, for this is all that its sender is told."""
    after = _with_more(call, report)
    kept, aside = best_few(after.fixes, at=rules.at)
    own = call.own
    if sender.name != call.sender:
        own = own_part(call)
    elif own is not None:
        own = _with_more(own, report)
        own_fixes, _ = best_few(own.fixes, at=rules.at)
        own = replace(own, fixes=own_fixes, location=rules.locate(own_fixes))
    return replace(after, fixes=kept, location=rules.locate(kept), own=own), aside


def _with_more(known: T, report: Report) -> T:
    """With the report's fixes, and its words where there were none."""
    return replace(
        known,
        channel=known.channel if known.channel is not Channel.AML else report.channel,
        caller=_merged(known.caller, report.caller),
        nature=known.nature or report.nature,
        text=known.text or report.text,
        civic=known.civic or report.civic,
        fixes=(*known.fixes, *report.fixes),
    )


def with_call(city: City, incident: Incident, call: Call) -> Incident:
    """The incident with one call more."""
    return replace(
        incident,
        calls=incident.calls + 1,
        channels=with_channel(incident, call.channel),
        nature=incident.nature or call.nature,
        priority=urgency(city, incident, call.nature),
        text=incident.text or summary(call.text),
        location=when_joined(incident.location, call.location),
    )


def with_words(city: City, incident: Incident, report: Report) -> Incident:
    """The incident with what one of its callers now says besides."""
    return replace(
        incident,
        nature=incident.nature or report.nature,
        priority=urgency(city, incident, report.nature) if incident.nature is None else incident.priority,
        text=incident.text or summary(report.text),
        channels=with_channel(incident, report.channel),
    )


def with_channel(incident: Incident, channel: Channel) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*incident.channels, channel)))


def call_data(call: Call, channel: Channel) -> dict[str, Any]:
    """What an event says of a call: nothing of who calls but the end of the number."""
    data = {
        "call_id": call.id,
        "channel": channel,
        "number_masked": masked(call.caller.number),
        "source": call.location.source,
        "radius_m": call.location.radius_m,
    }
    return data | ({"likeness": call.likeness} if call.likeness is not None else {})


def _merged(known: Caller, new: Caller) -> Caller:
    return Caller(
        known.number or new.number,
        known.name or new.name,
        known.imei or new.imei,
        known.imsi or new.imsi,
        known.language or new.language,
        known.installation or new.installation,
    )
