"""Which role may use which route: the whole table, by key and by session; and whose objects, where that matters."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from dispatch.app import create_app
from dispatch.settings import Settings
from tests.callers import Callers, sent
from tests.dispatch.api.roles import OTHER_UNIT, OWN_UNIT, ROLES, Identity, identities_of, session_of
from tests.keys import a_key
from tests.reports import a_call, a_fix
from tests.service import Service

# A route may be used by the roles in whose column there is an x.
# A new route needs a row here, or the first test fails.
TABLE = """
                                                    nobody intake gateway crew fleet device dispatcher admin
POST   /v1/calls                                         .      x       x    .     .      .          x     x
GET    /v1/calls/{call_id}                               .      x       x    .     .      .          x     x
POST   /v1/calls/{call_id}/fixes                         .      x       x    .     .      .          x     x
POST   /v1/intake/aml/sms                                .      x       x    .     .      .          x     x
POST   /v1/intake/aml/data-sms                           .      x       x    .     .      .          x     x
POST   /v1/intake/aml/https                              .      x       x    .     .      .          x     x
POST   /v1/intake/pidf-lo                                .      x       x    .     .      .          x     x
POST   /v1/intake/sip                                    .      x       x    .     .      .          x     x
POST   /v1/intake/text                                   .      x       x    .     .      .          x     x
GET    /v1/incidents                                     .      .       .    .     .      .          x     x
GET    /v1/incidents/{incident_id}                       .      .       .    x     .      .          x     x
PATCH  /v1/incidents/{incident_id}                       .      .       .    .     .      .          x     x
POST   /v1/incidents/{incident_id}/close                 .      .       .    .     .      .          x     x
POST   /v1/incidents/{incident_id}/reopen                .      .       .    .     .      .          x     x
GET    /v1/incidents/{incident_id}/related               .      .       .    .     .      .          x     x
POST   /v1/incidents/{incident_id}/notes                 .      .       .    .     .      .          x     x
POST   /v1/incidents/{incident_id}/link                  .      .       .    .     .      .          x     x
POST   /v1/incidents/{incident_id}/unlink                .      .       .    .     .      .          x     x
POST   /v1/incidents/{incident_id}/calls/{call_id}/split .      .       .    .     .      .          x     x
POST   /v1/incidents/{incident_id}/assignments           .      .       .    .     .      .          x     x
POST   /v1/incidents/{incident_id}/swap                  .      .       .    .     .      .          x     x
DELETE /v1/incidents/{incident_id}/assignments/{unit_id} .      .       .    .     .      .          x     x
GET    /v1/incidents/{incident_id}/recommendation        .      .       .    .     .      .          x     x
GET    /v1/coverage                                      .      .       .    .     .      .          x     x
GET    /v1/devices/osmand                                .      .       .    .     .      x          .     .
POST   /v1/devices/osmand                                .      .       .    .     .      x          .     .
POST   /v1/devices/owntracks                             .      .       .    .     .      x          .     .
POST   /v1/units/positions                               .      .       .    x     x      .          x     x
GET    /v1/units/{unit_id}/trail                         .      .       .    .     .      .          x     x
GET    /v1/units                                         .      .       .    x     x      .          x     x
POST   /v1/units                                         .      .       .    .     .      .          .     x
GET    /v1/units/{unit_id}                               .      .       .    x     x      .          x     x
PATCH  /v1/units/{unit_id}                               .      .       .    .     .      .          x     x
DELETE /v1/units/{unit_id}                               .      .       .    .     .      .          .     x
POST   /v1/units/{unit_id}/status                        .      .       .    x     x      .          x     x
GET    /v1/units.csv                                     .      .       .    .     .      .          x     x
PUT    /v1/units.csv                                     .      .       .    .     .      .          .     x
GET    /v1/quarantine                                    .      .       .    .     .      .          x     x
GET    /v1/quarantine/{item_id}                          .      .       .    .     .      .          x     x
POST   /v1/quarantine/{item_id}/handled                  .      .       .    .     .      .          x     x
POST   /v1/lost                                          .      x       x    x     .      .          x     x
GET    /v1/intervals                                     .      .       .    .     .      .          x     x
GET    /v1/city                                          .      x       x    x     .      .          x     x
GET    /v1/parishes                                      .      x       x    x     .      .          x     x
GET    /v1/locate                                        .      x       x    x     .      .          x     x
POST   /v1/session                                       x      x       x    x     x      x          x     x
GET    /v1/session                                       .      x       x    x     x      .          x     x
DELETE /v1/session                                       x      x       x    x     x      x          x     x
POST   /v1/session/links                                 .      .       .    .     .      .          .     x
GET    /v1/sessions                                      .      x       x    x     x      .          x     x
DELETE /v1/sessions/{session_id}                         .      x       x    x     x      .          x     x
GET    /v1/keys                                          .      .       .    .     .      .          .     x
DELETE /v1/keys/{name}                                   .      .       .    .     .      .          .     x
GET    /healthz                                          x      x       x    x     x      x          x     x
GET    /readyz                                           x      x       x    x     x      x          x     x
GET    /metrics                                          .      x       x    x     .      .          x     x
"""
assert TABLE.split("\n")[1].split() == list(ROLES)
ALLOWED = {
    (cells[0], cells[1]): {role for role, cell in zip(ROLES, cells[2:], strict=True) if cell == "x"}
    for cells in (line.split() for line in TABLE.strip().splitlines()[1:])
}
# A device's key stands where its app can put it, and is no session's.
DEVICES = "/v1/devices/"


def published() -> set[tuple[str, str]]:
    paths = create_app(Settings()).openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_every_route_has_its_row() -> None:
    assert published() == ALLOWED.keys()


@pytest.fixture(scope="module")
async def identities(module_service: Service, module_database_url: str) -> list[Identity]:
    return await identities_of(module_service, module_database_url)


@pytest.fixture(scope="module")
async def incident_id(module_service: Service) -> int:
    """Of the incident that the crew's own unit is on."""
    async with module_service.client() as admin:
        number = int((await sent(admin, a_call()))["incident_id"])
        answer = await admin.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": [OWN_UNIT]})
        assert answer.status_code == 201, answer.text
        return number


