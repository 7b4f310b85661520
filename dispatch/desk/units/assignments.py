"""Assign units to an incident, pre-empting those that were confirmed; release one; replace one by another."""

from collections.abc import Mapping, Sequence

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.desk.incidents.close import as_seen, lock_open
from dispatch.desk.units.status import NOT_YET_THERE, refresh, set_free
from dispatch.errors import Conflict, FieldProblem, Invalid
from dispatch.model import ASSIGNABLE, EventKind, Incident, IncidentId, Unit, UnitId, UnitStatus
from dispatch.store.incidents import incidents
from dispatch.store.units import units

Confirmed = Mapping[UnitId, IncidentId]


async def assign(
    desk: Desk,
    *,
    incident_id: IncidentId,
    unit_ids: Sequence[UnitId],
    version: int | None,
    actor: str,
    preempt: Confirmed | None = None,
) -> Incident:
    """All or none. `preempt` confirms for each unit that is to be pre-empted the incident it is on.

    Raises NotFound; Conflict, with the current incident and units, if a unit can't be sent or the incident has another
    version; Invalid if a confirmation names a unit that is not to be assigned."""
    async with begin(desk, actor=actor) as tx:
        around = await _lock(tx, incident_id, unit_ids, preempt or {}, version=version)
        return await _send(tx, around, unit_ids, preempt or {}, around[incident_id])


async def swap(
    desk: Desk,
    *,
    incident_id: IncidentId,
    release: UnitId,
    assign: UnitId,
    version: int | None,
    actor: str,
    preempt: Confirmed | None = None,
) -> Incident:
    """Release one unit and assign another, or neither. Raises as assign and release do."""
    if release == assign:
        raise Invalid("a unit can't replace itself", errors=[FieldProblem("assign", "is the same unit")])
    async with begin(desk, actor=actor) as tx:
        around = await _lock(tx, incident_id, [assign], preempt or {}, version=version, besides=[release])
        left = await _take_off(tx, around[incident_id], release, reason=f"exchanged for {assign}")
        return await _send(tx, around, [assign], preempt or {}, left)


async def release(desk: Desk, *, incident_id: IncidentId, unit_id: UnitId, reason: str, actor: str) -> Incident:
    """Raises NotFound; Conflict if the unit isn't on this incident."""
    async with begin(desk, actor=actor) as tx:
        incident = await lock_open(tx, incident_id)
        return await _take_off(tx, incident, unit_id, reason=reason)


async def _lock(
    tx: Transaction,
    incident_id: IncidentId,
    unit_ids: Sequence[UnitId],
    preempt: Confirmed,
    *,
    version: int | None,
    besides: Sequence[UnitId] = (),
) -> dict[IncidentId, Incident]:
    """Lock all incidents that will change, by id, then all units by id: with one order there is no deadlock. The actor
    stated the incident that a pre-empted unit is on; if it is another one by now, nothing is changed."""
    if strangers := preempt.keys() - set(unit_ids):
        problems = [FieldProblem(f"preempt.{unit_id}", "is not among the units to assign") for unit_id in strangers]
        raise Invalid("a confirmation names a unit that is not to be assigned", errors=problems)
    around = {i: await incidents.lock(tx.db, incident_id=i) for i in sorted({incident_id, *preempt.values()})}
    as_seen(around[incident_id], version)
    await units.lock(tx.db, unit_ids=[*unit_ids, *besides])
    return around


async def _send(
    tx: Transaction,
    around: Mapping[IncidentId, Incident],
    unit_ids: Sequence[UnitId],
    preempt: Confirmed,
    into: Incident,
) -> Incident:
    wanted = await units.lock(tx.db, unit_ids=unit_ids)
    refused = {u.id: why for u in wanted.values() if (why := _why_not(u, into, preempt.get(u.id), around))}
    if refused:
        detail = "; ".join(f"{unit_id} {why}" for unit_id, why in sorted(refused.items()))
        raise Conflict(detail, incident=into, units=[wanted[unit_id] for unit_id in sorted(refused)])
    assigned, preempted = [], {}
    for unit_id in sorted(wanted):
        if (held := wanted[unit_id].incident_id) is not None:
            await _preempt(tx, unit_id, held, into)
            preempted[unit_id] = held
        await incidents.assign(tx.db, incident_id=into.id, unit_id=unit_id, at=tx.at, by=tx.actor)
        status = UnitStatus.DISPATCHED
        assigned.append(await units.set_status(tx.db, unit_id=unit_id, status=status, at=tx.at))
    incident = await refresh(tx, into.id)
    data = {"unit_ids": sorted(wanted)} | ({"preempted": preempted} if preempted else {})
    tx.tell(EventKind.UNIT_ASSIGNED, incident=incident, units=tuple(assigned), data=data)
    return incident


def _why_not(
    unit: Unit, into: Incident, confirmed: IncidentId | None, around: Mapping[IncidentId, Incident]
) -> str | None:
    if unit.status in ASSIGNABLE:
        return None
    if unit.incident_id is None:
        return f"is {unit.status}"
    if unit.incident_id == into.id:
        return f"is already {unit.status} on this incident"
    if confirmed is None or unit.incident_id != confirmed:
        return f"is {unit.status} on {unit.incident_id}"
    if unit.status not in NOT_YET_THERE:
        return f"is {unit.status} on {unit.incident_id}: a unit that has arrived is not pre-empted"
    if around[confirmed].priority <= into.priority:
        return f"is {unit.status} on {confirmed}, whose priority is not lower"
    return None


async def _preempt(tx: Transaction, unit_id: UnitId, held: IncidentId, into: Incident) -> None:
    unit = await set_free(tx, unit_id=unit_id, reason=f"pre-empted for incident {into.id}")
    tx.tell(
        EventKind.UNIT_PREEMPTED,
        incident=await refresh(tx, held),
        units=(unit,),
        data={"unit_id": unit_id, "into": into.id, "by": tx.actor},
    )


async def _take_off(tx: Transaction, incident: Incident, unit_id: UnitId, *, reason: str) -> Incident:
    unit = (await units.lock(tx.db, unit_ids=[unit_id]))[unit_id]
    if unit.incident_id != incident.id:
        raise Conflict(f"{unit_id} is not on incident {incident.id}", incident=incident, unit=unit, units=[unit])
    unit = await set_free(tx, unit_id=unit_id, reason=reason)
    left = await refresh(tx, incident.id)
    tx.tell(EventKind.UNIT_RELEASED, incident=left, units=(unit,), data={"unit_id": unit_id, "reason": reason})
    return left
