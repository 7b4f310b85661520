"""Migrations: in order, once, under a lock, and never changed afterwards."""

import asyncio

import asyncpg
import pytest

from dispatch.store import migrate as migrations
from dispatch.store.db import Pool, connection
from dispatch.store.embedded import EmbeddedPostgres
from dispatch.store.migrate import MigrationError, all_migrations, migrate


def test_they_are_numbered_without_gaps() -> None:
    assert [m.version for m in all_migrations()] == list(range(1, len(all_migrations()) + 1))


async def test_many_nodes_may_start_at_once(postgres: EmbeddedPostgres) -> None:
    maintenance = await asyncpg.connect(postgres.dsn)
    await maintenance.execute("create database many_nodes")
    await maintenance.close()
    url = postgres.dsn.replace("/dispatch?", "/many_nodes?")
    nodes = [await asyncpg.connect(url) for _ in range(4)]
    applied = await asyncio.gather(*(migrate(node) for node in nodes))
    assert sorted(map(len, applied)) == [0, 0, 0, len(all_migrations())]
    for node in nodes:
        await node.close()


async def test_one_that_was_changed_is_noticed(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = [m._replace(sql=m.sql + " ") for m in all_migrations()]
    monkeypatch.setattr(migrations, "all_migrations", lambda: changed)
    async with connection(pool) as db:
        with pytest.raises(MigrationError, match="edited after"):
            await migrate(db)


async def test_a_broken_one_leaves_nothing_half_done(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = migrations.Migration(9999, "9999_broken.sql", "create table half (a int); select 1/0;")
    monkeypatch.setattr(migrations, "all_migrations", lambda: [*all_migrations_before, broken])
    async with connection(pool) as db:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await migrate(db)
        assert await db.fetchval("select to_regclass('half')") is None


all_migrations_before = all_migrations()
