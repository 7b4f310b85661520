"""Queries of the embedded server over its socket; not to be called on a thread with a running event loop."""

import asyncio
import os
from pathlib import Path
from urllib.parse import urlencode

import asyncpg

# Created by initdb: a superuser, which owns the tables, migrates, backs up and restores.
OWNER = "dispatch"
# The service's role, with the rights in dispatch/store/rights.py.
APPLICATION = "dispatch_app"
DATABASE = "dispatch"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
TIMEOUT_S = 5.0


def url(sockets: Path, database: str = DATABASE, *, role: str = OWNER) -> str:
    """What `asyncpg.connect` takes, for the server that listens in the folder `sockets`."""
    return f"postgresql://{role}@/{database}?{urlencode({'host': os.fspath(sockets), 'port': PORT})}"


def answers(sockets: Path) -> bool:
    """Whether a connection succeeds now; a server that is starting, recovering or stopping refuses it."""

    async def connect() -> None:
        db = await asyncpg.connect(url(sockets, "postgres"), timeout=TIMEOUT_S)
        await db.close(timeout=TIMEOUT_S)

    try:
        asyncio.run(connect())
    except (OSError, asyncpg.PostgresError):
        return False
    return True


def make_roles_and_database(sockets: Path) -> None:
    """Create the application's role and the database if they are missing, as in a state folder of an older version."""

    async def make() -> None:
        db = await asyncpg.connect(url(sockets, "postgres"), timeout=TIMEOUT_S)
        try:
            if not await db.fetchval("select exists (select from pg_roles where rolname = $1)", APPLICATION):
                await db.execute(f'create role "{APPLICATION}" login')
            if not await db.fetchval("select exists (select from pg_database where datname = $1)", DATABASE):
                await db.execute(f'create database "{DATABASE}"')
        finally:
            await db.close(timeout=TIMEOUT_S)

    asyncio.run(make())
