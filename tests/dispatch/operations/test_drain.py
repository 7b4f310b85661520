"""Told to end, a node leaves as it should: not ready, screens sent on, calls in hand finished, nothing left behind."""

import asyncio
import signal
from contextlib import suppress
from copy import deepcopy
from functools import partial

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from dispatch.store.db import Pool, connection, transaction
from tests.dispatch.operations.waiting import beside, held, running, until
from tests.reports import a_call
from tests.screens import Screen
from tests.service import STOP_S, Service

CALLS = 20
MOVE = 1012
WAITS = "select count(*) from pg_locks where locktype = 'advisory' and not granted"


async def someone_waits(database_url: str) -> None:
    """Until somebody waits for his turn to take calls."""
    async with beside(database_url) as db:
        await until(partial(db.fetchval, WAITS))


async def draining(http: httpx.AsyncClient) -> httpx.Response:
    """What it says of itself as soon as it was told to end."""
    while True:
        answer = await http.get("/readyz")
        if answer.status_code == 503:
            return answer
        await asyncio.sleep(0.01)


async def not_acknowledged(post: asyncio.Task[httpx.Response]) -> None:
    with suppress(httpx.TransportError):
        assert (await post).status_code >= 500


async def exit_code(service: Service) -> int:
    return await asyncio.to_thread(service.process.wait, STOP_S)


async def test_calls_in_hand_are_finished(database_url: str, pool: Pool) -> None:
    bodies = [a_call() for _ in range(CALLS)]
    async with Service.started(database_url, drain_s="0.5") as service, service.client() as http:
        async with held(database_url):
            posts = [asyncio.create_task(http.post("/v1/calls", json=body)) for body in bodies]
            await someone_waits(database_url)
            async with service.client() as other:
                await until(partial(running, other, CALLS))
                service.process.send_signal(signal.SIGTERM)
                said = await draining(other)
                assert said.json()["status"] == "draining" and said.json()["failed"] == ["draining"]
                assert said.headers["connection"] == "close"
                # A load balancer that has not noticed yet may still send somebody.
                assert (await other.get("/healthz")).status_code == 200
            await refused(service)
            assert not any(post.done() for post in posts)
        answers = await asyncio.gather(*posts)
        assert [answer.status_code for answer in answers] == [201] * CALLS
        assert {answer.headers["connection"] for answer in answers} == {"close"}
        assert await exit_code(service) == 0
    async with connection(pool) as db:
        assert {str(row["id"]) for row in await db.fetch("select id from call")} == {body["id"] for body in bodies}


async def refused(service: Service) -> None:
    """Until no new connection is accepted."""
    with suppress(httpx.ConnectError):
        while True:
            async with service.client(key=None) as http:
                await http.get("/healthz")


async def test_a_screen_moves_to_another_node_and_misses_nothing(database_url: str) -> None:
    async with Service.started(database_url) as old, Service.started(database_url) as new, new.client() as http:
        async with Screen.on(old) as screen:
            assert (await http.post("/v1/calls", json=a_call())).status_code == 201
            await screen.until(lambda: len(screen.room.incidents) == 1)
            old.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                await screen.until(lambda: False)
            assert screen.move and screen.resync is None
            assert closed.value.rcvd is not None and closed.value.rcvd.code == MOVE
        assert (await http.post("/v1/calls", json=a_call(nature="fall"))).status_code == 201
        before = deepcopy(screen.room)
        async with Screen.on(new, since=screen.room) as moved, Screen.on(new) as fresh:
            await moved.until(lambda: moved.room.seq >= fresh.room.seq)
            assert moved.at(fresh.room.seq) == fresh.room != before
            assert [event.seq for event in moved.events] == list(range(before.seq + 1, moved.room.seq + 1))
        assert await exit_code(old) == 0


async def test_positions_in_hand_are_written(database_url: str, pool: Pool) -> None:
    async with Service.started(database_url) as service, service.client() as http:
        async with transaction(pool) as db:
            await db.execute("lock table unit_position in exclusive mode")
            here = {"unit_id": "P001", "lat": -0.2, "lon": -78.5, "at": "2026-03-01T12:00:00Z"}
            answer = await http.post("/v1/units/positions", json={"positions": [here]})
            assert answer.json()["accepted"] == 1, answer.text
            service.process.send_signal(signal.SIGTERM)
            await refused(service)
        assert await exit_code(service) == 0
    async with connection(pool) as db:
        assert await db.fetchval("select count(*) from unit_position where unit_id = 'P001'") == 1


async def test_a_second_signal_hastens(database_url: str, pool: Pool) -> None:
    body = a_call()
    patient = {"drain_s": "600", "grace_s": "600"}
    async with (
        Service.started(database_url, **patient) as service,
        service.client() as http,
        Screen.on(service),
        held(database_url),
    ):
        post = asyncio.create_task(http.post("/v1/calls", json=body))
        await someone_waits(database_url)
        service.process.send_signal(signal.SIGTERM)
        async with service.client() as other:
            await draining(other)
        service.process.send_signal(signal.SIGINT)
        assert await exit_code(service) == 0
        # What was not finished was not acknowledged either.
        await not_acknowledged(post)
    async with connection(pool) as db:
        assert await db.fetchval("select count(*) from call") == 0


async def test_whoever_holds_the_database_does_not_hold_the_node(database_url: str) -> None:
    async with (
        Service.started(database_url, grace_s="0.5") as service,
        service.client() as http,
        held(database_url),
    ):
        post = asyncio.create_task(http.post("/v1/calls", json=a_call()))
        await someone_waits(database_url)
        service.process.send_signal(signal.SIGTERM)
        assert await exit_code(service) == 0
        await not_acknowledged(post)
