"""The state in the tables, and the number of the last event in it."""

from dispatch.model import Seq
from dispatch.model.room import Room
from dispatch.store import journal
from dispatch.store.calls import quarantine
from dispatch.store.db import Pool, transaction
from dispatch.store.incidents import incidents
from dispatch.store.units import units


async def snapshot(pool: Pool) -> Room:
    async with transaction(pool, isolation="repeatable_read") as db:
        seq: Seq = await journal.head(db)
        return Room(
            seq=seq,
            incidents={i.id: i for i in await incidents.open_ones(db)},
            units={u.id: u for u in await units.every(db)},
            quarantine_open=await quarantine.count_open(db),
        )
