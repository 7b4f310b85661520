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
    """Another incident that may be this one, and how likely, 0-1. A person says whether it is. `same_phone`: for one
    phone reported both, wherever they are."""

    incident_id: IncidentId
    score: float
    same_phone: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """`assignments` are the running ones; past ones are in the timeline. `calls` is a count.

    `linked_to` is the incident this one was joined into when a person found that they are the same. `alarm` 1 is the
    first response, higher ones send more; `overdue` holds the intervals that have outlasted their targets. `reopened`:
    when it was opened again after it had been closed, each time. `continues`: the closed incident that its first call
    continues."""

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
    reopened: tuple[datetime, ...] = ()
    continues: IncidentId | None = None

    @property
    def responding_since(self) -> datetime:
        """When the caller began to wait: each reopening begins a new response."""
        return self.reopened[-1] if self.reopened else self.opened_at
