"""Unreadable reports: kept within what one sender may have, told by their number, looked at in pages, deleted later."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from dispatch.model import Event, EventKind, QuarantineItem, Seq
from dispatch.model.room import Room
from dispatch.store import journal
from dispatch.store.db import Pool, connection
from dispatch.store.snapshot import snapshot
from tests.keys import a_key
from tests.screens import Screen
from tests.service import Service

MOST = 5
LIMITS: dict[str, Any] = {"quarantine_items": str(MOST), "quarantine_bytes": "500000"}


async def junk(http: httpx.AsyncClient, body: bytes = b"?") -> dict[str, Any]:
    answer = await http.post("/v1/calls", content=body)
    assert answer.status_code in {413, 422}, answer.text
    return dict(answer.json())


async def events(pool: Pool) -> list[Event]:
    async with connection(pool) as db:
        return [entry.event for entry in await journal.after(db, seq=0, limit=100_000)]


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[tuple[Service, Service]]:
    async with Service.started(database_url, **LIMITS) as one, Service.started(database_url, **LIMITS) as other:
        yield one, other


async def test_one_sender_has_its_share_on_all_nodes_together(
    two: tuple[Service, Service], database_url: str, pool: Pool
) -> None:
    key, other_key = await a_key(database_url, "intake"), await a_key(database_url, "intake")
    async with two[0].client(key) as here, two[1].client(key) as there, two[1].client(other_key) as other:
        answers = await asyncio.gather(*(junk(http) for http in (here, there) for _ in range(MOST)))
        assert sum("quarantine_id" in answer for answer in answers) == MOST
        beyond = [answer for answer in answers if "quarantine_id" not in answer]
        assert all(answer["kept"] is False and "not kept" in answer["detail"] for answer in beyond)
        assert all(answer["errors"] for answer in beyond)
        assert "quarantine_id" in await junk(other)
    async with two[0].client() as admin:
        page = (await admin.get("/v1/quarantine")).json()
        assert page["open"] == len(page["items"]) == MOST + 1
        assert [(s["items"], s["not_kept"]) for s in page["senders"]] == [(MOST, MOST), (1, 0)]
    told = [event for event in await events(pool) if event.kind is EventKind.REPORT_QUARANTINED]
    assert len(told) == MOST + 1


async def test_large_ones_fill_it_sooner(two: tuple[Service, Service], pool: Pool) -> None:
    async with two[0].client() as http:
        kept = ["quarantine_id" in await junk(http, b"x" * 200_000) for _ in range(4)]
        assert kept == [True, True, False, False]
        small = [(await junk(http, b"small"))["quarantine_id"] for _ in range(MOST - 2)]
        assert "quarantine_id" not in await junk(http, b"small")
        # What a person has looked at takes no more room.
        await http.post(f"/v1/quarantine/{small[0]}/handled")
        assert "quarantine_id" in await junk(http, b"small")
    async with connection(pool) as db:
        assert await db.fetchval("select sum(octet_length(raw)) from quarantine") <= 500_000


async def test_counts_follow_the_order_of_commits_on_two_nodes(two: tuple[Service, Service], pool: Pool) -> None:
    before = await snapshot(pool)
    async with Screen.on(two[0]) as screen, two[0].client() as here, two[1].client() as there:

        async def work(http: httpx.AsyncClient) -> None:
            for _ in range(10):
                if item := (await junk(http)).get("quarantine_id"):
                    await http.post(f"/v1/quarantine/{item}/handled")

        await asyncio.gather(*(work(http) for http in (here, there) for _ in range(2)))
        fresh = await snapshot(pool)
        await screen.until(lambda: screen.room.seq >= fresh.seq)
    steps = [(e.kind, e.quarantine_open) for e in await events(pool) if e.quarantine_open is not None]
    count = 0
    for kind, told in steps:
        count += 1 if kind is EventKind.REPORT_QUARANTINED else -1
        assert told == count
    for event in await events(pool):
        before.seq = Seq(event.seq - 1)
        before.apply(event)
    assert len(steps) >= 4 and before == fresh == screen.at(fresh.seq)


async def test_screens_and_journal_carry_numbers_only(service: Service, pool: Pool) -> None:
    async with service.client() as http:
        async with service.screen() as socket:
            before = len(await socket.recv())
        for _ in range(20):
            await junk(http, b"x" * 20_000)
        async with service.screen() as socket:
            assert len(await socket.recv()) < before + 50
    async with connection(pool) as db:
        told = "select max(octet_length(body::text)) from journal where kind = 'report_quarantined'"
        assert await db.fetchval(told) < 400


async def test_they_come_in_pages_newest_first(service: Service) -> None:
    async with service.client() as http:
        ids = [(await junk(http))["quarantine_id"] for _ in range(7)]
        found: list[int] = []
        cursor: dict[str, int] = {}
        while True:
            page = (await http.get("/v1/quarantine", params={"limit": 3} | cursor)).json()
            assert page["open"] == 7 and len(page["items"]) <= 3
            found += [item["id"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert found == ids[::-1]


async def test_the_body_of_one_that_was_looked_at_is_deleted_later(database_url: str, pool: Pool) -> None:
    async with Service.started(database_url) as service, service.client() as http:
        handled, waiting = [(await junk(http, body))["quarantine_id"] for body in (b"one", b"two")]
        await http.post(f"/v1/quarantine/{handled}/handled")
        assert (await http.get(f"/v1/quarantine/{handled}")).content == b"one"
        async with Service.started(database_url, quarantine_days="0"), asyncio.timeout(40):
            while (await http.get(f"/v1/quarantine/{handled}")).status_code != 404:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        assert (await http.get(f"/v1/quarantine/{waiting}")).content == b"two"
        assert (await snapshot(pool)).quarantine_open == 1


async def test_what_an_older_node_writes_is_counted_too(pool: Pool) -> None:
    async with connection(pool) as db:
        await db.execute(
            """insert into quarantine (at, door, received_by, problem, raw, size)
               select now(), 'calls', 'older', 'unreadable', 'abc', 3 from generate_series(1, 3)"""
        )
        await db.execute("update quarantine set handled_at = now(), handled_by = 'x' where id = 1")
        await db.execute("update quarantine set handled_at = now(), handled_by = 'y' where id = 1")
        assert await db.fetchval("select (items, bytes) from quarantine_sender") == (2, 6)
        await db.execute("delete from quarantine where id <= 2")
        assert await db.fetchval("select (items, bytes) from quarantine_sender") == (1, 3)
    assert (await snapshot(pool)).quarantine_open == 1


def test_what_an_older_node_told_is_counted_too() -> None:
    now = datetime.now(UTC)
    item = QuarantineItem(7, now, "calls", "unreadable", "?", 1)
    handled = QuarantineItem(7, now, "calls", "unreadable", "?", 1, now, "x")
    room = Room(quarantine_open=3)
    room.apply(Event(EventKind.REPORT_QUARANTINED, now, "x", quarantine=item, seq=Seq(1)))
    assert room.quarantine_open == 4
    room.apply(Event(EventKind.QUARANTINE_HANDLED, now, "x", quarantine=handled, seq=Seq(2)))
    assert room.quarantine_open == 3
