"""What a sender is told of its report: of what is its own, and nothing that follows from the data of others."""

from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.model import Call, CallId, Incident, IncidentId
from dispatch.model.call import as_sent
from dispatch.model.city import City
from dispatch.model.sender import Sender, SenderKind
from dispatch.model.wire import encode
from dispatch.policy.incidents.new_incident import opened
from dispatch.policy.units.recommendation import RankedUnit
from geo import Location


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a report. `joined`: it belongs to an incident that was known before. An intake key is told the
    location and the units of what it sent itself, a dispatcher those of the incident. `flaws`: what was wrong with the
    report, and how it was read."""

    call_id: CallId
    incident_id: IncidentId
    joined: bool
    location: Location
    recommended: tuple[RankedUnit, ...]
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """The answer to a gateway, the same in every case: its report may have been added to another sender's call."""

    report_id: CallId
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Refined:
    """The answer to later fixes. `flaws`: what was wrong with them; they were used all the same."""

    call_id: CallId
    incident_id: IncidentId
    location: Location
    flaws: tuple[str, ...] = ()


def seen_by(city: City, sender: Sender, call: Call, incident: Incident) -> Incident | None:
    """The incident for which units are recommended to this sender: to a dispatcher as it is, to an intake key as its
    own call alone would have made it, None for a gateway."""
    match sender.kind:
        case SenderKind.DESK:
            return incident
        case SenderKind.INTAKE:
            return replace(opened(city, as_sent(call)), id=incident.id)
        case SenderKind.GATEWAY:
            return None


def told(
    sender: Sender, call: Call, *, joined: bool, units: tuple[RankedUnit, ...], flaws: tuple[str, ...] = ()
) -> Taken:
    if sender.kind is SenderKind.INTAKE:
        call = as_sent(call)
        # A unit that would be taken from a lesser incident tells of that one.
        units = tuple(unit for unit in units if unit.preempts is None)
    return Taken(call.id, call.incident_id, joined, call.location, units, flaws)


def refined(sender: Sender, call: Call, *, flaws: tuple[str, ...]) -> Refined:
    own = as_sent(call) if sender.kind is SenderKind.INTAKE else call
    return Refined(call.id, call.incident_id, own.location, flaws)


def answer_to(sender: Sender, report_id: CallId, taken: Taken, *, at: datetime) -> str:
    """As JSON."""
    return encode(Received(report_id, at) if sender.kind is SenderKind.GATEWAY else taken)
