"""What is wrong gets a clear problem document and loses nothing."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.reports import a_call
from tests.screens import Screen
from tests.service import Service


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


BAD_REPORTS: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"{", "body"),
    "not text": (b"\xff\xfe\x00", "body"),
    "no object": (b"[1, 2]", "body"),
    "too deep": (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "body"),
}


@pytest.mark.parametrize(("body", "field"), BAD_REPORTS.values(), ids=BAD_REPORTS.keys())
async def test_a_report_that_cant_be_read_is_kept_and_shown(
    module_service: Service, http: httpx.AsyncClient, body: bytes, field: str
) -> None:
    async with Screen.on(module_service) as screen:
        before = screen.room.quarantine_open
        answer = await http.post("/v1/calls", content=body)
        problem = answer.json()
        assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
        assert problem["errors"][0]["field"].startswith(field), problem
        await screen.until(lambda: screen.room.quarantine_open == before + 1)
    kept = await http.get(f"/v1/quarantine/{problem['quarantine_id']}")
    assert kept.content == body
    assert kept.headers["content-type"].startswith("text/plain")


async def test_five_megabytes_are_refused_and_their_beginning_kept(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/calls", content=b"x" * 5_000_000)
    assert answer.status_code == 413 and answer.json()["title"]
    item = answer.json()["quarantine_id"]
    kept = next(i for i in (await http.get("/v1/quarantine")).json()["items"] if i["id"] == item)
    assert kept["size"] == 5_000_000 and kept["excerpt"].startswith("xxx")


async def test_a_quarantined_report_is_handled_once(module_service: Service, http: httpx.AsyncClient) -> None:
    item = (await http.post("/v1/calls", content=b"?")).json()["quarantine_id"]
    async with Screen.on(module_service) as screen:
        before = screen.room.quarantine_open
        assert before > 0
        for _ in range(2):
            handled = await http.post(f"/v1/quarantine/{item}/handled")
            assert handled.status_code == 200 and handled.json()["handled_by"] == "bootstrap"
        await screen.until(lambda: screen.room.quarantine_open == before - 1)
    assert item not in {one["id"] for one in (await http.get("/v1/quarantine")).json()["items"]}
    assert (await http.post("/v1/quarantine/999999/handled")).status_code == 404


BAD_REQUESTS: dict[str, tuple[str, str, Any, int]] = {
    "unknown unit": ("POST", "/v1/units/ghost/status", {"status": "available"}, 404),
    "unknown status": ("POST", "/v1/units/P002/status", {"status": "asleep"}, 422),
    "illegal step": ("POST", "/v1/units/P002/status", {"status": "at_hospital"}, 409),
    "unknown incident": ("POST", "/v1/incidents/999999/close", {"reason": "x", "version": 1}, 404),
    "a close of who knows what": ("POST", "/v1/incidents/1001/close", {"reason": "x"}, 428),
    "a change of who knows what": ("PATCH", "/v1/incidents/1001", {"priority": 1}, 428),
    "a unit for itself": ("POST", "/v1/incidents/1/swap", {"release": "P001", "assign": "P001"}, 422),
    "unlink of nothing": ("POST", "/v1/incidents/999999/unlink", None, 404),
    "a call that isn't": ("POST", f"/v1/incidents/999999/calls/{uuid4()}/split", None, 404),
    "incident zero": ("GET", "/v1/incidents/0", None, 422),
    "incident beyond a bigint": ("GET", f"/v1/incidents/{2**70}", None, 422),
    "a NUL in a note": ("POST", "/v1/incidents/1/notes", {"text": "a\x00b"}, 422),
    "empty reason": ("POST", "/v1/incidents/1/close", {"reason": ""}, 422),
    "no unit": ("POST", "/v1/incidents/1/assignments", {"unit_ids": []}, 422),
    "positions that aren't": ("POST", "/v1/units/positions", {"positions": {}}, 422),
    "unknown kind of unit": ("POST", "/v1/units", {"units": [{"id": "X1", "agency": "PN", "kind": "tank"}]}, 422),
    "unit that exists": ("POST", "/v1/units", {"units": [{"id": "P001", "agency": "PN", "kind": "patrol_car"}]}, 409),
    "nowhere": ("GET", "/v1/locate?lat=abc&lon=1", None, 422),
    "NaN in the address": ("GET", "/v1/locate?lat=NaN&lon=1", None, 422),
    "a NUL in the address": ("GET", "/v1/incidents?parish=%00", None, 422),
    "no such page": ("GET", "/v1/nothing", None, 404),
    "wrong method": ("PUT", "/v1/calls", None, 405),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
async def test_a_bad_request_gets_a_problem_document(
    http: httpx.AsyncClient, method: str, path: str, body: Any, status: int
) -> None:
    answer = await http.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status and answer.json()["title"]


async def test_a_screen_that_talks_nonsense_hurts_nobody(module_service: Service, http: httpx.AsyncClient) -> None:
    async with Screen.on(module_service) as good, module_service.screen() as bad:
        for nonsense in ("{", "x" * 10_000, b"\x00\xff"):
            await bad.send(nonsense)
        answer = (await http.post("/v1/calls", json=a_call(nature="fall"))).json()
        await good.until(lambda: answer["incident_id"] in good.room.incidents)
