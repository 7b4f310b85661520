"""The database held, so that calls wait; and waiting until it is so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import httpx

from dispatch.store import journal
from dispatch.store.db import Connection


@asynccontextmanager
async def beside(database_url: str) -> AsyncIterator[Connection]:
    """A connection that no service knows of."""
    db = await asyncpg.connect(database_url)
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def held(database_url: str) -> AsyncIterator[None]:
    """Nobody can take a call until this block ends: who comes waits in line."""
    async with beside(database_url) as db, db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", journal.DECIDING)
        yield


async def until(true: Callable[[], Awaitable[object]]) -> None:
    while True:
        if await true():
            return
        await asyncio.sleep(0.02)


async def running(http: httpx.AsyncClient, requests: int) -> bool:
    """Whether so many requests are in hand, besides the one that asks."""
    return f"dispatch_requests_running {requests + 1:.1f}" in (await http.get("/metrics")).text
