"""Two real services on one database: where units are is known at both, and when one is killed nothing is missed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from dispatch.store.db import connection, open_pool
from dispatch.store.snapshot import snapshot
from geo import destination
from scripts.fault_runs.bookings import events_after
from tests.dispatch.nodes.following import until
from tests.dispatch.nodes.watcher import Watcher
from tests.reports import CENTRE, a_call, a_fix
from tests.screens import Screen
from tests.service import Service

CALLS, CALLERS = 40, 4


@pytest.fixture(scope="module")
async def nodes(module_database_url: str) -> AsyncIterator[tuple[Service, Service]]:
    async with Service.started(module_database_url) as one, Service.started(module_database_url) as other:
        yield one, other


def seen(unit_id: str, lat: float, lon: float, *, seconds_ago: float = 0) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return {"unit_id": unit_id, "lat": lat, "lon": lon, "at": at.isoformat()}


async def tell(service: Service, *positions: dict[str, Any]) -> None:
    async with service.client() as http:
        answer = await http.post("/v1/units/positions", json={"positions": positions})
    assert answer.json()["accepted"] == len(positions), answer.text


def shown_at(screen: Screen, unit_id: str) -> list[float]:
    found: list[float] = screen.positions.get(unit_id, [None] * 3)[1:3]
    return found


async def test_a_position_told_to_one_is_shown_and_ranked_from_at_the_other(
    nodes: tuple[Service, Service], module_database_url: str
) -> None:
    one, other = nodes
    async with other.client() as http, Screen.on(other) as screen:
        incident = (await http.post("/v1/calls", json=a_call(nature="chest_pain"))).json()["incident_id"]
        best = await recommended(http, incident)
        # One of the same sort that wouldn't be first comes to stand beside the place.
        later = [unit_id for unit_id in best if unit_id[0] == best[0][0]][-1]
        assert later != best[0]
        near = destination(*CENTRE, 45, 30)
        await tell(one, seen(later, *near))
        await screen.until(lambda: shown_at(screen, later) == [*near])
        assert (await recommended(http, incident))[0] == later

        # Every connection of both is ended: what was told meanwhile is known afterwards.
        await end_all(module_database_url)
        far = destination(*CENTRE, 45, 60)
        await tell(one, seen(later, *far))
        await screen.until(lambda: shown_at(screen, later) == [*far])


async def test_when_a_node_is_killed_screens_go_on_at_the_other_and_miss_nothing(
    nodes: tuple[Service, Service], module_database_url: str
) -> None:
    one, other = nodes
    pool = await open_pool(module_database_url, size=2)
    screens = [Watcher(nodes), Watcher((other, one))]
    watching = [asyncio.create_task(screen.watch()) for screen in screens]
    first = await snapshot(pool)
    callers = [asyncio.create_task(call(nodes, number)) for number in range(CALLERS)]
    async with connection(pool) as db:
        while len(await events_after(db, first.seq)) < CALLS:  # noqa: ASYNC110 - told by another process
            await asyncio.sleep(0.05)
    one.process.kill()
    answers = [answer for caller in callers for answer in await caller]
    last = await snapshot(pool)
    await until(lambda: all(screen.seq >= last.seq for screen in screens))
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    async with connection(pool) as db:
        assert len(await events_after(db, 0)) >= last.seq
        stored = {row["id"] for row in await db.fetch("select id::text from call")}
    await pool.close()
    # Room.apply refuses a number that is not the next one.
    assert [screen.at(last.seq) for screen in screens] == [last, last]
    assert len(answers) == CALLERS * CALLS and {answer["call_id"] for answer in answers} <= stored
    assert one.process.wait() == -9


async def recommended(http: httpx.AsyncClient, incident: int) -> list[str]:
    answer = await http.get(f"/v1/incidents/{incident}/recommendation")
    return [unit["unit_id"] for unit in answer.json()["units"]]


async def end_all(database_url: str) -> None:
    db = await asyncpg.connect(database_url)
    await db.execute(
        """select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid()"""
    )
    await db.close()


async def call(nodes: tuple[Service, Service], number: int) -> list[dict[str, Any]]:
    """Reports one after the other; one that isn't answered goes to the other node, as it is."""
    answers = []
    async with nodes[0].client() as one, nodes[1].client() as other:
        doors = [one, other]
        for count in range(CALLS):
            report = a_call(a_fix(-0.35 + 0.01 * number, -78.5 - 0.001 * count), nature="fall")
            while True:
                try:
                    answer = await doors[0].post("/v1/calls", json=report)
                except httpx.TransportError:
                    doors.reverse()
                    continue
                if answer.status_code != 503:
                    break
            assert answer.status_code in {200, 201}, answer.text
            answers.append(answer.json())
    return answers
