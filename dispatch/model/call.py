"""One contact from a citizen, made of one report or, for a phone that speaks and sends AML, of several."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.model.ids import CallId, IncidentId
from dispatch.model.report import Caller, Channel
from geo import Fix, Location


@dataclass(frozen=True, slots=True)
class Call:
    """`likeness` (0-1): it was joined to its incident without a person, for being that much alike; `linked_from`: the
    incident it was of before a person found that two were one."""

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
