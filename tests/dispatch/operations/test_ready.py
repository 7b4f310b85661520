"""`/readyz` says which check fails and by how much; each is made to fail for real."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dispatch.api.health import Probe, health
from dispatch.city import load_city
from dispatch.desk.units.positions import PositionWriter
from dispatch.model import Event, EventKind, Seq
from dispatch.model.wire import encode
from dispatch.settings import PROJECT
from dispatch.store import journal
from dispatch.store.embedded import EmbeddedPostgres
from tests.dispatch.desk.nodes import Node
from tests.dispatch.operations.waiting import beside
from tests.reports import a_call
from tests.service import Service

WAIT_S = 30


async def said(service: Service, true: Callable[[dict[str, Any]], bool]) -> tuple[int, dict[str, Any]]:
    """What it answers as soon as it is so."""
    async with service.client(key=None) as http, asyncio.timeout(WAIT_S):
        while True:
            answer = await http.get("/readyz")
            if true(answer.json()):
                return answer.status_code, answer.json()["checks"]
            await asyncio.sleep(0.05)


def failed(*names: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: body["failed"] == list(names) and body["status"] == "not ready"


def ready(body: dict[str, Any]) -> bool:
    return body == body | {"status": "ready", "failed": [], "degraded": []}


async def test_ready_it_tells_each_figure(module_service: Service) -> None:
    status, checks = await said(module_service, ready)
    assert status == 200 and set(checks) == {"draining", "database", "feed", "journal", "index", "positions"}
    assert checks["database"]["ms"] > 0 and checks["journal"]["lag"] == 0
    assert checks["index"]["units"] > 100 and checks["index"]["parishes"] == 65


async def test_without_its_feed_it_is_not_ready(module_service: Service, module_database_url: str) -> None:
    """It listens again at once; but who can't find out what he missed meanwhile is not connected yet."""
    async with beside(module_database_url) as db:
        async with db.transaction():
            await db.execute("lock table journal in access exclusive mode")
            assert await db.fetch(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and state = 'idle' and query ~* '^\\s*(listen|select 1)'"
            )
            status, checks = await said(module_service, failed("feed"))
            assert status == 503 and checks["database"]["ok"]
        assert (await said(module_service, ready))[0] == 200


async def test_far_behind_the_journal_it_is_not_ready(database_url: str) -> None:
    async with Service.started(database_url, ready_lag="3") as service, beside(database_url) as db:
        first = await journal.head(db) + 1
        events = [Event(EventKind.NOTE_ADDED, datetime.now(UTC), "elsewhere", seq=Seq(first + n)) for n in range(4)]
        async with db.transaction():
            # As another node appends, but that nobody is told.
            await db.execute("update journal_head set seq = seq + 4")
            await db.executemany(
                "insert into journal (seq, at, kind, body) values ($1, $2, $3, $4)",
                [(e.seq, e.at, e.kind, encode(e)) for e in events],
            )
        status, checks = await said(service, failed("journal"))
        assert status == 503 and checks["journal"] == {"ok": False, "lag": 4, "most": 3}
        await db.execute("select pg_notify($1, $2)", journal.CHANNEL, str(events[-1].seq))
        assert (await said(service, ready))[1]["journal"]["lag"] == 0


async def test_a_position_writer_that_fails_is_told_but_calls_are_taken(
    module_service: Service, module_database_url: str
) -> None:
    here = {"unit_id": "P001", "lat": -0.2, "lon": -78.5, "at": "2026-03-01T12:00:00Z"}
    async with beside(module_database_url) as db, module_service.client() as http:
        await db.execute("alter table unit_position rename to elsewhere")
        assert (await http.post("/v1/units/positions", json={"positions": [here]})).json()["accepted"] == 1
        status, checks = await said(module_service, lambda body: body["degraded"] == ["positions"])
        assert status == 200 and checks["positions"]["dropped"] == 1
        assert (await http.post("/v1/calls", json=a_call())).status_code == 201
        await db.execute("alter table elsewhere rename to unit_position")
    assert (await said(module_service, ready))[0] == 200


async def test_without_its_database_it_is_not_ready_and_says_so_in_time(public_folder: Path) -> None:
    server = await asyncio.to_thread(EmbeddedPostgres(public_folder / "not-ready").start)
    try:
        async with Service.started(server.dsn) as service:
            await asyncio.to_thread(server.stop)
            status, checks = await said(service, failed("database", "feed", "journal"))
            assert status == 503 and checks["journal"]["lag"] is None
            async with service.client(key=None) as http:
                assert (await http.get("/healthz")).status_code == 200
            await asyncio.to_thread(server.start)
            assert (await said(service, ready))[0] == 200
    finally:
        await asyncio.to_thread(server.stop)


@pytest.mark.parametrize("follows", [True, False])
async def test_a_picture_that_does_not_follow_is_noticed(database_url: str, follows: bool) -> None:
    async with Node.on(database_url, load_city(PROJECT / "data" / "quito")) as node:
        if not follows:
            node.desk.feed.listeners.clear()
        await node.call()
        probe = Probe(node.desk.pool)
        found = await health(node.desk, PositionWriter(node.desk.pool, retention_days=1), probe, draining=False)
        assert ("index" in found.failed) is not follows
        assert found.checks["index"]["behind"] == (0 if follows else node.desk.feed.seq)


async def test_a_database_that_hangs_is_told_in_time(database_url: str) -> None:
    async with Service.started(database_url) as service, beside(database_url) as db:
        async with db.transaction():
            await db.execute("lock table journal_head in access exclusive mode")
            status, checks = await said(service, lambda body: "database" in body["failed"])
            assert status == 503 and checks["database"]["ms"] is None
        assert (await said(service, ready))[0] == 200
