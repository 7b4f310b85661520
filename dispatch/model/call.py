"""One contact from a citizen, made of one report or, for a phone that speaks and sends AML, of several."""

from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.model.ids import CallId, IncidentId
from dispatch.model.report import Caller, Channel
from geo import Fix, Location


@dataclass(frozen=True, slots=True)
class Told:
    """What a call's sender told itself, and the location that follows from this alone."""

    channel: Channel
    caller: Caller
    nature: str | None
    text: str | None
    fixes: tuple[Fix, ...]
    location: Location
    civic: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Call:
    """`likeness` (0-1): it was joined to its incident without a person, for being that much alike; `linked_from`: the
    incident it was of before a person found that two were one. `sender`: the key that sent it, and owns it; `own`: what
    that one told, where others have added to it."""

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
    """The call as its sender may see it: nothing in it that follows from what others said."""
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
