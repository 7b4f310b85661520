"""Events: what happened, in the past tense, in one order for all."""

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
    # An event kind of a newer node that this version doesn't know. Never sent by this version.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before the journal has numbered it.

    It carries the whole new state of what it changed: replacing the copies by these makes `apply(snapshot, events) ==
    fresh snapshot` true by construction. `quarantine_open`: number of unhandled reports in quarantine after the event;
    `quarantine`: the one item that older nodes sent instead."""

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
    """A numbered event. `seq` has no gaps and its order is the commit order."""

    seq: Seq = Seq(0)
