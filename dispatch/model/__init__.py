"""The data model."""

from dispatch.model.call import Call
from dispatch.model.event import Event, EventKind, NewEvent
from dispatch.model.ids import CallId, IncidentId, Seq, UnitId
from dispatch.model.incident import Assignment, Incident, IncidentStatus, Similar
from dispatch.model.interval import Interval, Overdue, Target
from dispatch.model.quarantine import QuarantineItem, QuarantineSender
from dispatch.model.report import Caller, Channel, Report
from dispatch.model.unit import ASSIGNABLE, ON_INCIDENT, STEPS, PlacedUnit, Unit, UnitPosition, UnitStatus

__all__ = [
    "ASSIGNABLE",
    "ON_INCIDENT",
    "STEPS",
    "Assignment",
    "Call",
    "CallId",
    "Caller",
    "Channel",
    "Event",
    "EventKind",
    "Incident",
    "IncidentId",
    "IncidentStatus",
    "Interval",
    "NewEvent",
    "Overdue",
    "PlacedUnit",
    "QuarantineItem",
    "QuarantineSender",
    "Report",
    "Seq",
    "Similar",
    "Target",
    "Unit",
    "UnitId",
    "UnitPosition",
    "UnitStatus",
]
