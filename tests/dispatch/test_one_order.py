"""One order for all: whatever happens, old state + events = fresh state, gap-free, in the order of commits."""

import asyncio
from random import Random

import httpx
import pytest

from dispatch.model import Event
from dispatch.model.room import Room
from dispatch.model.wire import decode, encode
from dispatch.store import journal
from dispatch.store.db import Pool, connection, open_pool, transaction
from dispatch.store.snapshot import snapshot
from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service

ACTS = 60
DISPATCHERS = 4
STATUSES = ["en_route", "on_scene", "transporting", "at_hospital", "returning", "available", "off_duty"]


async def anything(http: httpx.AsyncClient, random: Random) -> None:
    """What a hurried room does: acts on whatever there is, right or wrong. Answers are 2xx, 404, 409 or 422."""
    incident, other = (1001 + random.randrange(12) for _ in range(2))
    unit = f"P{random.randrange(1, 12):03}"
    place = a_fix(-0.2 + random.uniform(-0.004, 0.004), -78.5, radius_m=random.choice([10, 2000]))
    method, path, body = random.choice(
        [
            ("POST", "/v1/calls", a_call(place, nature=random.choice(["fall", "brawl"]))),
            ("POST", "/v1/calls", a_call(place, nature="fall", caller={"number": "0990001234"}, channel="aml")),
            ("POST", "/v1/calls", {"nonsense": True}),
            ("POST", f"/v1/incidents/{incident}/assignments", {"unit_ids": [unit, "P020"]}),
            ("POST", f"/v1/incidents/{incident}/assignments", {"unit_ids": [unit]}),
            ("DELETE", f"/v1/incidents/{incident}/assignments/{unit}", None),
            ("POST", f"/v1/units/{unit}/status", {"status": random.choice(STATUSES)}),
            ("PATCH", f"/v1/incidents/{incident}", {"priority": random.randint(1, 5), "version": random.randint(1, 4)}),
            ("POST", f"/v1/incidents/{incident}/close", {"reason": "x", "version": random.randint(1, 6)}),
            ("POST", f"/v1/incidents/{incident}/link", {"into": other}),
            ("POST", f"/v1/incidents/{incident}/notes", {"text": "x"}),
            ("POST", f"/v1/quarantine/{random.randrange(1, 8)}/handled", None),
        ]
    )
    answer = await http.request(method, path, json=body)
    assert answer.status_code in {200, 201, 204, 404, 409, 422}, answer.text


@pytest.mark.parametrize("seed", range(3))
async def test_state_plus_events_is_fresh_state(service: Service, database_url: str, seed: int) -> None:
    pool = await open_pool(database_url, size=2)
    before = await snapshot(pool)
    async with service.client() as http, Screen.on(service) as screen:
        # One incident first, so that the acts have something to act on.
        await http.post("/v1/calls", json=a_call(nature="fall"))
        await asyncio.gather(*(dispatcher(http, Random(f"{seed}-{n}")) for n in range(DISPATCHERS)))
        fresh = await snapshot(pool)
        await screen.until(lambda: screen.room.seq >= fresh.seq)
    async with connection(pool) as db:
        entries = await journal.after(db, seq=before.seq, limit=fresh.seq - before.seq)
    assert [e.event.seq for e in entries] == list(range(before.seq + 1, fresh.seq + 1))
    for entry in entries:
        before.apply(entry.event)
    assert before == fresh
    assert screen.at(fresh.seq) == fresh
    assert [e.seq for e in screen.events] == list(range(screen.events[0].seq, screen.room.seq + 1))
    await nobody_is_in_two_places(pool, fresh)
    await pool.close()


async def dispatcher(http: httpx.AsyncClient, random: Random) -> None:
    for _ in range(ACTS):
        await anything(http, random)


async def nobody_is_in_two_places(pool: Pool, room: Room) -> None:
    async with connection(pool) as db:
        running = await db.fetch("select unit_id, incident_id from assignment where released_at is null")
    assert len({r["unit_id"] for r in running}) == len(running)
    on_incident = {u.id: u.incident_id for u in room.units.values() if u.incident_id is not None}
    assert on_incident == {r["unit_id"]: r["incident_id"] for r in running}
    assert on_incident == {a.unit_id: i.id for i in room.incidents.values() for a in i.assignments}
    busy = {"dispatched", "en_route", "on_scene", "transporting", "at_hospital"}
    assert all((u.status in busy) == (u.incident_id is not None) for u in room.units.values())


async def test_a_rolled_back_act_leaves_no_gap(module_service: Service, module_database_url: str) -> None:
    pool = await open_pool(module_database_url, size=2)
    async with connection(pool) as db:
        last = await journal.head(db)
        [example] = await journal.after(db, seq=last - 1, limit=1)
    with pytest.raises(ZeroDivisionError):
        await append_and_fail(pool, example.event)
    async with module_service.client() as http:
        await http.post("/v1/calls", json=a_call())
    async with connection(pool) as db:
        assert [e.event.seq for e in await journal.after(db, seq=last, limit=1)] == [last + 1]
    await pool.close()


async def append_and_fail(pool: Pool, event: Event) -> None:
    async with transaction(pool) as db:
        await journal.append(db, new_events=[event])
        raise ZeroDivisionError


async def test_another_nodes_events_reach_this_nodes_screens(module_service: Service, module_database_url: str) -> None:
    async with (
        Service.started(module_database_url) as other,
        Screen.on(module_service) as here,
        Screen.on(other) as there,
    ):
        async with other.client() as http:
            answers = [
                (await http.post("/v1/calls", json=a_call(a_fix(-0.3, -78.5 - i / 100)))).json() for i in range(5)
            ]
        wanted = {a["incident_id"] for a in answers}
        await here.until(lambda: wanted <= here.room.incidents.keys())
        await there.until(lambda: there.room.seq >= here.room.seq)
    assert here.room == there.at(here.room.seq)


def test_an_event_is_the_same_after_its_journey(event_json: str) -> None:
    event = decode(event_json, Event)
    assert encode(event) == event_json


@pytest.fixture
async def event_json(module_service: Service, module_database_url: str) -> str:
    async with module_service.client() as http:
        await http.post("/v1/calls", json=a_call())
    pool = await open_pool(module_database_url, size=1)
    async with connection(pool) as db:
        body = (await journal.after(db, seq=await journal.head(db) - 1, limit=1))[0].body
    await pool.close()
    return body
