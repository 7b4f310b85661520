"""What crews say of themselves: when they meant it, where they were, once however often it is sent."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dispatch.desk.desk import Transaction
from dispatch.desk.units.status import set_silent
from dispatch.model import Event, UnitId
from dispatch.store.db import open_pool, transaction
from tests.reports import a_call
from tests.screens import Screen
from tests.service import Service

MOMENT = timedelta(milliseconds=1)


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


async def says(http: httpx.AsyncClient, unit_id: str, status: str, **more: Any) -> httpx.Response:
    return await http.post(f"/v1/units/{unit_id}/status", json={"status": status} | more)


async def sent(http: httpx.AsyncClient, unit_id: str) -> tuple[int, datetime]:
    """The incident that the unit was sent to, and since when."""
    number = (await http.post("/v1/calls", json=a_call(nature="fall"))).json()["incident_id"]
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


async def test_a_message_of_before_the_present_status_comes_too_late(http: httpx.AsyncClient) -> None:
    _, assigned_at = await sent(http, "A03")
    late = await says(http, "A03", "en_route", at=(assigned_at - MOMENT).isoformat())
    assert late.status_code == 409 and late.json()["unit"]["status"] == "dispatched"
    assert "later than the time of this status" in late.json()["detail"]


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
