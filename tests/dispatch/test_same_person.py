"""One phone, several reports: which incidents they make. The cases are those of tests/data/same_person.json."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from dispatch.store.db import open_pool, transaction
from tests.keys import a_key
from tests.service import Service

CASES = {
    case["name"]: case for case in json.loads((Path(__file__).parents[1] / "data" / "same_person.json").read_text())
}
Seen = list[dict[str, Any]]


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


async def told(http: httpx.AsyncClient, said: Mapping[str, Any]) -> dict[str, Any]:
    """One report, as the cases write it, and its answer."""
    fixes = []
    if place := said.get("place"):
        at = datetime.now(UTC).isoformat()
        fixes = [{"source": "cell", "lat": place[0], "lon": place[1], "radius_m": said["radius_m"], "at": at}]
    body = {"id": str(uuid4()), "channel": said["channel"], "caller": {"number": said.get("number")}, "fixes": fixes}
    body["caller"] |= said.get("caller", {})
    body |= {name: said[name] for name in ("nature", "text") if name in said}
    answer = await http.post("/v1/calls", json=body)
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def ago(database_url: str, seconds: float) -> None:
    """All that was taken so far was taken so much earlier."""
    pool = await open_pool(database_url, size=1)
    async with transaction(pool) as db:
        moved = timedelta(seconds=seconds)
        await db.execute("update call set received_at = received_at - $1::interval", moved)
        await db.execute("update incident set opened_at = opened_at - $1::interval", moved)
        await db.execute("update incident set closed_at = closed_at - $1::interval where closed_at is not null", moved)
    await pool.close()


async def incident(http: httpx.AsyncClient, number: int) -> dict[str, Any]:
    answer = await http.get(f"/v1/incidents/{number}")
    seen: dict[str, Any] = answer.raise_for_status().json()
    return seen


async def played(http: httpx.AsyncClient, database_url: str, name: str) -> list[int]:
    """The incidents of the reports of a case, in their order."""
    numbers: list[int] = []
    before = 0.0
    for report in CASES[name]["reports"]:
        await ago(database_url, report["after_s"] - before)
        before = report["after_s"]
        if report.get("act") == "close":
            version = (await incident(http, numbers[-1]))["incident"]["version"]
            closing = {"reason": report["reason"], "version": version}
            (await http.post(f"/v1/incidents/{numbers[-1]}/close", json=closing)).raise_for_status()
        else:
            numbers.append((await told(http, report))["incident_id"])
    return numbers


def similar_to(seen: Mapping[str, Any]) -> set[int]:
    return {one["incident_id"] for one in seen["incident"]["similar"]}


@pytest.mark.parametrize(
    ("name", "is_right"),
    [
        ("cut off and calls again", lambda i: i["calls"] == 2 and i["location"]["status"] in {"located", "ambiguous"}),
        ("an SMS without a place, then by voice", lambda i: i["calls"] == 2 and i["location"]["status"] != "unlocated"),
        ("pressed twice", lambda i: i["calls"] == 2),
    ],
)
async def test_one_incident(
    http: httpx.AsyncClient, module_database_url: str, name: str, is_right: Callable[[Any], bool]
) -> None:
    first, second = await played(http, module_database_url, name)
    seen = await incident(http, first)
    assert first == second and is_right(seen["incident"]), seen["incident"]
    call = seen["calls"][-1]
    assert call["likeness"] >= 0.9
    split = await http.post(f"/v1/incidents/{first}/calls/{call['id']}/split")
    assert split.status_code == 201 and split.json()["calls"] == 1, "one act undoes it"


async def test_three_hours_later_it_is_another(http: httpx.AsyncClient, module_database_url: str) -> None:
    first, second = await played(http, module_database_url, "three hours later, elsewhere, something else")
    assert first != second and not similar_to(await incident(http, second))
    related = (await http.get(f"/v1/incidents/{second}/related")).raise_for_status().json()
    [past] = related["phone"]
    assert past["incident_id"] == first and past["status"] == "waiting" and past["nature"] == "cardiac_arrest"
    assert past["number_masked"].endswith("005") and "0991110005" not in json.dumps(related)


async def test_two_emergencies_of_a_switchboard(http: httpx.AsyncClient, module_database_url: str) -> None:
    first, second = await played(http, module_database_url, "a switchboard: one number, two emergencies")
    assert first != second
    assert second in similar_to(await incident(http, first)) and first in similar_to(await incident(http, second))


async def test_hidden_numbers_are_nobody(http: httpx.AsyncClient, module_database_url: str) -> None:
    first, second = await played(http, module_database_url, "hidden numbers")
    assert first != second
    assert not similar_to(await incident(http, first)) and not similar_to(await incident(http, second))
    assert (await http.get(f"/v1/incidents/{second}/related")).json()["phone"] == []


async def test_a_call_that_continues_a_closed_incident(http: httpx.AsyncClient, module_database_url: str) -> None:
    first, second = await played(http, module_database_url, "calls again after it was closed")
    seen = await incident(http, second)
    assert first != second and seen["incident"]["continues"] == first
    assert seen["timeline"][0]["data"]["continues"] == first
    closed = (await incident(http, first))["incident"]
    body = {"version": closed["version"], "join": second}
    again = (await http.post(f"/v1/incidents/{first}/reopen", json=body)).raise_for_status().json()
    assert again["calls"] == 2 and again["status"] == "waiting"
    assert (await incident(http, second))["incident"]["linked_to"] == first


@pytest.mark.parametrize("number", ["0999999999", "+593000000000", "unknown", "911", ""])
async def test_placeholders_are_nobody(http: httpx.AsyncClient, number: str) -> None:
    said = {"channel": "voice", "number": number}
    first, second = await told(http, said), await told(http, said)
    assert first["incident_id"] != second["incident_id"] and not second["joined"]
    assert not similar_to(await incident(http, second["incident_id"]))


@pytest.mark.parametrize(
    "caller",
    [
        {"imei": "490154203237518"},
        {"imsi": "740010123456789"},
        {"installation": "3f9f2b1c-55d2-4d0e-9d0e-0a4f6f1f2a77"},
        {"number": "099 111 0090"},
    ],
)
async def test_every_identity_of_a_phone(http: httpx.AsyncClient, caller: dict[str, str]) -> None:
    said = {"channel": "chat", "text": "ayuda", "caller": caller}
    first, second = await told(http, said), await told(http, said)
    assert first["incident_id"] == second["incident_id"] and second["joined"]


async def test_another_nature_is_suggested_and_another_place_too(http: httpx.AsyncClient) -> None:
    here = {"channel": "app", "number": "+593991110020", "place": [-0.31, -78.55], "radius_m": 50}
    first = (await told(http, here | {"nature": "cardiac_arrest"}))["incident_id"]
    other = (await told(http, here | {"nature": "vehicle_fire"}))["incident_id"]
    assert first != other and first in similar_to(await incident(http, other))
    far = {"channel": "app", "number": "+593991110021", "radius_m": 50, "nature": "fall"}
    first = (await told(http, far | {"place": [-0.31, -78.53]}))["incident_id"]
    other = (await told(http, far | {"place": [-0.12, -78.49]}))["incident_id"]
    assert first != other and first in similar_to(await incident(http, other))


async def test_a_number_is_learned_to_be_shared(http: httpx.AsyncClient) -> None:
    """Four emergencies of four natures, and then two calls that would be one of any other number."""
    said = {"channel": "voice", "number": "+59322220300", "radius_m": 20}
    for n, nature in enumerate(("cardiac_arrest", "vehicle_fire", "robbery_in_progress", "crash_injured")):
        await told(http, said | {"nature": nature, "place": [-0.33 + n * 0.02, -78.56]})
    silent = {"channel": "voice", "number": "+59322220300"}
    first, second = await told(http, silent), await told(http, silent)
    assert first["incident_id"] != second["incident_id"]
    assert first["incident_id"] in similar_to(await incident(http, second["incident_id"]))


async def test_an_exchange_that_gives_all_one_number_is_soon_no_caller(http: httpx.AsyncClient) -> None:
    said = {"channel": "voice", "number": "+59322220400"}
    numbers = [(await told(http, said))["incident_id"] for _ in range(9)]
    assert len(set(numbers)) > 1 and len(set(numbers[:5])) == 1


async def test_an_intake_key_learns_nothing_of_others_calls(
    module_service: Service, module_database_url: str, http: httpx.AsyncClient
) -> None:
    """Whether a number has called: an app that names it is answered as if it had not. The desk sees both."""
    said = {"channel": "voice", "number": "+593991110030"}
    first = (await told(http, said))["incident_id"]
    key = await a_key(module_database_url, "intake")
    async with module_service.client(key) as app:
        answer = await told(app, said | {"channel": "app"})
        assert not answer["joined"] and answer["incident_id"] != first
        again = await told(app, said | {"channel": "app"})
        assert again["joined"] and again["incident_id"] == answer["incident_id"], "its own call it may continue"
    assert first in similar_to(await incident(http, answer["incident_id"]))
