"""Assign units to an incident; release one from it."""

from collections.abc import Sequence

from dispatch.desk.desk import Desk, act
from dispatch.desk.incidents import lock_open
from dispatch.desk.units import refresh, set_free
from dispatch.errors import Conflict
from dispatch.model import ASSIGNABLE, EventKind, Incident, IncidentId, UnitId, UnitStatus
from dispatch.store import incidents, units


async def assign(
    desk: Desk, *, incident_id: IncidentId, unit_ids: Sequence[UnitId], version: int | None, actor: str
) -> Incident:
    """All or none. Raises NotFound; Conflict where one isn't free, or the incident isn't as the actor saw it."""
    async with act(desk, actor=actor) as doing:
        await lock_open(doing, incident_id, version=version)
        wanted = await units.lock(doing.db, unit_ids=unit_ids)
        if busy := [u for u in wanted.values() if u.status not in ASSIGNABLE]:
            raise Conflict(
                "; ".join(f"{u.id} is {u.status}" + (f" on {u.incident_id}" if u.incident_id else "") for u in busy),
                units=busy,
            )
        assigned = []
        for unit_id in sorted(wanted):
            await incidents.assign(doing.db, incident_id=incident_id, unit_id=unit_id, at=doing.at, by=actor)
            status = UnitStatus.DISPATCHED
            assigned.append(await units.set_status(doing.db, unit_id=unit_id, status=status, at=doing.at))
        incident = await refresh(doing, incident_id)
        doing.tell(EventKind.UNIT_ASSIGNED, incident=incident, units=tuple(assigned), data={"unit_ids": sorted(wanted)})
    return incident


async def release(desk: Desk, *, incident_id: IncidentId, unit_id: UnitId, reason: str, actor: str) -> Incident:
    """Raises NotFound; Conflict where the unit isn't on this incident."""
    async with act(desk, actor=actor) as doing:
        await lock_open(doing, incident_id)
        unit = (await units.lock(doing.db, unit_ids=[unit_id]))[unit_id]
        if unit.incident_id != incident_id:
            raise Conflict(f"{unit_id} is not on incident {incident_id}", unit=unit)
        unit = await set_free(doing, unit_id=unit_id, reason=reason)
        incident = await refresh(doing, incident_id)
        doing.tell(
            EventKind.UNIT_RELEASED, incident=incident, units=(unit,), data={"unit_id": unit_id, "reason": reason}
        )
    return incident
