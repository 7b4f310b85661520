"""A closed incident that is open again."""

from dataclasses import replace
from datetime import timedelta

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.desk.incidents.close import as_seen
from dispatch.desk.incidents.link import link_into
from dispatch.desk.incidents.same_incident import with_similar
from dispatch.errors import Conflict, FieldProblem, Invalid, NotFound
from dispatch.model import EventKind, Incident, IncidentId, IncidentStatus
from dispatch.store.incidents import incidents


async def reopen(
    desk: Desk, *, incident_id: IncidentId, version: int, actor: str, join: IncidentId | None = None
) -> Incident:
    """Open again and waiting, with the calls that it has; a new response begins, its units are not put back. `join`: an
    open incident that continues it, whose calls go to it in the same act.

    Raises NotFound; Conflict where it isn't closed, was linked to another (`unlink` opens that), was closed longer ago
    than `reopen_hours`, or is not as the actor saw it; Invalid for an incident and itself."""
    if join == incident_id:
        raise Invalid("an incident can't be joined into itself", errors=[FieldProblem("join", "is the same incident")])
    wanted = {incident_id} if join is None else {incident_id, join}
    async with begin(desk, actor=actor) as tx:
        locked = await incidents.lock_all(tx.db, incident_ids=wanted)
        if missing := sorted(wanted - locked.keys()):
            raise NotFound(f"no incident {missing[0]}")
        closed = _may_be_reopened(locked[incident_id], version, tx, hours=desk.settings.reopen_hours)
        incident = await _reopen(desk, tx, closed)
        return incident if join is None else await link_into(tx, as_seen(locked[join], None), incident)


def _may_be_reopened(incident: Incident, version: int, tx: Transaction, *, hours: float) -> Incident:
    if incident.version != version:
        raise Conflict(f"incident {incident.id} was changed meanwhile", incident=incident)
    if incident.closed_at is None:
        raise Conflict(f"incident {incident.id} is open", incident=incident)
    if incident.linked_to is not None:
        raise Conflict(f"incident {incident.id} was joined to {incident.linked_to}: unlink it", incident=incident)
    if tx.at - incident.closed_at > timedelta(hours=hours):
        closed = f"{incident.closed_at:%F %T} UTC, more than {hours:g} h ago"
        raise Conflict(f"incident {incident.id} was closed at {closed}", incident=incident)
    return incident


async def _reopen(desk: Desk, tx: Transaction, closed: Incident) -> Incident:
    incident = replace(
        closed,
        status=IncidentStatus.WAITING,
        closed_at=None,
        close_reason=None,
        assignments=(),
        overdue=(),
        reopened=(*closed.reopened, tx.at),
    )
    incident = await incidents.save(tx.db, incident=with_similar(desk, incident))
    data = {"closed_at": closed.closed_at, "reason": closed.close_reason}
    tx.tell(EventKind.INCIDENT_REOPENED, incident=incident, data=data)
    return incident
