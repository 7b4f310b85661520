"""What other nodes commit is told, once and in order, whatever becomes of the connection on which it is announced."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from dispatch.city import load_city
from dispatch.model import EventKind, NewEvent
from dispatch.model.city import City
from dispatch.settings import Settings
from dispatch.store import announcements
from dispatch.store.db import Pool, connection, transaction
from dispatch.store.journal import append
from scripts.fault_runs.wire import Wire
from tests.dispatch.nodes.following import Follower, end_listeners, something_happens, until


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(Settings().city)


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    """To the database, and at our mercy."""
    query = parse_qs(urlsplit(database_url).query)
    wire = await Wire.to(Path(query["host"][0]) / f".s.PGSQL.{query['port'][0]}")
    yield wire
    await wire.close()


async def test_nothing_is_missed_while_the_connection_is_ended_again_and_again(
    database_url: str, pool: Pool, quito: City
) -> None:
    async def happen() -> None:
        for _ in range(60):
            await something_happens(pool, times=2)

    async def disturb() -> int:
        ended = 0
        while ended < 5:
            ended += await end_listeners(pool)
            await asyncio.sleep(0.05)
        return ended

    async with Follower.on(database_url, quito) as node:
        await asyncio.gather(happen(), happen(), happen(), disturb())
        await until(lambda: len(node.told) >= 360)
        await until(lambda: node.is_current)
        assert node.told == list(range(1, 361))


async def test_it_is_not_connected_before_it_has_caught_up(database_url: str, pool: Pool, quito: City) -> None:
    async with Follower.on(database_url, quito) as node:
        async with connection(pool) as db, db.transaction():
            await db.execute("lock table journal")
            await end_listeners(pool)
            await until(lambda: not node.node.desk.feed.connected)
            # It listens again; that its positions are current is how we know.
            await until(lambda: node.elsewhere.following.is_current)
            assert not node.node.desk.feed.connected
        await until(lambda: node.node.desk.feed.connected)


async def test_a_connection_that_is_swallowed_is_noticed_and_replaced(
    database_url: str, pool: Pool, quito: City, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "CHECK_EVERY_S", 0.2)
    monkeypatch.setattr(announcements, "ANSWER_S", 0.2)
    url = f"postgresql://dispatch@127.0.0.1:{wire.port}{urlsplit(database_url).path}"
    async with Follower.on(url, quito) as node:
        await wire.swallow()
        await something_happens(pool, times=3)
        await until(lambda: not node.is_current)
        assert node.told == []
        await wire.release(forget=True)
        await until(lambda: node.is_current)
        assert node.told == [1, 2, 3]
        await something_happens(pool)
        await until(lambda: node.told == [1, 2, 3, 4])


async def test_what_is_ours_is_announced_to_us_and_not_fetched(database_url: str, pool: Pool, quito: City) -> None:
    async with Follower.on(database_url, quito) as node:
        feed = node.node.desk.feed
        before = feed.fetches
        for _ in range(20):
            async with transaction(feed.pool) as db:
                entries = await append(db, new_events=[NewEvent(EventKind.NOTE_ADDED, datetime.now(UTC), "us")])
            feed.offer(entries)
        await something_happens(pool)
        await until(lambda: node.told == list(range(1, 22)))
        assert feed.fetches - before == 1


async def test_a_commit_of_ours_whose_answer_is_lost_is_fetched(database_url: str, pool: Pool, quito: City) -> None:
    async with Follower.on(database_url, quito) as node:
        await something_happens(node.node.desk.pool)
        await until(lambda: node.told == [1])


async def test_an_announcement_in_the_middle_of_a_fetch_is_not_lost(database_url: str, pool: Pool, quito: City) -> None:
    """What is committed after the question and announced before its answer is asked for again."""
    async with Follower.on(database_url, quito) as node:
        feed = node.node.desk.feed
        original = feed.following._catch_up
        asked = asyncio.Event()

        async def slow() -> None:
            await original()
            if not asked.is_set():
                asked.set()
                await something_happens(pool)
                await asyncio.sleep(0.1)

        feed.following._catch_up = slow
        await something_happens(pool)
        await until(lambda: node.told == [1, 2])
        assert asked.is_set()
