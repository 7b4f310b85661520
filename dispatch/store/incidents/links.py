"""Linked incidents, and the calls that were moved with them."""

from dispatch.errors import NotFound
from dispatch.model import EventKind, IncidentId
from dispatch.store.db import Connection

# Events of an incident that need no person.
AUTOMATIC_EVENTS = [
    *(EventKind.CALL_TAKEN, EventKind.CALL_JOINED, EventKind.LOCATION_CHANGED),
    *(EventKind.LIKENESS_FOUND, EventKind.INCIDENT_OVERDUE),
]


async def chain(db: Connection, *, incident_id: IncidentId) -> list[IncidentId]:
    """The incident, the one it was linked to, the one that was linked to, and so on. Raises NotFound."""
    rows = await db.fetch(
        """with recursive link(id, linked_to, step) as (
               select id, linked_to, 0 from incident where id = $1
               union all select i.id, i.linked_to, step + 1 from incident i join link on i.id = link.linked_to)
           select id from link order by step""",
        incident_id,
    )
    if not rows:
        raise NotFound(f"no incident {incident_id}")
    return [IncidentId(row["id"]) for row in rows]


async def is_untouched(db: Connection, *, incident_id: IncidentId) -> bool:
    """Whether only calls, and what follows from them automatically, ever happened to it."""
    touched = await db.fetchval(
        """select exists (select 1 from journal
               where incident_id = $1 and kind <> all($2) and body->'data'->>'likeness' is null)""",
        incident_id,
        AUTOMATIC_EVENTS,
    )
    return not touched


async def move_calls(db: Connection, *, source: IncidentId, target: IncidentId) -> None:
    """Move all calls of one incident to another; they keep a reference to the first one."""
    await db.execute(
        "update call set incident_id = $2, linked_from = coalesce(linked_from, $1) where incident_id = $1",
        source,
        target,
    )


async def give_back(db: Connection, *, source: IncidentId, holder: IncidentId) -> int:
    """Give back the calls that an incident had before it was linked, including those linked into it before; returns
    their number."""
    status = await db.execute(
        """with recursive joined(id) as (
               select $1::bigint union select i.id from incident i join joined on i.linked_to = joined.id)
           update call set incident_id = $1, linked_from = nullif(linked_from, $1)
           where incident_id = $2 and linked_from in (select id from joined)""",
        source,
        holder,
    )
    return int(status.split()[-1])
