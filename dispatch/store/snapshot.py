"""The room as the state tables have it, and the place in the journal at which it is so."""

from dispatch.model import Seq
from dispatch.model.room import Room
from dispatch.store import incidents, journal, quarantine, units
from dispatch.store.db import Pool, transaction


async def snapshot(pool: Pool) -> Room:
    async with transaction(pool, isolation="repeatable_read") as db:
        seq: Seq = await journal.head(db)
        return Room(
            seq=seq,
            incidents={i.id: i for i in await incidents.open_ones(db)},
            units={u.id: u for u in await units.every(db)},
            quarantine_open=await quarantine.count_open(db),
        )
