"""An incident locked as the actor saw it, and its end."""

from dataclasses import replace

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.desk.units.status import set_free
from dispatch.errors import Conflict
from dispatch.model import EventKind, Incident, IncidentId, IncidentStatus, Unit
from dispatch.store.incidents import incidents


async def close(desk: Desk, *, incident_id: IncidentId, reason: str, version: int | None, actor: str) -> Incident:
    """Its units come free. Raises NotFound, Conflict."""
    async with begin(desk, actor=actor) as tx:
        incident = await lock_open(tx, incident_id, version=version)
        incident, units = await close_locked(tx, incident, reason)
        tx.tell(EventKind.INCIDENT_CLOSED, incident=incident, units=units, data={"reason": reason})
    return incident


async def lock_open(tx: Transaction, incident_id: IncidentId, *, version: int | None = None) -> Incident:
    """The incident, ours until the act ends. Raises NotFound; Conflict where closed, or not as the actor saw it."""
    return as_seen(await incidents.lock(tx.db, incident_id=incident_id), version)


def as_seen(incident: Incident, version: int | None) -> Incident:
    """The same, of one that is locked already."""
    if incident.status is IncidentStatus.CLOSED:
        raise Conflict(f"incident {incident.id} is closed", incident=incident)
    if version is not None and version != incident.version:
        detail = (
            f"incident {incident.id} was changed by somebody else: it is at version {incident.version}, not {version}"
        )
        raise Conflict(detail, incident=incident)
    return incident


async def close_locked(tx: Transaction, incident: Incident, reason: str) -> tuple[Incident, tuple[Unit, ...]]:
    """To tell of it is the caller's part."""
    # By their ids, as everybody locks units.
    on_it = sorted(a.unit_id for a in incident.assignments)
    units = [await set_free(tx, unit_id=unit_id, reason="incident closed") for unit_id in on_it]
    rest = replace(incident, assignments=(), overdue=())
    closed = replace(rest, status=IncidentStatus.CLOSED, closed_at=tx.at, close_reason=reason)
    return await incidents.save(tx.db, incident=closed), tuple(units)
