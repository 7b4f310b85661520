"""The primary dies under calls, its standby takes its place: what was acknowledged is there, the room goes on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from dispatch.store.db import connection, open_pool
from dispatch.store.snapshot import snapshot
from scripts.fault_runs.bookings import events_after
from tests.dispatch.nodes.standby import Pair
from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service

CALLERS, CALLS = 3, 30


@pytest.fixture
async def pair(public_folder: Path) -> AsyncIterator[Pair]:
    async with Pair.running(public_folder) as pair:
        yield pair


async def test_what_was_acknowledged_outlives_the_primary_and_the_service_goes_on(pair: Pair) -> None:
    acknowledged: list[str] = []
    async with Service.started(pair.url) as service, Screen.on(service) as screen:
        callers = [asyncio.create_task(call(service, number, acknowledged)) for number in range(CALLERS)]
        reading = asyncio.create_task(screen.until(lambda: len(acknowledged) == CALLERS * CALLS))
        while len(acknowledged) < CALLS:  # noqa: ASYNC110 - told by another process
            await asyncio.sleep(0.02)
        before = list(acknowledged)
        await pair.fail_over()
        refused = sum(await asyncio.gather(*callers))
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

        pool = await open_pool(pair.url, size=1)
        last = await snapshot(pool)
        async with connection(pool) as db:
            stored = {row["id"] for row in await db.fetch("select id::text from call")}
            assert len(await events_after(db, 0)) >= last.seq
        await pool.close()
        await screen.until(lambda: screen.room.seq >= last.seq)
    assert 0 < len(before) < len(acknowledged) == CALLERS * CALLS
    assert set(acknowledged) == stored
    # It was told that something is wrong, and neither waited in vain nor lost its place.
    assert refused > 0
    assert screen.at(last.seq) == last and screen.resync is None


async def call(service: Service, number: int, acknowledged: list[str]) -> int:
    """Reports one after the other, each until it is taken. How often it was not."""
    refused = 0
    async with service.client() as http:
        for count in range(CALLS):
            report = a_call(a_fix(-0.35 + 0.01 * number, -78.5 - 0.001 * count), nature="fall")
            while (answer := await http.post("/v1/calls", json=report)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
                refused += 1
                await asyncio.sleep(0.1)
            assert answer.status_code in {200, 201}, answer.text
            acknowledged.append(answer.json()["call_id"])
    return refused
