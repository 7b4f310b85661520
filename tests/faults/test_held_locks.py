"""Whoever hangs with a lock in hand is ended by the database itself: nobody else would ever get it."""

import asyncio

import pytest

from dispatch.errors import Unavailable
from dispatch.store import journal
from dispatch.store.db import Pool, connection, transaction

PATIENCE_S = 60


async def test_the_database_lets_go_of_who_says_nothing(pool: Pool) -> None:
    holds, free = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        async with transaction(pool, lock=journal.DECIDING) as db:
            holds.set()
            await free.wait()
            await journal.head(db)

    hanging = asyncio.create_task(hang())
    await holds.wait()
    async with asyncio.timeout(PATIENCE_S), transaction(pool, lock=journal.DECIDING):
        pass
    free.set()
    with pytest.raises(Unavailable):
        await hanging


async def test_a_statement_in_parts_is_no_way_around_it(pool: Pool) -> None:
    """Between them a session is not idle; what bounds it there is the time of its transaction."""
    async with connection(pool) as db:
        assert await db.fetchval("show transaction_timeout") == "30s"
        assert await db.fetchval("show idle_in_transaction_session_timeout") == "5s"
