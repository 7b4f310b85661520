"""The watch against a real database: each thing told once, the most urgent first, without being in anybody's way."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from dispatch.city import load_city
from dispatch.desk.incidents.change import change
from dispatch.desk.units.assignments import assign, release
from dispatch.desk.units.positions import PositionWriter
from dispatch.desk.units.status import set_status
from dispatch.desk.watch.timers import A_TURN
from dispatch.model import Event, EventKind, Incident, IncidentId, Unit, UnitId, UnitPosition, UnitStatus
from dispatch.model.city import City
from dispatch.model.doubt import Doubt
from dispatch.settings import QUITO
from dispatch.store.db import connection, transaction
from tests.dispatch.desk.nodes import Node

A1 = UnitId("A1")
OVERDUE = EventKind.INCIDENT_OVERDUE


@pytest.fixture(scope="module")
def quito() -> City:
    """Whose crews may all be silent for a minute."""
    quito = load_city(QUITO)
    return replace(quito, agencies=tuple(replace(agency, silent_after_s=60) for agency in quito.agencies))


def now() -> datetime:
    return datetime.now(UTC)


def ambulance(id: str = "A1", agency: str = "MSP") -> Unit:
    return Unit(UnitId(id), agency, "ambulance_bls", ("bls",), None, UnitStatus.AVAILABLE, now() - timedelta(days=1))


def late(incident: Incident) -> list[str]:
    return [o.interval for o in incident.overdue]


async def opened(node: Node, seconds: float, number: IncidentId) -> datetime:
    return node.incident(number).opened_at + timedelta(seconds=seconds)


async def overdue_events(node: Node) -> list[Event]:
    return [e for e in await node.events() if e.kind is OVERDUE]


async def test_told_when_it_is_due_and_not_before(database_url: str, quito: City) -> None:
    async with Node.on(database_url, quito) as node:
        number = await node.call()
        await node.timers.tick(await opened(node, 59.9, number))
        assert await overdue_events(node) == []
        await node.timers.tick(await opened(node, 60, number))
        await node.timers.tick(await opened(node, 61, number))
        [event] = await overdue_events(node)
        assert event.data == {"interval": "process", "target_s": 60, "unit_id": None, "over": True}
        assert event.incident == node.incident(number) and late(event.incident) == ["process"]
        assert event.incident.version == 1
        assert await node.is_fresh()


async def test_the_act_that_ends_it_takes_it_off(database_url: str, quito: City) -> None:
    async with Node.on(database_url, quito) as node:
        await node.add(ambulance())
        number = await node.call()
        await node.timers.tick(await opened(node, 60, number))
        sent = await assign(node.desk, incident_id=number, unit_ids=[A1], version=1, actor="x")
        assert late(sent) == []
        await node.timers.tick(sent.assignments[0].assigned_at + timedelta(seconds=60))
        assert late(node.incident(number)) == ["turnout"]
        await set_status(node.desk, unit_id=A1, status=UnitStatus.EN_ROUTE, actor="x")
        assert late(node.incident(number)) == []
        recalled = await release(node.desk, incident_id=number, unit_id=A1, reason="x", actor="x")
        assert late(recalled) == []
        await node.timers.tick(await opened(node, 61, number))
        assert late(node.incident(number)) == ["process"]
        assert len(await overdue_events(node)) == 3 and await node.is_fresh()


async def test_another_target_takes_it_off_too_and_says_so(database_url: str, quito: City) -> None:
    async with Node.on(database_url, quito) as node:
        number = await node.call()
        await node.timers.tick(await opened(node, 720, number))
        assert late(node.incident(number)) == ["process", "response"]
        await change(node.desk, incident_id=number, changes={"priority": 4}, version=None, actor="x")
        await node.timers.tick(await opened(node, 721, number))
        assert late(node.incident(number)) == ["process"]
        told = [(e.data["interval"], e.data["over"]) for e in await overdue_events(node)]
        assert told == [("process", True), ("response", True), ("response", False)]
        assert await node.is_fresh()


async def test_of_two_nodes_one_tells_and_after_a_restart_nobody_again(database_url: str, quito: City) -> None:
    async with Node.on(database_url, quito) as one, Node.on(database_url, quito) as two:
        numbers = [await one.call(-0.3 + n / 100, nature="fall") for n in range(20)]
        await two.catch_up()
        at = await opened(one, 100, numbers[-1])
        await asyncio.gather(one.timers.tick(at), two.timers.tick(at))
        await asyncio.gather(one.catch_up(), two.catch_up())
        # What the one was just writing, the other left alone; it looks again, and so it is at the next tick.
        later = at + timedelta(seconds=1)
        await asyncio.gather(one.timers.tick(later), two.timers.tick(later))
        assert sorted(e.incident.id for e in await overdue_events(one) if e.incident) == numbers
        await asyncio.gather(one.catch_up(), two.catch_up())
        assert one.room == two.room and await one.is_fresh()
    async with Node.on(database_url, quito) as again:
        await again.timers.tick(later)
        assert len(await overdue_events(again)) == len(numbers)


async def test_the_most_urgent_first_and_only_so_many_in_a_turn(database_url: str, quito: City) -> None:
    """An earthquake: more than a turn takes, all at once."""
    async with Node.on(database_url, quito) as node:
        example = await node.call()
        count = A_TURN + 60
        async with connection(node.desk.pool) as db:
            await db.execute(
                """insert into incident (status, priority, opened_at, location, calls, channels)
                   select 'waiting', 1 + n % 5, opened_at - n * interval '1 ms', location, 1, channels
                   from incident, generate_series(1, $1) n""",
                count,
            )
        at = await opened(node, 100, example)
    async with Node.on(database_url, quito) as node:
        await node.timers.tick(at)
        first = await overdue_events(node)
        assert len(first) == A_TURN
        order = [(e.incident.priority, e.incident.opened_at) for e in first if e.incident]
        batches = [order[n : n + 50] for n in range(0, A_TURN, 50)]
        assert all(max(a) < min(b) for a, b in pairwise(batches))
        await node.timers.tick(at)
        assert len(await overdue_events(node)) == count + 1
        assert all(late(i) for i in node.room.incidents.values()) and await node.is_fresh()


async def test_it_waits_for_nobody_who_is_acting(database_url: str, quito: City) -> None:
    async with Node.on(database_url, quito) as node:
        busy, free = await node.call(-0.1), await node.call(-0.3)
        at = await opened(node, 60, free)
        async with transaction(node.desk.pool) as somebody:
            await somebody.execute("select id from incident where id = $1 for update", busy)
            await asyncio.wait_for(node.timers.tick(at), 10)
            assert [late(node.incident(i)) for i in (busy, free)] == [[], ["process"]]
        await node.timers.tick(at + timedelta(seconds=1))
        assert late(node.incident(busy)) == ["process"]


async def test_the_task_tells_at_its_moment(database_url: str, quito: City) -> None:
    targets = tuple(replace(t, seconds=0.2) if t.interval == "process" else t for t in quito.targets)
    async with Node.on(database_url, replace(quito, targets=targets)) as node:
        node.timers.start()
        number = await node.call()
        async with asyncio.timeout(30):
            while not node.incident(number).overdue:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await node.timers.stop()
        [event] = await overdue_events(node)
        assert event.at >= node.incident(number).opened_at + timedelta(seconds=0.2)


def hear(node: Node, *ids: str, at: datetime) -> list[tuple[UnitPosition, Doubt | None]]:
    return node.desk.picture.move([UnitPosition(UnitId(i), -0.2, -78.5, at) for i in ids], now=at).history


def silent(node: Node) -> set[str]:
    return {u.id for u in node.room.units.values() if u.silent_since is not None}


async def of_kind(node: Node, kind: EventKind) -> list[list[str]]:
    return [[u.id for u in e.units] for e in await node.events() if e.kind is kind]


FLEET = [f"A{n:02}" for n in range(30)]


async def test_a_network_that_fails_is_one_event_and_its_return_another(database_url: str, quito: City) -> None:
    async with Node.on(database_url, quito) as empty:
        await empty.add(*(ambulance(i) for i in (*FLEET, "without-device")))
    start = now()
    async with Node.on(database_url, quito, now=start) as node:
        hear(node, *FLEET, at=start)
        await node.timers.tick(start + timedelta(seconds=60))
        assert silent(node) == set()
        await node.timers.tick(start + timedelta(seconds=62))
        await node.timers.tick(start + timedelta(seconds=64))
        assert await of_kind(node, EventKind.UNIT_SILENT) == [FLEET]
        assert {u.silent_since for u in node.room.units.values()} == {start, None}
        hear(node, *FLEET[:20], at=start + timedelta(seconds=65))
        await node.timers.tick(start + timedelta(seconds=66))
        assert await of_kind(node, EventKind.UNIT_HEARD) == [FLEET[:20]]
        assert silent(node) == set(FLEET[20:]) and await node.is_fresh()


async def test_a_unit_that_speaks_to_the_other_node_is_not_silent(database_url: str, quito: City) -> None:
    async with Node.on(database_url, quito) as empty:
        await empty.add(ambulance())
    # What happens here lies in the past, for events are told at the time that it is.
    start = now() - timedelta(seconds=200)

    def after(seconds: float) -> datetime:
        return start + timedelta(seconds=seconds)

    async with Node.on(database_url, quito, now=start) as one, Node.on(database_url, quito, now=start) as two:
        hear(one, "A1", at=after(0))
        writer = PositionWriter(two.desk.pool, retention_days=1)
        writer.add(hear(two, "A1", at=after(30)), now=after(30))
        await writer.flush()
        await one.timers.tick(after(70))
        assert await of_kind(one, EventKind.UNIT_SILENT) == []
        await asyncio.gather(one.timers.tick(after(100)), two.timers.tick(after(100)))
        await asyncio.gather(one.catch_up(), two.catch_up())
        assert await of_kind(one, EventKind.UNIT_SILENT) == [["A1"]]
        hear(two, "A1", at=after(110))
        await two.timers.tick(after(111))
        await one.catch_up()
        # The other one's writer hasn't written the position yet; its word is enough.
        await one.timers.tick(after(112))
        assert await of_kind(one, EventKind.UNIT_HEARD) == [["A1"]]
        assert await of_kind(one, EventKind.UNIT_SILENT) == [["A1"]]
        assert one.room == two.room and await one.is_fresh()
