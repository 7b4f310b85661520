"""The status of a unit, its place, and how it leaves an incident."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.desk.units.late_status import LateStatus, take_late
from dispatch.errors import Conflict, FieldProblem, Invalid
from dispatch.model import ON_INCIDENT, STEPS, EventKind, Incident, IncidentId, Unit, UnitId, UnitStatus
from dispatch.model.doubt import CLOCK_AHEAD
from dispatch.policy.incidents.status import status_of
from dispatch.policy.watch.overdue import still_overdue
from dispatch.store.incidents import incidents
from dispatch.store.units import units

# A crew that had not arrived is available where it is; one that had returns first.
NOT_YET_THERE = frozenset({UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE})


async def set_status(
    desk: Desk, *, unit_id: UnitId, status: UnitStatus, actor: str, said_at: datetime | None = None
) -> tuple[Unit, LateStatus | None]:
    """A step that a crew or a dispatcher sets by hand; leaving an incident releases the unit from it. The same status
    again is no step.

    `said_at` is the crew's clock, for a message that was long on its way: the step is noted as of that moment. One of
    before the unit's present status changes nothing of now; what became of it is the second value.
    Raises NotFound; Invalid for a moment in the future; Conflict for a step that STEPS doesn't have."""
    async with begin(desk, actor=actor) as tx:
        moment = _moment(said_at, now=tx.at)
        held, then = await _lock_incidents_of(tx, unit_id, said_at=moment if said_at is not None else None)
        before = (await units.lock(tx.db, unit_ids=[unit_id]))[unit_id]
        if said_at is not None and moment < before.since:
            late = await take_late(tx, before, status, moment, incident=then)
            return await _heard(tx, before), late
        # Without a moment of its own it is of now, also where the node that wrote the last one has a clock ahead.
        unit = await _take_step(desk, tx, before, status, max(moment, before.since), incident=held, said_at=said_at)
        return await _heard(tx, unit), None


async def _take_step(
    desk: Desk,
    tx: Transaction,
    before: Unit,
    status: UnitStatus,
    moment: datetime,
    *,
    incident: Incident | None,
    said_at: datetime | None,
) -> Unit:
    unit_id = before.id
    if before.incident_id != (incident.id if incident else None):
        raise Conflict(f"{unit_id} was sent somewhere else at the same moment", unit=before)
    if before.status is status:
        return before
    _refuse_step(before, status)
    if before.incident_id is not None and status not in ON_INCIDENT:
        await units.release(tx.db, unit_id=unit_id, at=moment, reason=str(status))
    unit = await units.set_status(tx.db, unit_id=unit_id, status=status, at=moment)
    if incident is not None:
        incident = await refresh(tx, incident.id)
    where = _where(desk, unit_id, moment)
    data = {"unit_id": unit_id, "from": before.status, "to": status, "at": where, "said_at": said_at}
    tx.tell(EventKind.UNIT_STATUS_CHANGED, incident=incident, units=(unit,), data=data)
    return unit


def _moment(said_at: datetime | None, *, now: datetime) -> datetime:
    if said_at is None:
        return now
    if said_at > now + CLOCK_AHEAD:
        problem = f"{said_at.isoformat()} is in the future; the service's time is {now.isoformat(timespec='seconds')}"
        raise Invalid("the time of the status is in the future", errors=[FieldProblem("at", problem)])
    return min(said_at, now)


def _refuse_step(before: Unit, status: UnitStatus) -> None:
    if status not in STEPS[before.status]:
        allowed = ", ".join(sorted(STEPS[before.status]))
        raise Conflict(f"{before.id} is {before.status}; allowed next: {allowed}", unit=before)


def _where(desk: Desk, unit_id: UnitId, moment: datetime) -> dict[str, float] | None:
    """The last known place of the unit. `age_s`: its age at `moment`; negative if measured after it."""
    position = desk.picture.positions.get(unit_id)
    if position is None:
        return None
    age_s = round((moment - position.at).total_seconds(), 1)
    return {"lat": position.lat, "lon": position.lon, "age_s": age_s}


async def _heard(tx: Transaction, unit: Unit) -> Unit:
    """A crew that sends a status is not silent."""
    if unit.silent_since is None:
        return unit
    [heard] = await set_silent(tx, [unit.id], None)
    data = {"unit_id": unit.id, "silent_since": unit.silent_since}
    tx.tell(EventKind.UNIT_HEARD, units=(heard,), data=data)
    return heard


async def set_silent(
    tx: Transaction, unit_ids: Iterable[UnitId], since: datetime | Mapping[UnitId, datetime] | None
) -> tuple[Unit, ...]:
    """Mark these units as silent `since` (one time for all, or one for each), or as heard (None).

    Returns those that weren't so already, by id: if two nodes notice, one gets them. The caller appends the event
    (UNIT_SILENT, UNIT_HEARD). Unknown and removed units are ignored."""
    moments = {u: since[u] if isinstance(since, Mapping) else since for u in unit_ids}
    return tuple(await units.set_silent(tx.db, since=moments))


async def set_free(tx: Transaction, *, unit_id: UnitId, reason: str) -> Unit:
    """Release the unit from its incident, which must be locked already. The caller appends the event."""
    unit = (await units.lock(tx.db, unit_ids=[unit_id]))[unit_id]
    await units.release(tx.db, unit_id=unit_id, at=tx.at, reason=reason)
    status = UnitStatus.AVAILABLE if unit.status in NOT_YET_THERE else UnitStatus.RETURNING
    return await units.set_status(tx.db, unit_id=unit_id, status=status, at=tx.at)


async def refresh(tx: Transaction, incident_id: IncidentId) -> Incident:
    """The incident with its current assignments, and what follows from them: status, overdue intervals."""
    incident = await incidents.get(tx.db, incident_id=incident_id)
    incident = replace(incident, status=status_of(incident.assignments, incident.status))
    return await incidents.save(tx.db, incident=replace(incident, overdue=still_overdue(incident)))


async def _lock_incidents_of(
    tx: Transaction, unit_id: UnitId, *, said_at: datetime | None
) -> tuple[Incident | None, Incident | None]:
    """The incident that the unit is on, and the one that it was on at `said_at`. Incidents before units, by their ids:
    the one order in which acts take their locks."""
    held = await incidents.of_unit(tx.db, unit_id=unit_id)
    then = await incidents.of_unit_at(tx.db, unit_id=unit_id, at=said_at) if said_at is not None else None
    locked = await incidents.lock_all(tx.db, incident_ids={i for i in (held, then) if i is not None})
    return (locked.get(held) if held is not None else None, locked.get(then) if then is not None else None)
