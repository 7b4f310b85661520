"""No open door."""

import pytest
from websockets.exceptions import InvalidStatus

from tests.reports import a_call
from tests.service import Service

OPEN = {"/healthz", "/readyz", "/openapi.json", "/docs"}


async def test_every_route_but_the_few_wants_to_know_who(module_service: Service) -> None:
    async with module_service.client(key=None) as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
        assert len(paths) > 15
        for path, methods in paths.items():
            for method in methods:
                if path in OPEN or path == "/v1/session":
                    continue
                url = path.replace("{call_id}", "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11").replace("{unit_id}", "P001")
                url = url.replace("{name}", "app").replace("{session_id}", "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11")
                answer = await http.request(method, url.replace("{incident_id}", "1").replace("{item_id}", "1"))
                assert answer.status_code == 401, (method, path, answer.status_code)
                assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_screen_wants_a_key_too(module_service: Service) -> None:
    for key in (None, "wrong"):
        with pytest.raises(InvalidStatus) as refused:
            async with module_service.screen(key=key):
                pass
        assert refused.value.response.status_code == 401


async def test_the_printed_link_opens_a_session_and_signing_out_ends_it(module_service: Service) -> None:
    async with module_service.client(key=None) as http:
        assert (await http.post("/v1/session", json={"code": "guess"})).status_code == 401
        signed_in = await http.post("/v1/session", json={"code": await module_service.code()})
        assert signed_in.json() == {"name": "consola", "role": "dispatcher"}
        cookie = signed_in.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie
        assert (await http.get("/v1/session")).status_code == 200
        stolen = await http.post("/v1/calls", json=a_call(), headers={"Origin": "http://elsewhere.example"})
        assert stolen.status_code == 403
        own = await http.post("/v1/calls", json=a_call(nature="fall"), headers={"Origin": module_service.url})
        assert own.status_code == 201
        assert (await http.post("/v1/units", json={"units": []})).status_code == 403
        kept = {"Cookie": "; ".join(f"{name}={value}" for name, value in http.cookies.items())}
        await http.delete("/v1/session")
    async with module_service.client(key=None) as http:
        assert (await http.get("/v1/session", headers=kept)).status_code == 401


async def test_nothing_in_an_address_is_a_credential(module_service: Service) -> None:
    async with module_service.client(key=None) as http:
        for name in ("key", "token", "api_key", "access_token"):
            assert (await http.get("/v1/units", params={name: module_service.key})).status_code == 401


async def test_the_page_may_load_nothing_foreign(module_service: Service) -> None:
    async with module_service.client(key=None) as http:
        policy = (await http.get("/healthz")).headers["content-security-policy"]
    assert "default-src 'self'" in policy and "http" not in policy
