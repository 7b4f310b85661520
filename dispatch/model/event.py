"""What happened, in the past tense, in one order for all."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from dispatch.model.ids import Seq
from dispatch.model.incident import Incident
from dispatch.model.quarantine import QuarantineItem
from dispatch.model.unit import Unit


class EventKind(StrEnum):
    CALL_TAKEN = "call_taken"
    CALL_JOINED = "call_joined"
    LOCATION_CHANGED = "location_changed"
    INCIDENT_CHANGED = "incident_changed"
    INCIDENT_CLOSED = "incident_closed"
    INCIDENT_REOPENED = "incident_reopened"
    INCIDENT_LINKED = "incident_linked"
    INCIDENT_UNLINKED = "incident_unlinked"
    INCIDENT_OVERDUE = "incident_overdue"
    LIKENESS_FOUND = "likeness_found"
    CALL_SPLIT = "call_split"
    NOTE_ADDED = "note_added"
    UNIT_ADDED = "unit_added"
    UNIT_CHANGED = "unit_changed"
    UNIT_REMOVED = "unit_removed"
    UNIT_ASSIGNED = "unit_assigned"
    UNIT_RELEASED = "unit_released"
    UNIT_PREEMPTED = "unit_preempted"
    UNIT_SILENT = "unit_silent"
    UNIT_HEARD = "unit_heard"
    UNIT_STATUS_CHANGED = "unit_status_changed"
    # Said before the present status: it changes the past only.
    UNIT_STATUS_LATE = "unit_status_late"
    REPORT_QUARANTINED = "report_quarantined"
    QUARANTINE_HANDLED = "quarantine_handled"
    # What a newer node tells of, and this one has no word for. Never told by ourselves.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before the journal has given it its place.

    It carries the new state of what it changed, whole: whoever replaces its copy by these is up to date,
    which is what makes `apply(snapshot, events) == fresh snapshot` true by construction. `quarantine_open`: how many
    quarantined reports nobody has looked at then; `quarantine`: the one item that older nodes told instead."""

    kind: EventKind
    at: datetime
    actor: str
    incident: Incident | None = None
    units: tuple[Unit, ...] = ()
    quarantine: QuarantineItem | None = None
    data: dict[str, Any] = field(default_factory=dict)
    quarantine_open: int | None = None


@dataclass(frozen=True, slots=True)
class Event(NewEvent):
    """A happening with its place in the one order. `seq` is gap-free and its order is the commit order."""

    seq: Seq = Seq(0)
