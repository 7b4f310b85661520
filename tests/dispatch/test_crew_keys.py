"""A crew's key is of one unit: its positions, its status, its incident. A fleet's key reports for all, and no more."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from tests.dispatch.test_command import command
from tests.keys import a_key
from tests.reports import a_call
from tests.service import Service

OWN, OTHER = "P020", "P021"


@pytest.fixture
async def crew(module_service: Service, module_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client(await a_key(module_database_url, "crew", unit=OWN)) as client:
        yield client


@pytest.fixture
async def fleet(module_service: Service, module_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client(await a_key(module_database_url, "fleet")) as client:
        yield client


@pytest.fixture
async def admin(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


def at(unit: str, lat: float = -0.21) -> dict[str, Any]:
    return {"unit_id": unit, "lat": lat, "lon": -78.5, "at": datetime.now(UTC).isoformat()}


async def test_a_crew_sets_the_status_of_its_own_unit_alone(crew: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    units = [u["id"] for u in (await admin.get("/v1/units")).json()["items"]]
    answers = {u: (await crew.post(f"/v1/units/{u}/status", json={"status": "off_duty"})).status_code for u in units}
    assert answers.pop(OWN) == 200 and set(answers.values()) == {403} and len(answers) > 50
    assert (await crew.post(f"/v1/units/{OWN}/status", json={"status": "available"})).status_code == 200


async def test_a_crew_moves_its_own_unit_alone(crew: httpx.AsyncClient) -> None:
    mixed = await crew.post(
        "/v1/units/positions", json={"positions": [at(OTHER), at(OWN), {"unit_id": OWN}, at("A01")]}
    )
    assert mixed.status_code == 200 and mixed.json()["accepted"] == 1
    assert [r["index"] for r in mixed.json()["rejected"]] == [0, 2, 3]
    assert OWN in mixed.json()["rejected"][0]["problem"]
    assert (await crew.post("/v1/units/positions", json={"positions": [at(OTHER)]})).status_code == 403


async def test_a_crew_sees_its_own_unit_alone(crew: httpx.AsyncClient) -> None:
    assert [u["id"] for u in (await crew.get("/v1/units")).json()["items"]] == [OWN]
    assert (await crew.get(f"/v1/units/{OWN}")).status_code == 200
    for unit in (OTHER, "ghost"):
        assert (await crew.get(f"/v1/units/{unit}")).status_code == 403


async def test_a_crew_sees_the_incident_that_it_is_on_while_it_is(
    crew: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    one, other = [
        (await admin.post("/v1/calls", json=a_call(nature=n))).json()["incident_id"] for n in ("fall", "noise")
    ]
    path = f"/v1/incidents/{one}"
    assert (await crew.get(path)).status_code == 403
    sent = await admin.post(f"{path}/assignments", json={"unit_ids": [OWN]})
    assert sent.status_code == 201, sent.text
    assert (await crew.get(path)).json()["incident"]["id"] == one
    for closed in (f"/v1/incidents/{other}", "/v1/incidents/999999", "/v1/incidents", f"{path}/recommendation"):
        assert (await crew.get(closed)).status_code == 403, closed
    assert (await crew.patch(path, json={"priority": 1, "version": 1})).status_code == 403
    assert (await admin.delete(f"{path}/assignments/{OWN}")).status_code == 200
    assert (await crew.get(path)).status_code == 403


async def test_a_crew_that_signed_in_is_bound_all_the_same(module_service: Service, module_database_url: str) -> None:
    key = await a_key(module_database_url, "crew", unit=OWN)
    async with module_service.client(key=None) as http:
        assert (await http.post("/v1/session", json={"key": key})).status_code == 200
        assert [u["id"] for u in (await http.get("/v1/units")).json()["items"]] == [OWN]
        own_page = {"Origin": module_service.url}
        for unit, status in ((OWN, 200), (OTHER, 403)):
            said = await http.post(f"/v1/units/{unit}/status", json={"status": "available"}, headers=own_page)
            assert said.status_code == status, said.text


async def test_a_crew_key_of_before_is_told_how_to_be_bound(
    module_service: Service, module_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await a_key(module_database_url, "crew", name="old tablet")
    monkeypatch.setenv("DISPATCH_DATABASE_URL", module_database_url)
    async with module_service.client(key) as crew:
        refused = await crew.post("/v1/units/positions", json={"positions": [at(OTHER)]})
        assert refused.status_code == 403 and "dispatch keys bind" in refused.json()["detail"]
        assert (await crew.get("/v1/units")).status_code == 403
        code, _, said = await command("keys", "bind", "old tablet", OTHER)
        assert code == 0, said
        assert [u["id"] for u in (await crew.get("/v1/units")).json()["items"]] == [OTHER]
        for name, unit in (("old tablet", "ghost"), ("nobody", OTHER), ("bootstrap", OTHER)):
            code, _, said = await command("keys", "bind", name, unit)
            assert code == 1 and "Traceback" not in said


async def test_a_fleet_reports_for_every_unit_and_does_nothing_else(
    module_service: Service, fleet: httpx.AsyncClient
) -> None:
    told = await fleet.post("/v1/units/positions", json={"positions": [at(OTHER, -0.22), at("P022", -0.22)]})
    assert told.status_code == 200 and told.json()["accepted"] == 2
    assert (await fleet.post(f"/v1/units/{OTHER}/status", json={"status": "available"})).status_code == 200
    assert len((await fleet.get("/v1/units")).json()["items"]) > 50
    may = {("get", "/v1/units"), ("post", "/v1/units/positions"), ("get", "/v1/units/{unit_id}")}
    may |= {("post", "/v1/units/{unit_id}/status"), ("get", "/v1/session"), ("get", "/v1/sessions")}
    may |= {(m, p) for p in ("/v1/session", "/v1/sessions/{session_id}") for m in ("post", "delete")}
    open_to_all = {"/healthz", "/readyz"}
    paths = (await fleet.get("/openapi.json")).json()["paths"]
    for path, methods in paths.items():
        url = path.replace("{call_id}", "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11").replace("{unit_id}", OTHER)
        url = url.replace("{incident_id}", "1").replace("{item_id}", "1").replace("{name}", "app")
        for method in methods:
            if (method, path) not in may and path not in open_to_all and not path.startswith("/v1/devices"):
                assert (await fleet.request(method, url)).status_code == 403, (method, path)


async def test_only_keys_of_crews_and_devices_have_a_unit(module_database_url: str) -> None:
    for role in ("fleet", "intake", "dispatcher", "admin"):
        with pytest.raises(asyncpg.CheckViolationError):
            await a_key(module_database_url, role, unit=OWN)
