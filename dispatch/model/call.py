"""One contact from a citizen, made of one report or, for a phone that calls and sends AML, of several."""

from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.model.ids import CallId, IncidentId
from dispatch.model.report import Caller, Channel
from geo import Fix, Location


@dataclass(frozen=True, slots=True)
class Told:
    """What a call's sender stated, and the location that follows from this alone."""

    channel: Channel
    caller: Caller
    nature: str | None
    text: str | None
    fixes: tuple[Fix, ...]
    location: Location
    civic: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Call:
    """`likeness` (0-1): the probability with which it was joined to its incident automatically; `linked_from`: its
    incident before a dispatcher linked two. `sender`: the key that sent it, and owns it; `own`: what the sender stated,
    if others have added to it."""

    id: CallId
    incident_id: IncidentId
    channel: Channel
    caller: Caller
    nature: str | None
    text: str | None
    fixes: tuple[Fix, ...]
    location: Location
    received_at: datetime
    civic: dict[str, str] | None = None
    likeness: float | None = None
    linked_from: IncidentId | None = None
    sender: str = ""
    own: Told | None = None


def own_part(call: Call) -> Told:
    return call.own or Told(call.channel, call.caller, call.nature, call.text, call.fixes, call.location, call.civic)


def as_sent(call: Call) -> Call:
    """The call as its sender may see it: nothing that follows from what others sent."""
    if call.own is None:
        is_alone = call.likeness is None and call.linked_from is None
        return call if is_alone else replace(call, likeness=None, linked_from=None)
    own = call.own
    return replace(
        call,
        channel=own.channel,
        caller=own.caller,
        nature=own.nature,
        text=own.text,
        fixes=own.fixes,
        location=own.location,
        civic=own.civic,
        likeness=None,
        linked_from=None,
        own=None,
    )
