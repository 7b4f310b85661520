"""Units are added, changed and taken out, by those who may, and every screen learns of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest

from dispatch.model import Event, EventKind
from tests.keys import a_key
from tests.reports import CENTRE, a_call
from tests.screens import Screen
from tests.service import Service

_numbers = count(1)

FLEET_EVENTS = {EventKind.UNIT_ADDED, EventKind.UNIT_CHANGED, EventKind.UNIT_REMOVED, EventKind.UNIT_STATUS_CHANGED}


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


async def a_unit(http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    body = {"id": f"Z{next(_numbers)}", "agency": "MSP", "kind": "ambulance_bls", "station": "msp-conocoto"} | more
    answer = await http.post("/v1/units", json={"units": [body]})
    assert answer.status_code == 201, answer.text
    unit: dict[str, Any] = answer.json()["items"][0]
    return unit


async def on_incident(http: httpx.AsyncClient, unit_id: str) -> int:
    number: int = (await http.post("/v1/calls", json=a_call(nature="fall"))).json()["incident_id"]
    sent = await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": [unit_id]})
    assert sent.status_code == 201, sent.text
    return number


def fleet_events(screen: Screen) -> list[Event]:
    """The room may have told something else meanwhile, as of an incident that waits too long."""
    return [event for event in screen.events if event.kind in FLEET_EVENTS]


async def test_a_unit_comes_with_its_crew_and_shift_and_is_shown(
    module_service: Service, http: httpx.AsyncClient
) -> None:
    async with Screen.on(module_service) as screen:
        unit = await a_unit(http, crew=["Ana Paz", "Luis Vera"], shift="07:00-19:00")
        await screen.until(lambda: unit["id"] in screen.room.units)
    assert unit["capabilities"] == ["bls", "transport"] and unit["status"] == "available"
    assert screen.room.units[unit["id"]].crew == ("Ana Paz", "Luis Vera")
    assert fleet_events(screen)[-1].kind == "unit_added"
    assert (await http.get(f"/v1/units/{unit['id']}")).json() == unit
    assert unit in (await http.get("/v1/units")).json()["items"]


async def test_a_change_says_what_was_and_what_is(module_service: Service, http: httpx.AsyncClient) -> None:
    unit = await a_unit(http, shift="07:00-19:00")
    async with Screen.on(module_service) as screen:
        change = {"kind": "ambulance_als", "crew": ["Ana"], "shift": None, "version": unit["version"]}
        changed = (await http.patch(f"/v1/units/{unit['id']}", json=change)).json()
        await screen.until(lambda: bool(fleet_events(screen)))
    assert changed["capabilities"] == ["als", "bls", "transport"], "a new kind brings its own"
    assert changed["station"] == "msp-conocoto" and changed["shift"] is None and changed["version"] == 2
    [told] = fleet_events(screen)
    assert told.kind == "unit_changed" and told.actor == "bootstrap"
    assert told.data["changed"] == {
        "kind": ["ambulance_bls", "ambulance_als"],
        "capabilities": [["bls", "transport"], ["als", "bls", "transport"]],
        "crew": [[], ["Ana"]],
        "shift": ["07:00-19:00", None],
    }
    assert screen.room.units[unit["id"]].crew == ("Ana",)


async def test_a_change_that_changes_nothing_is_no_event(module_service: Service, http: httpx.AsyncClient) -> None:
    unit = await a_unit(http)
    async with Screen.on(module_service) as screen:
        nothings: list[dict[str, Any]] = [{}, {"station": "msp-conocoto"}, {"crew": []}]
        for nothing in nothings:
            answer = await http.patch(f"/v1/units/{unit['id']}", json=nothing)
            assert answer.status_code == 200 and answer.json() | {"position": None} == unit
        after = await a_unit(http)
        await screen.until(lambda: after["id"] in screen.room.units)
    assert [event.kind for event in fleet_events(screen)] == ["unit_added"]


async def test_two_who_change_one_unit_do_not_overwrite_each_other(http: httpx.AsyncClient) -> None:
    unit = await a_unit(http)
    path = f"/v1/units/{unit['id']}"
    assert (await http.patch(path, json={"crew": ["Ana"], "version": unit["version"]})).status_code == 200
    late = await http.patch(path, json={"crew": ["Luis"], "version": unit["version"]})
    assert late.status_code == 409 and late.json()["unit"]["crew"] == ["Ana"]


async def test_a_removed_unit_is_forgotten_and_may_come_back(module_service: Service, http: httpx.AsyncClient) -> None:
    unit = await a_unit(http)
    path, now = f"/v1/units/{unit['id']}", datetime.now(UTC).isoformat()
    here = {"unit_id": unit["id"], "lat": CENTRE[0], "lon": CENTRE[1], "at": now}
    assert (await http.post("/v1/units/positions", json={"positions": [here]})).json()["accepted"] == 1
    async with Screen.on(module_service) as screen:
        assert unit["id"] in screen.positions
        removed = (await http.delete(path)).json()
        await screen.until(lambda: unit["id"] not in screen.room.units)
    assert removed["removed_at"] is not None and fleet_events(screen)[-1].kind == "unit_removed"
    assert fleet_events(screen)[-1].units[0].removed_at is not None
    assert (await http.get(path)).status_code == 404
    assert (await http.delete(path)).status_code == 404
    for begin in ({"status": "off_duty"}, {"status": "available"}):
        refused = await http.post(f"{path}/status", json=begin)
        assert refused.status_code == 404 and "removed from the fleet" in refused.json()["detail"]
    assert (await http.post("/v1/units/positions", json={"positions": [here]})).json()["accepted"] == 0
    async with Screen.on(module_service) as screen:
        assert unit["id"] not in screen.positions
    again = await a_unit(http, id=unit["id"], kind="ambulance_als")
    assert again["removed_at"] is None and again["version"] > unit["version"] and again["kind"] == "ambulance_als"
    assert (await http.get(path)).json() == again


async def test_a_unit_on_an_incident_stays(http: httpx.AsyncClient) -> None:
    unit = await a_unit(http)
    number = await on_incident(http, unit["id"])
    refused = await http.delete(f"/v1/units/{unit['id']}")
    assert refused.status_code == 409 and str(number) in refused.json()["detail"]
    assert refused.json()["units"][0]["incident_id"] == number
    await http.delete(f"/v1/incidents/{number}/assignments/{unit['id']}")
    assert (await http.delete(f"/v1/units/{unit['id']}")).status_code == 200


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"kind": "ambulance_alss"}, "kind", "did you mean 'ambulance_als'?"),
        ({"kind": "engine"}, "kind", "is a kind of agency CBQ, not of MSP"),
        ({"station": "MSP-Conocotto"}, "station", "did you mean 'msp-conocoto'?"),
        ({"capabilities": ["bls", "levitation"]}, "capabilities", "'levitation' is not in the city's data"),
        ({"capabilities": ["bls", "bls"]}, "capabilities", "twice"),
        ({"crew": ["Ana", "Ana"]}, "crew", "twice"),
        ({"crew": ["Ana\nPaz"]}, "crew", "invisible characters"),
        ({"crew": [""]}, "crew", "1 to 80 characters"),
        ({"shift": "25:00-26:00"}, "shift", "07:00-19:00"),
        ({"shift": "7-19"}, "shift", "pattern"),
        ({"status": "available"}, "status", "not permitted"),
        ({"version": "1"}, "version", "integer"),
    ],
)
async def test_a_bad_change_is_told_by_field(
    http: httpx.AsyncClient, change: dict[str, Any], field: str, says: str
) -> None:
    unit = await a_unit(http)
    answer = await http.patch(f"/v1/units/{unit['id']}", json=change)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    [problem] = answer.json()["errors"]
    assert problem["field"] == field and says in problem["problem"]
    assert (await http.get(f"/v1/units/{unit['id']}")).json() == unit


@pytest.mark.parametrize(
    ("role", "statuses"),
    [("intake", [403] * 6), ("crew", [200, 403, 403, 403, 403, 403]), ("dispatcher", [200, 200, 403, 403, 403, 404])],
)
async def test_who_may_what(
    module_service: Service,
    module_database_url: str,
    http: httpx.AsyncClient,
    role: str,
    statuses: list[int],
) -> None:
    unit = await a_unit(http)
    path = f"/v1/units/{unit['id']}"
    key = await a_key(module_database_url, role, unit=unit["id"] if role == "crew" else None)
    async with module_service.client(key) as client:
        answers = [
            await client.get(path),
            await client.patch(path, json={"crew": ["Ana"], "shift": "19:00-07:00"}),
            await client.patch(path, json={"crew": ["Ana"], "kind": "ambulance_als"}),
            await client.delete(path),
            await client.post("/v1/units", json={"units": [{"id": "N", "agency": "MSP", "kind": "ambulance_bls"}]}),
            await client.post("/v1/incidents/999999/assignments", json={"unit_ids": [unit["id"]]}),
        ]
    assert [answer.status_code for answer in answers] == statuses
