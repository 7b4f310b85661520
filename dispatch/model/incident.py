"""One emergency, which may have many calls."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatch.model.ids import IncidentId, UnitId
from dispatch.model.interval import Overdue
from geo import Location


class IncidentStatus(StrEnum):
    WAITING = "waiting"
    DISPATCHED = "dispatched"
    ATTENDED = "attended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A unit on an incident, until `released_at`. The times are those at which the crew's status changed."""

    unit_id: UnitId
    assigned_at: datetime
    assigned_by: str
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    transporting_at: datetime | None = None
    at_hospital_at: datetime | None = None
    released_at: datetime | None = None
    release_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Similar:
    """Another incident that may be the same one, and the probability, 0-1. A dispatcher decides."""

    incident_id: IncidentId
    score: float


@dataclass(frozen=True, slots=True)
class Incident:
    """`assignments` are the running ones; past ones are in the timeline. `calls` is a count.

    `linked_to` is the incident that a dispatcher joined this one into. `alarm` 1 is the first response, higher ones
    send more; `overdue` lists the intervals that have exceeded their targets."""

    id: IncidentId
    status: IncidentStatus
    priority: int
    nature: str | None
    text: str | None
    opened_at: datetime
    location: Location
    calls: int
    channels: tuple[str, ...]
    assignments: tuple[Assignment, ...] = ()
    closed_at: datetime | None = None
    close_reason: str | None = None
    linked_to: IncidentId | None = None
    version: int = 1
    alarm: int = 1
    overdue: tuple[Overdue, ...] = ()
    similar: tuple[Similar, ...] = ()
