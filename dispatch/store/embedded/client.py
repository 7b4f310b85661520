"""The two things asked of the embedded server over its socket; not to be called on a thread whose event loop runs."""

import asyncio
import os
from pathlib import Path
from urllib.parse import urlencode

import asyncpg

ROLE = "dispatch"
DATABASE = "dispatch"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
TIMEOUT_S = 5.0


def url(sockets: Path, database: str = DATABASE) -> str:
    """What `asyncpg.connect` takes, for the server that listens in the folder `sockets`."""
    return f"postgresql://{ROLE}@/{database}?{urlencode({'host': os.fspath(sockets), 'port': PORT})}"


def answers(sockets: Path) -> bool:
    """Whether a real connection succeeds now; a server that starts, recovers or stops refuses it."""

    async def connect() -> None:
        db = await asyncpg.connect(url(sockets, "postgres"), timeout=TIMEOUT_S)
        await db.close(timeout=TIMEOUT_S)

    try:
        asyncio.run(connect())
    except (OSError, asyncpg.PostgresError):
        return False
    return True


def ensure_database(sockets: Path) -> None:
    """Create our database unless it is there."""

    async def create() -> None:
        db = await asyncpg.connect(url(sockets, "postgres"), timeout=TIMEOUT_S)
        try:
            if not await db.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await db.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            await db.close(timeout=TIMEOUT_S)

    asyncio.run(create())
