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

# In the name of a migration that takes away what older nodes need.
CONTRACT = "_contract_"
CONCURRENTLY = " concurrently "
# Below PostgreSQL's deadlock_timeout of 1 s: where a migration and a call stand in each other's way, the call wins.
LOCKED_OUT_MS = 400
PAUSE_S = 0.2
TRIES = 100
LOCK = 0x5155_4954_4F  # "QUITO"
# A migration of a large table may take its time, and so may another node's that this one waits for.
PATIENCE_S = 3_600


class Migration(NamedTuple):
    version: int
    name: str
    sql: str

    @property
    def is_alone(self) -> bool:
        """Statement by statement, each of which may be run again: an index made while the room works can't be made in a
        transaction."""
        return CONCURRENTLY in self.sql

    @property
    def digest(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


class MigrationError(Exception):
    """The database was made by other migrations than these."""


def all_migrations() -> list[Migration]:
    folder = resources.files("dispatch.store") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [Migration(int(f.name[:4]), f.name, f.read_text()) for f in files]


async def migrate(db: Connection) -> list[str]:
    """Bring the database to the newest schema; returns the names of the migrations applied.

    Raises MigrationError where one already applied has since been changed, and where a newer node has taken away what
    this one needs. A database that is merely ahead is left alone: older nodes can live with what migrations add."""
    ours = all_migrations()
    done = await _done(db)
    _live_with([row["name"] for row in done.values() if row["version"] > ours[-1].version])
    # Nothing is written where nothing is to be done: a role that may only read the list can start a node.
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
    """What was applied, by version."""
    if not await db.fetchval("select to_regclass('schema_migration') is not null"):
        return {}
    return {row["version"]: row for row in await db.fetch("select version, name, digest from schema_migration")}


def _to_do(ours: list[Migration], done: dict[int, asyncpg.Record]) -> list[Migration]:
    for migration in ours:
        if migration.version in done and done[migration.version]["digest"] != migration.digest:
            raise MigrationError(f"{migration.name} was changed after it had been applied to this database")
    return [migration for migration in ours if migration.version not in done]


def _live_with(newer: list[str]) -> None:
    for name in newer:
        if CONTRACT in name:
            raise MigrationError(
                f"a newer version has changed this database by {name}: this version can't work with it any more; "
                "run the newer one, or restore a backup of before"
            )
    if newer:
        log.warning("database_is_newer", migrations=sorted(newer))


@asynccontextmanager
async def one_at_a_time(db: Connection) -> AsyncIterator[None]:
    """No other node migrates or grants meanwhile. Asks again and again, for who waits in a statement would hold up an
    index that is made concurrently."""
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
        await _in_turn(db, migration.name, partial(_whole, db, migration))
        return
    for statement in filter(str.strip, migration.sql.split(";\n")):
        run = partial(db.execute, statement, timeout=PATIENCE_S)
        await (run() if CONCURRENTLY in statement else _in_turn(db, migration.name, run))
    await _note(db, migration)


async def _whole(db: Connection, migration: Migration) -> None:
    await db.execute(migration.sql, timeout=PATIENCE_S)
    await _note(db, migration)


async def _in_turn(db: Connection, name: str, run: Callable[[], Awaitable[object]]) -> None:
    """In a transaction, tried again where its tables are in use."""
    for _ in range(TRIES):
        try:
            async with db.transaction():
                # Whoever waits for a table is waited for by all who come after him, calls among them.
                await db.execute(f"set local lock_timeout = {LOCKED_OUT_MS}")
                await run()
        except asyncpg.LockNotAvailableError:
            log.warning("migration_waits", name=name)
            await asyncio.sleep(PAUSE_S)
        else:
            return
    raise MigrationError(f"{name} finds its tables always in use; try again at a quieter hour")


async def _note(db: Connection, migration: Migration) -> None:
    await db.execute(
        "insert into schema_migration (version, name, digest) values ($1, $2, $3)",
        migration.version,
        migration.name,
        migration.digest,
    )
