"""The whole fleet out and in as a table: all or nothing, what units do stays, and every screen learns of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from dispatch.model import Event, EventKind
from tests.keys import a_key
from tests.reports import a_call
from tests.screens import Screen
from tests.service import Service

FLEET_EVENTS = {EventKind.UNIT_ADDED, EventKind.UNIT_CHANGED, EventKind.UNIT_REMOVED, EventKind.UNIT_STATUS_CHANGED}


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client() as client:
        yield client


async def put(http: httpx.AsyncClient, table: str | bytes, **query: Any) -> httpx.Response:
    content = table.encode() if isinstance(table, str) else table
    return await http.put("/v1/units.csv", content=content, params=query, timeout=60)


async def export(http: httpx.AsyncClient, **query: Any) -> str:
    answer = await http.get("/v1/units.csv", params=query)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/csv; charset=utf-8"
    return answer.content.decode()


async def units(http: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    return {unit["id"]: unit for unit in (await http.get("/v1/units")).json()["items"]}


def fleet_events(screen: Screen) -> list[Event]:
    """The room may have told something else meanwhile, as of an incident that waits too long."""
    return [event for event in screen.events if event.kind in FLEET_EVENTS]


async def test_what_was_exported_changes_nothing(service: Service, http: httpx.AsyncClient) -> None:
    before = await units(http)
    async with Screen.on(service) as screen:
        for excel in (False, True):
            answer = (await put(http, await export(http, excel=excel), remove_missing=True)).json()
            counted = {name: answer[name] for name in ("added", "changed", "unchanged", "removed")}
            assert counted == {"added": 0, "changed": 0, "unchanged": len(before), "removed": 0}
        await http.post("/v1/units/P001/status", json={"status": "off_duty"})
        await screen.until(lambda: bool(fleet_events(screen)))
    assert [event.kind for event in fleet_events(screen)] == ["unit_status_changed"]


async def test_a_table_adds_changes_and_removes_in_one_act(service: Service, http: httpx.AsyncClient) -> None:
    number = (await http.post("/v1/calls", json=a_call(nature="fall"))).json()["incident_id"]
    await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": ["A01"]})
    table = "id;agency;kind;crew;shift\nA01;MSP;ambulance_bls;Ana Paz|Luis Vera;07:00-19:00\n=X9;MSP;ambulance_als;;\n"
    before = await units(http)
    tried = (await put(http, table, dry_run=True, remove_missing=True)).json()
    assert await units(http) == before
    async with Screen.on(service) as screen:
        done = (await put(http, table, remove_missing=True)).json()
        await screen.until(lambda: len(screen.room.units) == 2)
    assert tried == done | {"dry_run": True}
    assert done == {
        "added": 1, "changed": 1, "unchanged": 0, "removed": len(before) - 1, "dry_run": False, "read_as": "utf-8"
    }  # fmt: skip
    assert {event.kind for event in fleet_events(screen)} == {"unit_removed", "unit_added", "unit_changed"}
    assert len(fleet_events(screen)) == 3
    after = await units(http)
    assert after["A01"]["status"] == "dispatched" and after["A01"]["incident_id"] == number
    assert after["A01"]["crew"] == ["Ana Paz", "Luis Vera"] and after["A01"]["shift"] == "07:00-19:00"
    changed = next(event for event in fleet_events(screen) if event.kind == "unit_changed")
    assert changed.data["changes"]["A01"]["shift"] == [None, "07:00-19:00"]
    assert "'=X9" in await export(http) and after["=X9"]["station"] is None


async def test_one_bad_line_and_nothing_is_changed(http: httpx.AsyncClient) -> None:
    before = await units(http)
    answer = await put(http, "id,agency,kind\nZ1,MSP,ambulance_bls\nZ2,MSP,ambulanc_bls\nP001,PN,engine")
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    assert [problem["field"] for problem in answer.json()["errors"]] == ["line 3, kind", "line 4, kind"]
    assert await units(http) == before


async def test_a_unit_on_an_incident_is_not_taken_out(http: httpx.AsyncClient) -> None:
    number = (await http.post("/v1/calls", json=a_call(nature="fall"))).json()["incident_id"]
    await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": ["A01"]})
    before = await units(http)
    answer = await put(http, "id\nP001", remove_missing=True)
    assert answer.status_code == 409 and [unit["id"] for unit in answer.json()["units"]] == ["A01"]
    assert await units(http) == before


async def test_a_large_fleet_comes_in_events_that_a_screen_can_take(service: Service, http: httpx.AsyncClient) -> None:
    lines = ["id,agency,kind,station", *(f"N{n},PN,patrol_car,pn-guamani" for n in range(20_000))]
    async with Screen.on(service) as screen:
        there = len(screen.room.units)
        await put(http, "\n".join(lines[:1_201]))
        await screen.until(lambda: len(screen.room.units) == there + 1_200)
    assert [len(event.units) for event in fleet_events(screen)] == [500, 500, 200]
    answer = await put(http, "\n".join(lines))
    assert answer.status_code == 200 and answer.json()["added"] == 18_800, answer.text
    assert answer.json()["unchanged"] == 1_200
    table = "\n".join(lines) + "\n"
    assert (await put(http, table + "N20000,PN,patrol_car,")).status_code == 413
    assert (await put(http, b"id,crew\nP001," + b"x" * 8_000_001)).status_code == 413


async def test_tables_and_acts_at_the_same_time_queue_up(http: httpx.AsyncClient) -> None:
    number = (await http.post("/v1/calls", json=a_call(nature="fall"))).json()["incident_id"]
    fleet = await export(http)
    acts = [
        begin
        for n in range(1, 9)
        for begin in (
            put(http, fleet.replace("patrol_car,patrol", f"patrol_car,patrol{' motorcycle' * (n % 2)}")),
            put(http, f"id,agency,kind\nQ{n % 3},MSP,ambulance_bls\n"),
            http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": [f"P00{n}", "A01"][: 1 + n % 2]}),
            http.post(f"/v1/units/P00{n}/status", json={"status": "off_duty"}),
            http.delete(f"/v1/units/P00{n}"),
        )
    ]
    answers = await asyncio.gather(*acts)
    assert {answer.status_code for answer in answers} <= {200, 201, 404, 409}, [a.text for a in answers]
    assert answers[-1].headers["content-type"] in {"application/json", "application/problem+json"}


@pytest.mark.parametrize(("role", "out", "into"), [("crew", 403, 403), ("dispatcher", 200, 403), ("intake", 403, 403)])
async def test_who_may_take_it_out_and_put_it_in(
    service: Service, database_url: str, role: str, out: int, into: int
) -> None:
    async with service.client(await a_key(database_url, role)) as client:
        assert (await client.get("/v1/units.csv")).status_code == out
        assert (await put(client, "id\nP001")).status_code == into
