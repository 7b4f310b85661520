"""Two incidents that are one; and one that was two after all."""

from dataclasses import replace

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.desk.incidents.close import close_locked, lock_open
from dispatch.desk.incidents.incident_summary import summarized
from dispatch.errors import Conflict, FieldProblem, Invalid
from dispatch.model import EventKind, Incident, IncidentId, IncidentStatus
from dispatch.policy.incidents.best_location import best_location, when_joined
from dispatch.store.incidents import incidents, links

TRIES = 5


async def link(
    desk: Desk, *, incident_id: IncidentId, into: IncidentId, actor: str, version: int | None = None
) -> Incident:
    """Two incidents are one: the calls of the first go to the second, the first is closed. Returns the second.

    Raises NotFound, Conflict, Invalid for an incident and itself."""
    if incident_id == into:
        raise Invalid("an incident can't be joined into itself", errors=[FieldProblem("into", "is the same incident")])
    async with begin(desk, actor=actor) as tx:
        # The lower id is locked first, so that two people linking the same pair both ways can't block each other.
        both = {
            i: await lock_open(tx, i, version=version if i == incident_id else None)
            for i in sorted((incident_id, into))
        }
        return await link_into(tx, both[incident_id], both[into])


async def link_into(tx: Transaction, source: Incident, target: Incident, *, likeness: float | None = None) -> Incident:
    """Both are locked and open. `likeness`: no person said so, they are that much alike."""
    await links.move_calls(tx.db, source=source.id, target=target.id)
    both = target.location, source.location
    place = best_location(both) if likeness is None else when_joined(*both)
    joined = replace(
        target,
        calls=target.calls + source.calls,
        channels=tuple(dict.fromkeys((*target.channels, *source.channels))),
        priority=min(target.priority, source.priority),
        nature=target.nature or source.nature,
        text=target.text or source.text,
        location=place,
        similar=tuple(s for s in target.similar if s.incident_id != source.id),
    )
    joined = await incidents.save(tx.db, incident=joined)
    gone = replace(source, calls=0, linked_to=target.id, similar=())
    gone, units = await close_locked(tx, gone, f"linked to {target.id}")
    data = {"likeness": likeness} if likeness is not None else {}
    tx.tell(EventKind.INCIDENT_LINKED, incident=gone, units=units, data={"into": target.id, **data})
    changed = {"calls": [target.calls, joined.calls]}
    tx.tell(EventKind.INCIDENT_CHANGED, incident=joined, data={"changed": changed, "from": source.id, **data})
    return joined


async def unlink(desk: Desk, *, incident_id: IncidentId, actor: str, version: int | None = None) -> Incident:
    """An incident that was linked is open again, with the calls it had. Where they are now may be closed: what was
    wrongly joined is an emergency that nobody has gone to.

    Raises NotFound; Conflict where it isn't linked, or none of its calls is left to give back."""
    for _ in range(TRIES):
        async with begin(desk, actor=actor) as tx:
            chain = await links.chain(tx.db, incident_id=incident_id)
            locked = {i: await incidents.lock(tx.db, incident_id=i) for i in sorted(chain)}
            if await links.chain(tx.db, incident_id=incident_id) != chain:
                continue
            source, root = locked[incident_id], locked[chain[-1]]
            if version is not None and version != source.version:
                raise Conflict(f"incident {incident_id} was changed by somebody else", incident=source)
            return await _give_back(tx, source, root)
    raise Conflict(f"incident {incident_id} is being linked elsewhere at the same moment")


async def _give_back(tx: Transaction, source: Incident, root: Incident) -> Incident:
    if source.linked_to is None:
        raise Conflict(f"incident {source.id} is not linked to another", incident=source)
    if not await links.give_back(tx.db, source=source.id, holder=root.id):
        raise Conflict(f"no call of incident {source.id} is left in {root.id} to give back", incident=source)
    reopened = replace(
        source, status=IncidentStatus.WAITING, closed_at=None, close_reason=None, linked_to=None, overdue=()
    )
    reopened = await incidents.save(tx.db, incident=await summarized(tx, reopened))
    left = await incidents.save(tx.db, incident=await summarized(tx, root, without=source.location))
    tx.tell(EventKind.INCIDENT_UNLINKED, incident=reopened, data={"from": root.id, "calls": reopened.calls})
    tx.tell(
        EventKind.INCIDENT_CHANGED,
        incident=left,
        data={"changed": {"calls": [root.calls, left.calls]}, "to": source.id},
    )
    return reopened
