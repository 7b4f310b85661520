"""What comes from other pages, from guessers, or nested without end; and what nobody may keep."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from tests.dispatch.test_devices import device_key
from tests.keys import a_key
from tests.service import Service

GUESSES = 30
DEEP = [b"[" * 100_000, b'{"a":' * 100_000, b'{"_type":"location","lat":' + b"[" * 50_000]
DEEP += [b'{"positions":' + b"[" * 50_000, b'{"positions":[' + b"[" * 50_000 + b"]" * 50_000 + b"]}"]
DEEP += [b'{"location":' + b'{"coords":' * 50_000]


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client(key=None) as client:
        yield client


@pytest.mark.parametrize(
    "origin",
    ["http://[", "http://[::1", "http://]", "//[", "null", "", "file://", "http://elsewhere.example", "http://a@b:x/"],
)
async def test_a_page_of_another_origin_does_nothing(module_service: Service, origin: str) -> None:
    async with module_service.client(key=None) as http:
        assert (await http.post("/v1/session", json={"code": await module_service.code()})).status_code == 200
        for method, path in (("POST", "/v1/calls"), ("POST", "/v1/incidents/1/notes"), ("DELETE", "/v1/session")):
            answer = await http.request(method, path, json={}, headers={"Origin": origin})
            assert answer.status_code == 403, (method, path, answer.text)
        assert (await http.get("/v1/session")).status_code == 200
    async with module_service.client(key=None) as http:
        signed_in = await http.post(
            "/v1/session", json={"code": await module_service.code()}, headers={"Origin": origin}
        )
        assert signed_in.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Referer": "http://elsewhere.example/page"},
        {"Referer": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_without_an_origin_the_other_signs_of_a_page_count(
    module_service: Service, headers: dict[str, str]
) -> None:
    async with module_service.client(key=None) as http:
        assert (await http.post("/v1/session", json={"code": await module_service.code()})).status_code == 200
        assert (await http.post("/v1/calls", json={}, headers=headers)).status_code == 403


@pytest.mark.parametrize("body", DEEP, ids=range(len(DEEP)))
async def test_what_is_nested_without_end_is_refused_at_every_door(
    module_service: Service, module_database_url: str, body: bytes
) -> None:
    phone = await device_key(module_database_url, "P015")
    async with module_service.client() as admin, module_service.client(phone) as device:
        paths = (await admin.get("/openapi.json")).json()["paths"]
        tried = 0
        for path, methods in paths.items():
            for method, operation in methods.items():
                if "application/json" not in operation.get("requestBody", {}).get("content", {}):
                    continue
                url = path.replace("{call_id}", "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11").replace("{unit_id}", "P001")
                client = device if path.startswith("/v1/devices") else admin
                answer = await client.request(
                    method,
                    url.replace("{incident_id}", "1"),
                    content=body,
                    headers={"Content-Type": "application/json"},
                )
                # OwnTracks thanks also for messages that hold no location.
                assert answer.status_code in {200, 400, 404, 409, 413, 422}, (path, answer.status_code)
                tried += 1
        assert tried > 12


async def test_personal_data_is_kept_by_nobody(module_service: Service, http: httpx.AsyncClient) -> None:
    async with module_service.client() as admin:
        for path in (
            "/v1/incidents",
            "/v1/units",
            "/v1/quarantine",
            "/v1/sessions",
            "/v1/keys",
            "/v1/session",
            "/v1/no",
        ):
            assert (await admin.get(path)).headers["cache-control"] == "no-store", path
        assert (await admin.post("/v1/calls", content=b"{")).headers["cache-control"] == "no-store"
        assert (await admin.get("/v1/units.csv")).headers["cache-control"] == "private, no-store"
        assert (await admin.get("/v1/parishes")).headers["cache-control"] == "private, no-cache"
    assert (await http.get("/v1/incidents")).headers["cache-control"] == "no-store"
    assert (await http.get("/v1/devices/osmand")).headers["cache-control"] == "no-store"


async def test_wrong_keys_cookies_and_codes_are_slowed_down_by_address(
    module_service: Service, module_database_url: str
) -> None:
    """The proxy on this machine is believed when it says where a request comes from."""
    known, new = await a_key(module_database_url, "dispatcher"), await a_key(module_database_url, "dispatcher")
    tries: list[Callable[[int], tuple[str, str, dict[str, Any]]]] = [
        lambda n: ("GET", "/v1/units", {"headers": {"Authorization": f"Bearer guess-{n}"}}),
        lambda n: ("GET", "/v1/units", {"headers": {"Cookie": f"dispatch_session=guess-{n}"}}),
        lambda n: ("POST", "/v1/session", {"json": {"code": f"guess-{n}"}}),
        lambda n: ("POST", "/v1/session", {"json": {"key": f"guess-{n}"}}),
    ]
    for place, trying in enumerate(tries):
        async with module_service.client(key=None) as http:
            http.headers["X-Forwarded-For"] = f"203.0.113.{place}"
            right = {"Authorization": f"Bearer {known}"}
            assert (await http.get("/v1/units", headers=right)).status_code == 200
            statuses = []
            for n in range(GUESSES + 5):
                method, path, more = trying(n)
                statuses.append((await http.request(method, path, **more)).status_code)
            assert statuses == [401] * GUESSES + [429] * 5
            # Who was right before is heard from there all the same, and everybody from elsewhere.
            assert (await http.get("/v1/units", headers=right)).status_code == 200
            assert (await http.get("/v1/units", headers={"Authorization": f"Bearer {new}"})).status_code == (
                429 if place == 0 else 200
            )
            http.headers["X-Forwarded-For"] = "198.51.100.7"
            assert (await http.get("/v1/units", headers={"Authorization": f"Bearer {new}"})).status_code == 200


async def test_a_client_that_names_its_own_address_is_not_believed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "192.0.2.1")
    async with Service.started(database_url) as service, service.client(key=None) as http:
        statuses = []
        for n in range(GUESSES + 1):
            headers = {"Authorization": f"Bearer guess-{n}", "X-Forwarded-For": f"203.0.113.{n}"}
            statuses.append((await http.get("/v1/units", headers=headers)).status_code)
        assert statuses[-1] == 429


async def test_sessions_that_ended_are_no_guesses(database_url: str) -> None:
    """A shift's consoles behind one address, all shut out at once, must be able to sign in."""
    async with Service.started(database_url) as service, service.client() as admin:
        cookies = []
        for _ in range(GUESSES + 5):
            async with service.client(key=None) as http:
                assert (await http.post("/v1/session", json={"code": await service.code()})).status_code == 200
                cookies.append({"Cookie": f"dispatch_session={http.cookies['dispatch_session']}"})
                assert (await http.get("/v1/session")).status_code == 200
        for session in (await admin.get("/v1/sessions")).json()["items"]:
            assert (await admin.delete(f"/v1/sessions/{session['id']}")).status_code == 204
        async with service.client(key=None) as http:
            for cookie in cookies:
                assert (await http.get("/v1/session", headers=cookie)).status_code == 401
            assert (await http.post("/v1/session", json={"code": await service.code()})).status_code == 200
