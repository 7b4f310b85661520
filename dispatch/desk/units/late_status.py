"""A status that a crew gave before the one that is known: it belongs to the past, and changes nothing of now."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dispatch.desk.desk import Transaction
from dispatch.model import EventKind, Incident, IncidentId, Unit, UnitStatus
from dispatch.policy.units.late_status import assignment_at, with_late_status
from dispatch.policy.watch.overdue import still_overdue
from dispatch.store import journal
from dispatch.store.incidents import incidents
from dispatch.store.units import units
from dispatch.store.watch import overdue


class LateOutcome(StrEnum):
    """`interval`: the moment was missing or later in the assignment, and is now this one; `noted`: only told of."""

    INTERVAL = "interval"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class LateStatus:
    """What became of it. `incident_id`: what the unit was on at that moment."""

    status: UnitStatus
    said_at: datetime
    incident_id: IncidentId | None
    outcome: LateOutcome


async def take_late(
    tx: Transaction, unit: Unit, status: UnitStatus, said_at: datetime, *, incident: Incident | None
) -> LateStatus:
    """`incident`: what the unit was on at that moment, locked, as the unit is. Said again, it is told once."""
    incident_id = incident.id if incident else None
    before = await journal.outcome_of_late_status(
        tx.db, incident_id=incident_id, unit_id=unit.id, status=status, said_at=said_at.isoformat()
    )
    if before is not None:
        return LateStatus(status, said_at, incident_id, LateOutcome(before))
    outcome = LateOutcome.NOTED
    if incident is not None:
        past = await incidents.assignments(tx.db, incident_id=incident.id)
        running = assignment_at((a for a in past if a.unit_id == unit.id), said_at)
        current = unit.status if unit.incident_id == incident.id else None
        changed = with_late_status(running, status, said_at, current=current) if running else None
        if changed is not None:
            await units.set_moments(tx.db, incident_id=incident.id, assignment=changed)
            incident = await _with_assignments(tx, incident)
            outcome = LateOutcome.INTERVAL
    data = {"unit_id": unit.id, "status": status, "said_at": said_at.isoformat(), "outcome": outcome}
    tx.tell(EventKind.UNIT_STATUS_LATE, incident=incident, units=(unit,), data=data)
    return LateStatus(status, said_at, incident_id, outcome)


async def _with_assignments(tx: Transaction, incident: Incident) -> Incident:
    """The incident with its assignments as they now are. Its version stays: a dispatcher who is just about to act must
    not be told that somebody came before."""
    now = await incidents.get(tx.db, incident_id=incident.id)
    running = still_overdue(now)
    if running != now.overdue:
        await overdue.save(tx.db, overdue={now.id: running})
    return replace(now, overdue=running)
