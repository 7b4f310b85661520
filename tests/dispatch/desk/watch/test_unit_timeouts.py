"""A unit falls silent once, whoever notices, and is heard of once."""

import asyncio
from datetime import UTC, datetime, timedelta

from dispatch.desk.desk import Transaction
from dispatch.desk.units.status import set_silent
from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.store.db import Pool, connection, transaction
from dispatch.store.units import units

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDS = [UnitId(f"A{n}") for n in range(20)]


async def mark(pool: Pool, since: datetime | dict[UnitId, datetime] | None, ids: list[UnitId] = IDS) -> set[UnitId]:
    async with transaction(pool) as db:
        return {unit.id for unit in await set_silent(Transaction(db, "timer", NOW), ids, since)}


async def with_units(pool: Pool) -> None:
    async with connection(pool) as db:
        await units.add(
            db, units=[Unit(i, "MSP", "ambulance_bls", ("bls",), None, UnitStatus.AVAILABLE, NOW) for i in IDS]
        )


async def test_of_several_that_notice_each_unit_is_told_by_one(pool: Pool) -> None:
    await with_units(pool)
    told = await asyncio.gather(*(mark(pool, NOW, IDS[n : n + 15]) for n in (0, 5, 0, 3)))
    assert sorted(i for one in told for i in one) == sorted(IDS)
    heard = await asyncio.gather(*(mark(pool, None) for _ in range(3)))
    assert sorted(i for one in heard for i in one) == sorted(IDS)


async def test_each_may_be_silent_since_its_own_moment(pool: Pool) -> None:
    await with_units(pool)
    since = {i: NOW - timedelta(seconds=n) for n, i in enumerate(IDS)}
    assert await mark(pool, since) == set(IDS)
    assert await mark(pool, NOW + timedelta(hours=1)) == set()
    async with connection(pool) as db:
        assert {u.id: u.silent_since for u in await units.every(db)} == since


async def test_units_that_are_not_there_are_passed_over(pool: Pool) -> None:
    await with_units(pool)
    async with connection(pool) as db:
        await db.execute("update unit set removed_at = now() where id = 'A3'")
    assert await mark(pool, NOW, [UnitId("A3"), UnitId("ghost"), UnitId("A4")]) == {"A4"}
