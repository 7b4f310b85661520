"""Fixes of calls that are no longer used for the location, but kept."""

from datetime import datetime

from dispatch.model import CallId, IncidentId
from dispatch.model.wire import decode, encode
from dispatch.store.db import Connection
from dispatch.store.unnest import unnest
from geo import Fix

TYPES = {"call_id": "uuid", "at": "timestamptz", "fix": "json"}


def insert_sql(first: int = 1) -> str:
    """Parameters: the columns of `values`, numbered from `first` on."""
    return f"insert into call_fix ({', '.join(TYPES)}) select * from {unnest(TYPES, first)}"  # noqa: S608


def values(call_id: CallId, fix: Fix, at: datetime) -> tuple[object, ...]:
    """`at`: when it was moved here."""
    return (call_id, at, encode(fix))


async def count(db: Connection, *, call_id: CallId) -> int:
    found: int = await db.fetchval("select count(*) from call_fix where call_id = $1", call_id)
    return found


async def latest(db: Connection, *, incident_id: IncidentId, most: int) -> dict[CallId, list[Fix]]:
    """For each call of an incident the `most` fixes that were moved here last."""
    rows = await db.fetch(
        """select c.id, f.fix from call c cross join lateral (
               select fix from call_fix where call_id = c.id order by at desc limit $2) f
           where c.incident_id = $1""",
        incident_id,
        most,
    )
    found: dict[CallId, list[Fix]] = {}
    for row in rows:
        found.setdefault(CallId(row["id"]), []).append(decode(row["fix"], Fix))
    return found
