"""Numbered migrations, applied in order at start, under a lock so that many nodes may start at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from importlib import resources
from typing import NamedTuple

import asyncpg
import structlog

from dispatch.store.db import Connection

log = structlog.get_logger()

# In the name of a migration that removes what older nodes need.
CONTRACT = "_contract_"
CONCURRENTLY = " concurrently "
# Below PostgreSQL's deadlock_timeout of 1 s: if a migration and a call block each other, the call wins.
LOCKED_OUT_MS = 400
PAUSE_S = 0.2
TRIES = 100
LOCK = 0x5155_4954_4F  # "QUITO"
# A migration of a large table may take long, and so may another node's that this one waits for.
PATIENCE_S = 3_600


class Migration(NamedTuple):
    version: int
    name: str
    sql: str

    @property
    def is_alone(self) -> bool:
        """Each statement in its own transaction, and repeatable: an index can't be created concurrently in a
        transaction block."""
        return CONCURRENTLY in self.sql

    @property
    def digest(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


class MigrationError(Exception):
    """The database has been changed by other migrations than these."""


def all_migrations() -> list[Migration]:
    folder = resources.files("dispatch.store") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [Migration(int(f.name[:4]), f.name, f.read_text()) for f in files]


async def migrate(db: Connection) -> list[str]:
    """Apply all pending migrations; returns their names.

    Raises MigrationError if an applied one has since been edited, or if a newer node has removed what this one needs. A
    database that is merely newer is left alone: older nodes work with what migrations add."""
    ours = all_migrations()
    done = await _done(db)
    _live_with([row["name"] for row in done.values() if row["version"] > ours[-1].version])
    # If there is nothing to do, nothing is written: a role that may only read the list can start a node.
    if not _to_do(ours, done):
        return []
    await db.execute("select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout'")
    async with one_at_a_time(db):
        await db.execute(
            """create table if not exists schema_migration (
                   version integer primary key, name text not null, digest text not null,
                   applied_at timestamptz not null default now())"""
        )
        to_do = _to_do(ours, await _done(db))
        for migration in to_do:
            await _apply(db, migration)
        return [migration.name for migration in to_do]


async def _done(db: Connection) -> dict[int, asyncpg.Record]:
    """The applied migrations, by version."""
    if not await db.fetchval("select to_regclass('schema_migration') is not null"):
        return {}
    return {row["version"]: row for row in await db.fetch("select version, name, digest from schema_migration")}


def _to_do(ours: list[Migration], done: dict[int, asyncpg.Record]) -> list[Migration]:
    for migration in ours:
        if migration.version in done and done[migration.version]["digest"] != migration.digest:
            raise MigrationError(f"{migration.name} was edited after it was applied to this database")
    return [migration for migration in ours if migration.version not in done]


def _live_with(newer: list[str]) -> None:
    for name in newer:
        if CONTRACT in name:
            raise MigrationError(
                f"a newer version applied {name} to this database, and this version is too old for it; "
                "run the newer version, or restore a backup from before the migration"
            )
    if newer:
        log.warning("database_is_newer", migrations=sorted(newer))


@asynccontextmanager
async def one_at_a_time(db: Connection) -> AsyncIterator[None]:
    """No other node migrates or grants meanwhile. Polls, because waiting in a statement would block an index that is
    created concurrently."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await db.fetchval("select pg_try_advisory_lock($1)", LOCK):
                break
            await asyncio.sleep(PAUSE_S)
    try:
        yield
    finally:
        await db.execute("select pg_advisory_unlock($1)", LOCK)


async def _apply(db: Connection, migration: Migration) -> None:
    if not migration.is_alone:
        await _apply_with_retries(db, migration.name, partial(_whole, db, migration))
        return
    for statement in filter(str.strip, migration.sql.split(";\n")):
        run = partial(db.execute, statement, timeout=PATIENCE_S)
        await (run() if CONCURRENTLY in statement else _apply_with_retries(db, migration.name, run))
    await _note(db, migration)


async def _whole(db: Connection, migration: Migration) -> None:
    await db.execute(migration.sql, timeout=PATIENCE_S)
    await _note(db, migration)


async def _apply_with_retries(db: Connection, name: str, run: Callable[[], Awaitable[object]]) -> None:
    """In a transaction, retried if its tables are in use."""
    for _ in range(TRIES):
        try:
            async with db.transaction():
                # A statement that waits for a table blocks all later ones, including calls.
                await db.execute(f"set local lock_timeout = {LOCKED_OUT_MS}")
                await run()
        except asyncpg.LockNotAvailableError:
            log.warning("migration_waits", name=name)
            await asyncio.sleep(PAUSE_S)
        else:
            return
    raise MigrationError(f"{name}: the tables stayed in use, so it was not applied; try again when there is less load")


async def _note(db: Connection, migration: Migration) -> None:
    await db.execute(
        "insert into schema_migration (version, name, digest) values ($1, $2, $3)",
        migration.version,
        migration.name,
        migration.digest,
    )
