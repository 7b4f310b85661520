"""A closed incident is open again: who may, until when, and what it means for times, units and screens."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from dispatch.model import IncidentId
from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


async def opened(http: httpx.AsyncClient, lat: float) -> int:
    """One of its own, 2 km from those of the other tests."""
    answer = await http.post("/v1/calls", json=a_call(a_fix(lat), nature="fall"))
    return int(answer.json()["incident_id"])


async def close(http: httpx.AsyncClient, number: int) -> dict[str, Any]:
    version = (await http.get(f"/v1/incidents/{number}")).json()["incident"]["version"]
    answer = await http.post(f"/v1/incidents/{number}/close", json={"reason": "nobody answered", "version": version})
    closed: dict[str, Any] = answer.raise_for_status().json()
    return closed


async def reopen(http: httpx.AsyncClient, number: int, version: int | None, **more: Any) -> httpx.Response:
    return await http.post(f"/v1/incidents/{number}/reopen", json={"version": version} | more)


async def test_it_is_whole_again_on_every_screen_and_waits_anew(
    module_service: Service, http: httpx.AsyncClient
) -> None:
    number = await opened(http, -0.10)
    await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": ["A10"]})
    await http.post("/v1/units/A10/status", json={"status": "on_scene"})
    async with Screen.on(module_service) as screen:
        closed = await close(http, number)
        await screen.until(lambda: IncidentId(number) not in screen.room.incidents)
        again = (await reopen(http, number, closed["version"])).raise_for_status().json()
        await screen.until(lambda: IncidentId(number) in screen.room.incidents)
        seen = screen.room.incidents[IncidentId(number)]
    assert again["status"] == seen.status == "waiting" and seen.assignments == () and seen.version == again["version"]
    assert again["closed_at"] is None and again["close_reason"] is None and again["calls"] == 1
    assert again["opened_at"] == closed["opened_at"]
    [moment] = map(datetime.fromisoformat, again["reopened"])
    assert moment > datetime.fromisoformat(closed["closed_at"]) and seen.responding_since == moment
    assert (await http.get("/v1/units/A10")).json()["incident_id"] is None, "units are not put back"
    event = (await http.get(f"/v1/incidents/{number}")).json()["timeline"][-1]
    assert event["kind"] == "incident_reopened" and event["data"]["reason"] == "nobody answered"
    assert event["incident"] == again


async def test_each_response_is_measured(http: httpx.AsyncClient) -> None:
    number = await opened(http, -0.16)

    async def counts() -> dict[str, int]:
        items = (await http.get("/v1/intervals", params={"by": "nature"})).json()["items"]
        return {item["interval"]: item["count"] for item in items if item["group"] == "fall"}

    before = await counts()
    for unit in ("A11", "A12", "A13"):
        assert (await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": [unit]})).status_code == 201
        await http.post(f"/v1/units/{unit}/status", json={"status": "on_scene"})
        closed = await close(http, number)
        (await reopen(http, number, closed["version"])).raise_for_status()
    after = await counts()
    assert after["process"] - before.get("process", 0) == 3
    assert after["response"] - before.get("response", 0) == 3


async def test_who_may_not(http: httpx.AsyncClient) -> None:
    number, other = await opened(http, -0.18), await opened(http, -0.26)
    assert (await reopen(http, number, 1)).status_code == 409, "it is open"
    closed = await close(http, number)
    assert (await reopen(http, number, None)).status_code == 428
    stale = await reopen(http, number, closed["version"] - 1)
    assert stale.status_code == 409 and stale.json()["incident"]["version"] == closed["version"]
    assert (await reopen(http, 999_999, 1)).status_code == 404
    assert (await reopen(http, number, closed["version"], join=number)).status_code == 422
    assert (await reopen(http, number, closed["version"], join=999_999)).status_code == 404
    third = await opened(http, -0.30)
    await http.post(f"/v1/incidents/{third}/link", json={"into": other})
    linked = (await http.get(f"/v1/incidents/{third}")).json()["incident"]
    refused = await reopen(http, third, linked["version"])
    assert refused.status_code == 409 and "unlink" in refused.json()["detail"]


async def test_a_call_that_continues_it_is_joined_in_the_same_act(http: httpx.AsyncClient) -> None:
    number, later = await opened(http, -0.06), await opened(http, -0.34)
    closed = await close(http, number)
    again = (await reopen(http, number, closed["version"], join=later)).raise_for_status().json()
    assert again["id"] == number and again["calls"] == 2 and again["status"] == "waiting"
    gone = (await http.get(f"/v1/incidents/{later}")).json()["incident"]
    assert gone["status"] == "closed" and gone["linked_to"] == number


async def test_not_for_ever(module_database_url: str) -> None:
    async with Service.started(module_database_url, reopen_hours="0") as service, service.client() as http:
        number = await opened(http, -0.14)
        closed = await close(http, number)
        late = await reopen(http, number, closed["version"])
        assert late.status_code == 409 and "more than 0 h ago" in late.json()["detail"]
