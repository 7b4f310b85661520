"""A unit that left the fleet leaves no ghost, and comes back as another."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.errors import Conflict, NotFound
from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.store.db import Connection, Pool, transaction
from dispatch.store.units import positions, units

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A1 = Unit(UnitId("A1"), "MSP", "ambulance_bls", ("bls",), None, UnitStatus.AVAILABLE, NOW)


async def was_seen(db: Connection, *, after_s: float) -> None:
    at = NOW + timedelta(seconds=after_s)
    await positions.keep_days(db, days=[NOW.date()], before=NOW.date())
    await positions.write(db, rows=[(A1.id, at, NOW, -0.2, -78.5, None, None, None, None)], batch=positions.Batch(0, 1))


async def added(pool: Pool, *new: Unit) -> None:
    async with transaction(pool) as db:
        await units.add(db, units=new)


async def test_the_place_of_a_unit_that_left_is_forgotten_whatever_is_written_late(pool: Pool) -> None:
    async with transaction(pool) as db:
        await units.add(db, units=[A1])
        await was_seen(db, after_s=1)
        assert [p.unit_id for p in await positions.latest(db)] == ["A1"]
        await units.remove(db, unit_ids=[A1.id], at=NOW)
        await was_seen(db, after_s=2)
        assert await positions.latest(db) == [] and await units.every(db) == []
        await units.add(db, units=[A1])
        assert await positions.latest(db) == []


async def test_it_comes_back_with_a_new_version_and_nothing_of_the_old(pool: Pool) -> None:
    async with transaction(pool) as db:
        await units.add(db, units=[A1])
        await units.set_silent(db, since={A1.id: NOW})
        await units.set_status(db, unit_id=A1.id, status=UnitStatus.OUT_OF_SERVICE, at=NOW)
        [gone] = await units.remove(db, unit_ids=[A1.id], at=NOW)
        with pytest.raises(NotFound, match="A1 was removed from the fleet"):
            await units.lock(db, unit_ids=[A1.id])
        [back] = await units.add(db, units=[A1])
        assert back.version > gone.version and back.status is UnitStatus.AVAILABLE
        assert back.silent_since is None and back.removed_at is None


async def test_all_that_are_there_already_are_named_and_none_is_added(pool: Pool) -> None:
    await added(pool, A1)
    with pytest.raises(Conflict, match="these units already exist: A1"):
        await added(pool, replace(A1, id=UnitId("A2")), A1)
    async with transaction(pool) as db:
        assert [u.id for u in await units.every(db)] == ["A1"]
