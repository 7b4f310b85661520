"""When units were last heard, by any node."""

from collections.abc import Sequence
from datetime import datetime

from dispatch.model import UnitId
from dispatch.model.doubt import Doubt
from dispatch.store.db import Connection

# The network may repeat a message, and a clock ahead says nothing about now.
NOT_HEARD = [Doubt.DUPLICATE, Doubt.FUTURE]


async def heard_at(db: Connection, *, unit_ids: Sequence[UnitId], since: datetime) -> dict[UnitId, datetime]:
    """When anything of these units was last received after `since`."""
    rows = await db.fetch(
        """select unit_id, max(received_at) as at from unit_position
           where received_at > $2 and unit_id = any($1) and (doubt is null or doubt <> all($3)) group by unit_id""",
        unit_ids,
        since,
        NOT_HEARD,
    )
    return {UnitId(row["unit_id"]): row["at"] for row in rows}
