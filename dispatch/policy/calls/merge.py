"""A call, and its incident, with what a further report says."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from dispatch.model import Call, Caller, Channel, Incident, IncidentId, Report
from dispatch.model.city import City
from dispatch.model.report import masked
from dispatch.policy.best_location import best_location
from dispatch.policy.calls.batch import Incoming
from dispatch.policy.new_incident import urgency


def new_call(incoming: Incoming, at: datetime, incident_id: IncidentId, likeness: float | None = None) -> Call:
    report = incoming.report
    return Call(
        id=report.id,
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
    )


def with_report(call: Call, report: Report) -> Call:
    """The call with the report's fixes, and its words where the call had none."""
    return replace(
        call,
        channel=call.channel if call.channel is not Channel.AML else report.channel,
        caller=_merged(call.caller, report.caller),
        nature=call.nature or report.nature,
        text=call.text or report.text,
        civic=call.civic or report.civic,
        fixes=(*call.fixes, *report.fixes),
    )


def with_call(city: City, incident: Incident, call: Call) -> Incident:
    """The incident with one call more."""
    return replace(
        incident,
        calls=incident.calls + 1,
        channels=with_channel(incident, call.channel),
        nature=incident.nature or call.nature,
        priority=urgency(city, incident, call.nature),
        text=incident.text or call.text,
        location=best_location([incident.location, call.location]),
    )


def with_words(city: City, incident: Incident, report: Report) -> Incident:
    """The incident with what one of its callers now says besides."""
    return replace(
        incident,
        nature=incident.nature or report.nature,
        priority=urgency(city, incident, report.nature) if incident.nature is None else incident.priority,
        text=incident.text or report.text,
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
    )
