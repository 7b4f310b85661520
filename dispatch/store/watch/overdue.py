"""Entries written to incidents by the timers. The version stays: no decision was made, and a dispatcher who is about to
act must not get a conflict."""

from collections.abc import Mapping, Sequence

from dispatch.model import Incident, IncidentId, Overdue
from dispatch.model.wire import encode
from dispatch.store.db import Connection
from dispatch.store.incidents.incidents import INCIDENTS, to_incident


async def lock_free(db: Connection, *, incident_ids: Sequence[IncidentId]) -> list[Incident]:
    """The open ones that no other transaction has locked, by id, locked until this transaction ends."""
    rows = await db.fetch(
        """select id from incident where id = any($1) and status <> 'closed'
           order by id for no key update skip locked""",
        incident_ids,
    )
    free = [row["id"] for row in rows]
    return [to_incident(row) for row in await db.fetch(f"{INCIDENTS} where i.id = any($1) order by i.id", free)]


async def save(db: Connection, *, overdue: Mapping[IncidentId, tuple[Overdue, ...]]) -> None:
    await db.execute(
        """update incident i set overdue = o.overdue
           from unnest($1::bigint[], $2::json[]) as o (id, overdue) where i.id = o.id""",
        list(overdue),
        [encode(each) for each in overdue.values()],
    )
