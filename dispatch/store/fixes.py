"""Fixes of calls that are no longer reckoned with, and are kept."""

from collections.abc import Sequence
from datetime import datetime

from dispatch.model import CallId, IncidentId
from dispatch.model.wire import decode, encode
from dispatch.store.db import Connection
from geo import Fix


async def set_aside(db: Connection, *, call_id: CallId, fixes: Sequence[Fix], at: datetime) -> None:
    """All in one statement."""
    await db.execute(
        "insert into call_fix (call_id, at, fix) select $1, $2, unnest($3::json[])",
        call_id,
        at,
        [encode(fix) for fix in fixes],
    )


async def count(db: Connection, *, call_id: CallId) -> int:
    found: int = await db.fetchval("select count(*) from call_fix where call_id = $1", call_id)
    return found


async def latest(db: Connection, *, incident_id: IncidentId, most: int) -> dict[CallId, list[Fix]]:
    """For each call of an incident the `most` fixes that were set aside last."""
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