@pytest.mark.parametrize(("method", "path"), sorted(ALLOWED), ids=lambda part: part)
async def test_a_role_may_do_this_and_no_other(
    method: str, path: str, module_service: Service, identities: list[Identity], incident_id: int
) -> None:
    """With an empty body, so that who is let in does nothing: who isn't is refused before that is looked at."""
    acts_on_none = method == "DELETE" or path.endswith(("/close", "/unlink"))
    values = {"unit_id": "ghost" if acts_on_none else OWN_UNIT, "incident_id": 10**9 if acts_on_none else incident_id}
    values |= {"call_id": uuid4(), "session_id": uuid4(), "item_id": 10**9, "name": "no such key"}
    url = re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), path)
    async with module_service.client(key=None) as http:
        for who in identities:
            if (method, path) == ("DELETE", "/v1/session") and who.by_cookie:
                continue  # it would sign out who is asked about next
            answer = await http.request(method, url, headers=who.headers)
            http.cookies.clear()
            status = answer.status_code
            said = f"{who}: {status} {answer.text[:200]}"
            if who.role in ALLOWED[method, path]:
                # To sign in with nothing is refused by that route itself.
                assert status not in {401, 403} or path == "/v1/session", said
                assert status < 500, said
            elif who.role == "nobody" or (path.startswith(DEVICES) and who.by_cookie):
                assert status == 401, said
            else:
                assert status == 403, said


@pytest.fixture
async def callers(module_service: Service, module_database_url: str) -> AsyncIterator[Callers]:
    async with Callers.of(module_service, module_database_url) as callers:
        yield callers


