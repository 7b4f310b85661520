"""Numbered migrations, applied in order at start, under a lock so that many nodes may start at once."""

from hashlib import sha256
from importlib import resources
from typing import NamedTuple

from dispatch.store.db import Connection

LOCK = 0x5155_4954_4F  # "QUITO"
# A migration of a large table may take its time, and so may another node's that this one waits for.
PATIENCE_S = 3_600


class Migration(NamedTuple):
    version: int
    name: str
    sql: str

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

    Raises MigrationError where one already applied has since been changed. A database that is ahead
    (a newer node has migrated it) is left alone: migrations only add what an older node can live with."""
    await db.execute("select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout'")
    await db.execute("select pg_advisory_lock($1)", LOCK, timeout=PATIENCE_S)
    try:
        await db.execute(
            """create table if not exists schema_migration (
                   version integer primary key, name text not null, digest text not null,
                   applied_at timestamptz not null default now())"""
        )
        done = {r["version"]: r["digest"] for r in await db.fetch("select version, digest from schema_migration")}
        applied = []
        for migration in all_migrations():
            if migration.version in done:
                if done[migration.version] != migration.digest:
                    raise MigrationError(f"{migration.name} was changed after it had been applied to this database")
                continue
            async with db.transaction():
                await db.execute(migration.sql, timeout=PATIENCE_S)
                await db.execute(
                    "insert into schema_migration (version, name, digest) values ($1, $2, $3)",
                    migration.version,
                    migration.name,
                    migration.digest,
                )
            applied.append(migration.name)
        return applied
    finally:
        await db.execute("select pg_advisory_unlock($1)", LOCK)
