"""A query parameter that a route does not have is refused with the names of those it has, and no report is lost."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from dispatch.app import create_app
from dispatch.settings import Settings
from tests.keys import a_key
from tests.reports import a_call, a_fix
from tests.service import Service

PATHS: dict[str, dict[str, Any]] = create_app(Settings()).openapi()["paths"]
OPERATIONS = [(method.upper(), path, operation) for path, of in PATHS.items() for method, operation in of.items()]
STRICT = [(m, p, o) for m, p, o in OPERATIONS if "x-any-query-parameters" not in o]
IDS = {
    "call_id": "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11",
    "session_id": "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11",
    "unit_id": "P001",
    "name": "nobody",
    "incident_id": "1",
    "item_id": "1",
}


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


def test_only_what_others_configure_takes_any_parameter() -> None:
    lenient = {path for _, path, operation in OPERATIONS if "x-any-query-parameters" in operation}
    assert lenient == {"/v1/devices/osmand", "/v1/devices/owntracks", "/v1/intake/aml/https"}
    assert len(STRICT) > 45


@pytest.mark.parametrize(("method", "path", "operation"), STRICT, ids=[f"{m} {p}" for m, p, _ in STRICT])
async def test_every_route_names_its_parameters(
    http: httpx.AsyncClient, method: str, path: str, operation: dict[str, Any]
) -> None:
    known = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"]
    answer = await http.request(method, path.format(**IDS), params={"lmit": "3", "Ñandú": "1"})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert {error["field"] for error in said["errors"]} == {"lmit", "Ñandú"}
    assert all(name in said["detail"] for name in known)
    assert ("quarantine_id" in said) == ("x-quarantine" in operation)


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json"])
async def test_the_documents_too(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path, params={"v": "2"})).status_code == 422
    assert (await http.get(path)).status_code == 200


async def test_who_may_not_ask_is_told_that_first(module_service: Service, module_database_url: str) -> None:
    async with module_service.client(key=None) as nobody:
        assert (await nobody.get("/v1/units", params={"x": "1"})).status_code == 401
        assert (await nobody.post("/v1/calls", params={"x": "1"}, json=a_call())).status_code == 401
    async with module_service.client(key=await a_key(module_database_url, "intake")) as app:
        assert (await app.get("/v1/incidents", params={"x": "1"})).status_code == 403


async def test_a_refused_report_is_kept_whole(http: httpx.AsyncClient) -> None:
    report = a_call(text="humo en el quinto piso")
    known = (await http.post("/v1/calls", json=a_call())).json()["call_id"]
    fixes = {"fixes": [a_fix(altitude_m=2811.5)]}
    for path, body in (("/v1/calls", report), (f"/v1/calls/{known}/fixes", fixes)):
        answer = await http.post(path, params={"debug": "1"}, json=body)
        assert answer.status_code == 422 and "none" in answer.json()["detail"]
        raw = await http.get(f"/v1/quarantine/{answer.json()['quarantine_id']}")
        assert raw.json() == body
    assert (await http.post("/v1/calls", json=report)).status_code == 201


async def test_what_a_handset_or_a_device_adds_is_passed_over(http: httpx.AsyncClient) -> None:
    form = {"device_number": "+593990001230", "location_latitude": "-0.2", "location_longitude": "-78.5"}
    answer = await http.post("/v1/intake/aml/https", params={"token": "x"}, data=form)
    assert answer.status_code in {200, 201} and answer.json()["call_id"]


async def test_the_live_feed_refuses_before_it_accepts(module_service: Service) -> None:
    url = f"{module_service.url.replace('http', 'ws', 1)}/v1/live?sinze=4"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, additional_headers={"Authorization": f"Bearer {module_service.key}"}, proxy=None):
            pass
    response = refused.value.response
    assert response.status_code == 422 and b"since" in (response.body or b"")


async def test_static_files_take_any(http: httpx.AsyncClient) -> None:
    assert (await http.get("/docs", params={"v": "1"})).status_code in {200, 404}