async def test_whose_call_it_is(callers: Callers, module_service: Service) -> None:
    """own: its sender reads and refines it; another's: as if there were none."""
    call = a_call(caller={"number": "+593991230001", "name": "Rosa"})
    await sent(callers.app, call)
    better = {"fixes": [a_fix()]}
    by_session = await session_of(module_service, callers.other.headers["Authorization"].removeprefix("Bearer "))
    async with module_service.client(key=None) as stranger:
        stranger.headers.update(by_session)
        table: list[tuple[httpx.AsyncClient, int, int]] = [
            (callers.app, 200, 201),
            (callers.desk, 200, 201),
            (callers.other, 404, 404),
            (stranger, 404, 404),
            (callers.gateway, 404, 404),
        ]
        for http, reads, refines in table:
            seen = await http.get(f"/v1/calls/{call['id']}")
            assert seen.status_code == reads and ("Rosa" in seen.text) == (reads == 200)
            assert (await http.post(f"/v1/calls/{call['id']}/fixes", json=better)).status_code == refines


async def test_whose_unit_and_incident_it_is(
    module_service: Service, identities: list[Identity], incident_id: int
) -> None:
    """A crew acts for its own unit, and sees the incident that this one is on; by a session too."""
    async with module_service.client() as admin, module_service.client(key=None) as http:
        other = (await sent(admin, a_call(a_fix(-0.1, -78.45), nature="fall")))["incident_id"]
        crews = [who for who in identities if who.role == "crew"]
        assert len(crews) == 2
        for who in crews:
            for unit, allowed in ((OWN_UNIT, True), (OTHER_UNIT, False), (f" {OWN_UNIT}", False), ("ghost", False)):
                status = {"status": "en_route"}
                answers = [
                    await http.get(f"/v1/units/{unit}", headers=who.headers),
                    await http.post(f"/v1/units/{unit}/status", json=status, headers=who.headers),
                    await http.post("/v1/units/positions", json=_positions(unit), headers=who.headers),
                ]
                assert {a.status_code for a in answers} == ({200} if allowed else {403}), (str(who), unit)
            for number, expected in ((incident_id, 200), (other, 403), (10**9, 403)):
                answer = await http.get(f"/v1/incidents/{number}", headers=who.headers)
                assert answer.status_code == expected, (str(who), number)


def _positions(unit: str) -> dict[str, Any]:
    return {"positions": [{"unit_id": unit, "lat": -0.21, "lon": -78.5, "at": datetime.now(UTC).isoformat()}]}


async def test_whose_session_it_is(module_service: Service, module_database_url: str) -> None:
    """One's own and those of the same key; another's isn't there. An administrator's reach is everybody's."""
    keys = [await a_key(module_database_url, role) for role in ("intake", "dispatcher")]
    mine, others = [await session_of(module_service, key) for key in keys]
    async with module_service.client(key=None) as http, module_service.client() as admin:
        [own] = (await http.get("/v1/sessions", headers=mine)).json()["items"]
        [another] = (await http.get("/v1/sessions", headers=others)).json()["items"]
        assert {own["id"], another["id"]} <= {s["id"] for s in (await admin.get("/v1/sessions")).json()["items"]}
        for session, expected in ((another, 404), (own, 204)):
            assert (await http.delete(f"/v1/sessions/{session['id']}", headers=mine)).status_code == expected
        assert (await admin.delete(f"/v1/sessions/{another['id']}")).status_code == 204
        for gone in (mine, others):
            assert (await http.get("/v1/session", headers=gone)).status_code == 401


async def test_a_devices_key_opens_no_session(module_service: Service, module_database_url: str) -> None:
    key = await a_key(module_database_url, "device", unit=OWN_UNIT)
    async with module_service.client(key=None) as http:
        answer = await http.post("/v1/session", json={"key": key})
        assert answer.status_code == 403 and not answer.cookies
