"""The database held, so that calls wait; and waiting until it is so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import httpx

from dispatch.store import journal


@asynccontextmanager
async def held(database_url: str) -> AsyncIterator[None]:
    """Nobody can take a call until this block ends: who comes waits in line."""
    db = await asyncpg.connect(database_url)
    try:
        async with db.transaction():
            await journal.queue_up(db)
            yield
    finally:
        await db.close()


async def until(true: Callable[[], Awaitable[object]]) -> None:
    while True:
        if await true():
            return
        await asyncio.sleep(0.02)


async def running(http: httpx.AsyncClient, requests: int) -> bool:
    """Whether so many requests are in hand, besides the one that asks."""
    return f"dispatch_requests_running {requests + 1:.1f}" in (await http.get("/metrics")).text
