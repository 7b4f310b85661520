"""What crews say of themselves: when they meant it, where they were, once however often it is sent."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dispatch.desk.desk import Transaction
from dispatch.desk.units.status import set_silent
from dispatch.model import Event, IncidentId, UnitId
from dispatch.store.db import open_pool, transaction
from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service

MOMENT = timedelta(milliseconds=1)


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


async def says(http: httpx.AsyncClient, unit_id: str, status: str, **more: Any) -> httpx.Response:
    return await http.post(f"/v1/units/{unit_id}/status", json={"status": status} | more)


async def sent(http: httpx.AsyncClient, unit_id: str, *place: float) -> tuple[int, datetime]:
    """The incident that the unit was sent to, and since when."""
    number = (await http.post("/v1/calls", json=a_call(a_fix(*place), nature="fall"))).json()["incident_id"]
    answer = await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": [unit_id]})
    assert answer.status_code == 201, answer.text
    [assignment] = [a for a in answer.json()["assignments"] if a["unit_id"] == unit_id]
    return number, datetime.fromisoformat(assignment["assigned_at"])


def about(screen: Screen, unit_id: str) -> list[Event]:
    """The room may have told something else meanwhile: an incident that waits too long, a crew that is silent."""
    return [event for event in screen.events if unit_id in {unit.id for unit in event.units}]


async def test_a_late_message_counts_from_when_it_was_meant(module_service: Service, http: httpx.AsyncClient) -> None:
    number, assigned_at = await sent(http, "A02")
    moved_at, there_at = assigned_at + MOMENT, assigned_at + 2 * MOMENT
    async with Screen.on(module_service) as screen:
        assert (await says(http, "A02", "en_route", at=moved_at.isoformat())).status_code == 200
        unit = (await says(http, "A02", "on_scene", at=there_at.isoformat())).json()
        await screen.until(lambda: len(about(screen, "A02")) == 2)
    assert datetime.fromisoformat(unit["since"]) == there_at
    [assignment] = (await http.get(f"/v1/incidents/{number}")).json()["assignments"]
    assert datetime.fromisoformat(assignment["en_route_at"]) == moved_at
    assert datetime.fromisoformat(assignment["on_scene_at"]) == there_at
    told = about(screen, "A02")[-1]
    assert datetime.fromisoformat(told.data["said_at"]) == there_at and told.at > there_at
    freed_at = there_at + MOMENT
    await says(http, "A02", "available", at=freed_at.isoformat())
    [past] = (await http.get(f"/v1/incidents/{number}")).json()["assignments"]
    assert datetime.fromisoformat(past["released_at"]) == freed_at


async def test_a_late_status_fills_its_gap_and_changes_nothing_of_now(
    module_service: Service, http: httpx.AsyncClient
) -> None:
    number, assigned_at = await sent(http, "A03", -0.10, -78.48)
    moved_at, there_at = assigned_at + MOMENT, assigned_at + 9 * MOMENT
    now = (await says(http, "A03", "on_scene", at=there_at.isoformat())).json()
    version = (await http.get(f"/v1/incidents/{number}")).json()["incident"]["version"]
    async with Screen.on(module_service) as screen:
        answers = [await says(http, "A03", "en_route", at=moved_at.isoformat()) for _ in range(3)]
        earlier = await says(http, "A03", "on_scene", at=(there_at - MOMENT).isoformat())
        later = await says(http, "A03", "on_scene", at=(there_at - MOMENT / 2).isoformat())
        impossible = await says(http, "A03", "at_hospital", at=(there_at - MOMENT).isoformat())
        await screen.until(lambda: sum(e.kind == "unit_status_late" for e in about(screen, "A03")) == 4)
    assert [a.status_code for a in (*answers, earlier, later, impossible)] == [200] * 6
    assert len({answer.text for answer in answers}) == 1, "said again, it is told once"
    late = answers[0].json()["late"]
    assert late["outcome"] == "interval" and late["incident_id"] == number and late["status"] == "en_route"
    assert datetime.fromisoformat(late["said_at"]) == moved_at
    assert [a.json()["late"]["outcome"] for a in (earlier, later, impossible)] == ["interval", "noted", "noted"]
    for answer in (*answers, earlier, later, impossible):
        assert {k: v for k, v in answer.json().items() if k != "late"} == {k: v for k, v in now.items() if k != "late"}
    seen = (await http.get(f"/v1/incidents/{number}")).json()
    [assignment] = seen["assignments"]
    assert datetime.fromisoformat(assignment["en_route_at"]) == moved_at
    assert datetime.fromisoformat(assignment["on_scene_at"]) == there_at - MOMENT
    assert seen["incident"]["version"] == version and seen["incident"]["status"] == "attended"
    told = [event for event in seen["timeline"] if event["kind"] == "unit_status_late"]
    assert [event["data"]["status"] for event in told] == ["en_route", "on_scene", "on_scene", "at_hospital"]
    [mine] = [a for a in screen.room.incidents[IncidentId(number)].assignments if a.unit_id == "A03"]
    assert mine.en_route_at == moved_at, "screens have it too"


async def test_a_late_status_belongs_to_the_incident_of_its_moment(http: httpx.AsyncClient) -> None:
    """A release by the crew itself was earlier where the crew says so; one by a dispatcher was when it was."""
    first, assigned_at = await sent(http, "A08", -0.12, -78.50)
    await says(http, "A08", "on_scene", at=(assigned_at + 2 * MOMENT).isoformat())
    await says(http, "A08", "available")
    second, _ = await sent(http, "A08", -0.28, -78.54)
    late = [
        await says(http, "A08", "returning", at=(assigned_at + 3 * MOMENT).isoformat()),
        await says(http, "A08", "en_route", at=(assigned_at + MOMENT).isoformat()),
        await says(http, "A08", "off_duty", at=(assigned_at - timedelta(hours=1)).isoformat()),
    ]
    assert [answer.json()["late"]["incident_id"] for answer in late] == [first, first, None]
    assert [answer.json()["late"]["outcome"] for answer in late] == ["interval", "interval", "noted"]
    assert {(answer.json()["status"], answer.json()["incident_id"]) for answer in late} == {("dispatched", second)}
    [past] = (await http.get(f"/v1/incidents/{first}")).json()["assignments"]
    assert datetime.fromisoformat(past["released_at"]) == assigned_at + 3 * MOMENT
    assert datetime.fromisoformat(past["en_route_at"]) == assigned_at + MOMENT
    [running] = (await http.get(f"/v1/incidents/{second}")).json()["assignments"]
    assert running["en_route_at"] is None and running["released_at"] is None
    await http.delete(f"/v1/incidents/{second}/assignments/A08")
    recalled = await says(http, "A08", "returning", at=running["assigned_at"])
    assert recalled.json()["late"]["outcome"] == "noted"


async def test_a_clock_a_little_ahead_is_now_and_one_far_ahead_is_wrong(http: httpx.AsyncClient) -> None:
    before = datetime.now(UTC)
    unit = (await says(http, "A04", "off_duty", at=(before + timedelta(seconds=25)).isoformat())).json()
    assert before <= datetime.fromisoformat(unit["since"]) <= datetime.now(UTC)
    refused = await says(http, "A04", "available", at=(before + timedelta(hours=1)).isoformat())
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "at"


@pytest.mark.parametrize("at", ["2026-03-01T12:00:00", 1772366400, "yesterday", "", True, "9999-12-31T23:59:59-23:59"])
async def test_what_is_no_moment_is_told(http: httpx.AsyncClient, at: Any) -> None:
    refused = await says(http, "A05", "off_duty", at=at)
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "at"


async def test_the_same_status_again_is_the_same_answer_and_no_event(
    module_service: Service, http: httpx.AsyncClient
) -> None:
    _, assigned_at = await sent(http, "A05")
    at = (assigned_at + MOMENT).isoformat()
    async with Screen.on(module_service) as screen:
        answers = [await says(http, "A05", "en_route", at=at) for _ in range(3)]
        await says(http, "A05", "on_scene")
        await screen.until(lambda: screen.room.units[UnitId("A05")].status == "on_scene")
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.text for answer in answers}) == 1
    assert [event.kind for event in about(screen, "A05")] == ["unit_status_changed"] * 2


async def test_a_status_says_where_the_unit_was(module_service: Service, http: httpx.AsyncClient) -> None:
    async with Screen.on(module_service) as screen:
        await says(http, "A06", "off_duty")
        now = datetime.now(UTC)
        position = {"unit_id": "A06", "lat": -0.21, "lon": -78.49, "at": (now - timedelta(seconds=40)).isoformat()}
        await http.post("/v1/units/positions", json={"positions": [position]})
        await says(http, "A06", "available")
        await screen.until(lambda: len(about(screen, "A06")) == 2)
    nowhere, here = (event.data["at"] for event in about(screen, "A06"))
    assert nowhere is None
    assert (here["lat"], here["lon"]) == (-0.21, -78.49) and 40 <= here["age_s"] < 60
    assert about(screen, "A06")[1].data["from"] == "off_duty" and about(screen, "A06")[1].actor == "bootstrap"


@pytest.mark.parametrize(("status", "events"), [("off_duty", 2), ("available", 1)])
async def test_a_crew_that_sends_its_status_is_not_silent(
    module_service: Service, module_database_url: str, http: httpx.AsyncClient, status: str, events: int
) -> None:
    """Also when it says what is known already."""
    await says(http, "A07", "available")
    since = datetime.now(UTC)
    pool = await open_pool(module_database_url, size=1)
    async with transaction(pool) as db:
        [silent] = await set_silent(Transaction(db, "test", since), [UnitId("A07")], since)
        assert silent.silent_since == since
    await pool.close()
    async with Screen.on(module_service) as screen:
        unit = (await says(http, "A07", status)).json()
        await screen.until(lambda: len(about(screen, "A07")) == events)
    assert unit["silent_since"] is None and about(screen, "A07")[-1].kind == "unit_heard"
    assert screen.room.units[UnitId("A07")].silent_since is None
