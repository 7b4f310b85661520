"""Phones that tell where their unit is: real requests of the Traccar Client and OwnTracks, with a key each."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from time import time
from typing import Any

import asyncpg
import httpx
import pytest

from dispatch.api.failed_attempts import FailedAttempts
from dispatch.errors import TooManyTries
from dispatch.model import UnitId
from dispatch.store import access
from tests.keys import a_key
from tests.screens import Screen
from tests.service import ANSWER_S, Service

UNIT = "P011"


async def device_key(database_url: str, unit: str) -> str:
    secret = secrets.token_urlsafe(32)
    name, at = f"phone-{secret[:6]}", datetime.now(UTC)
    db = await asyncpg.connect(database_url)
    try:
        await access.add_key(db, secret=secret, name=name, role="device", at=at, unit_id=UnitId(unit))
    finally:
        await db.close()
    return secret


@pytest.fixture(scope="module")
async def key(module_service: Service, module_database_url: str) -> str:
    return await device_key(module_database_url, UNIT)


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client(key=None) as client:
        yield client


def owntracks(**more: Any) -> dict[str, Any]:
    return {
        "_type": "location",
        "tid": "P1",
        "lat": -0.21,
        "lon": -78.49,
        "acc": 9,
        "tst": int(time()),
        "vel": 36,
    } | more


async def shown(service: Service, unit: str, lat: float) -> list[Any]:
    async with Screen.on(service) as screen:
        await screen.until(lambda: screen.positions.get(unit, [None, None])[1] == lat)
    return screen.positions[unit]


async def test_every_protocol_moves_its_unit_on_the_screens(
    module_service: Service, http: httpx.AsyncClient, key: str
) -> None:
    now = time()
    address = {"id": key, "lat": "-0.2001", "lon": "-78.49", "timestamp": str(int(now) - 3), "bearing": "45.0"}
    answer = await http.get("/v1/devices/osmand", params=address)
    assert answer.json() == {"unit_id": UNIT, "doubt": None}
    assert (await shown(module_service, UNIT, -0.2001))[2:4] == [-78.49, 45.0]

    form = {"id": key, "lat": "-0.2002", "lon": "-78.49", "timestamp": f"{int(now) - 2}000", "speed": "5.4"}
    assert (await http.post("/v1/devices/osmand", data=form)).status_code == 200
    await shown(module_service, UNIT, -0.2002)

    at = datetime.fromtimestamp(int(now) - 1, UTC).isoformat()
    coords = {"latitude": -0.2003, "longitude": -78.49, "accuracy": 8, "speed": 2.5, "heading": 10}
    document = {"location": {"timestamp": at, "coords": coords}, "device_id": key}
    assert (await http.post("/v1/devices/osmand", json=document)).status_code == 200
    await shown(module_service, UNIT, -0.2003)

    answer = await http.post("/v1/devices/owntracks", json=owntracks(lat=-0.2004), auth=("anybody", key))
    assert (answer.status_code, answer.json()) == (200, [])
    await shown(module_service, UNIT, -0.2004)


async def test_speeds_come_in_as_metres_a_second(module_service: Service, module_database_url: str) -> None:
    key = await device_key(module_database_url, "P012")
    now = int(time())
    async with module_service.client(key=key) as http:
        address = {"lat": "-0.2", "lon": "-78.5", "timestamp": str(now - 5), "speed": "19.438"}
        await http.get("/v1/devices/osmand", params=address)
        await http.post("/v1/devices/owntracks", json=owntracks(lat=-0.2, lon=-78.5, tst=now - 4, vel=36))
    items = await trail_of(module_service, "P012", count=2)
    assert [round(i["speed_mps"], 3) for i in items] == [10.0, 10.0]


async def trail_of(service: Service, unit: str, *, count: int) -> list[dict[str, Any]]:
    """What has been written of it, once that are `count` rows."""
    async with service.client() as http, asyncio.timeout(ANSWER_S):
        while True:
            items: list[dict[str, Any]] = (await http.get(f"/v1/units/{unit}/trail")).json()["items"]
            if len(items) >= count:
                return items
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("body", [b"", b'{"_type":"lwt","tst":1}', b'{"_type":"waypoint","desc":"home"}'])
async def test_owntracks_is_thanked_for_what_is_no_location(http: httpx.AsyncClient, key: str, body: bytes) -> None:
    answer = await http.post("/v1/devices/owntracks", content=body, auth=("u", key))
    assert (answer.status_code, answer.json()) == (200, [])


async def test_what_is_encrypted_is_refused_with_a_word(http: httpx.AsyncClient, key: str) -> None:
    answer = await http.post("/v1/devices/owntracks", json={"_type": "encrypted", "data": "x"}, auth=("u", key))
    assert answer.status_code == 422 and "encrypt" in answer.json()["errors"][0]["problem"]


@pytest.mark.parametrize(
    ("unit", "more", "doubt"),
    [
        ("P021", {"lat": "0", "lon": "0"}, "null_island"),
        ("P022", {"lat": "-0.95", "lon": "-80.9"}, "outside"),
        ("P023", {"accuracy": "9000"}, "inaccurate"),
        ("P024", {"valid": "false"}, "invalid"),
        ("P025", {"timestamp": str(int(time()) + 86_400)}, "future"),
    ],
)
async def test_a_doubtful_position_is_thanked_for_and_not_shown(
    module_service: Service,
    module_database_url: str,
    http: httpx.AsyncClient,
    unit: str,
    more: dict[str, str],
    doubt: str,
) -> None:
    """A phone that is refused sends the same again for ever."""
    key = await device_key(module_database_url, unit)
    answer = await http.get("/v1/devices/osmand", params={"id": key, "lat": "-0.2", "lon": "-78.5"} | more)
    assert answer.status_code == 200 and answer.json()["doubt"] == doubt
    [kept] = await trail_of(module_service, unit, count=1)
    assert kept["doubt"] == doubt
    async with Screen.on(module_service) as screen:
        assert unit not in screen.positions


async def test_a_device_key_opens_nothing_else(module_service: Service, key: str) -> None:
    async with module_service.client(key=key) as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
        tried = 0
        for path, methods in paths.items():
            if path in {"/healthz", "/readyz"} or path.startswith("/v1/devices") or path == "/v1/session":
                continue
            for method in methods:
                url = path.replace("{unit_id}", UNIT).replace("{call_id}", "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11")
                url = url.replace("{incident_id}", "1").replace("{item_id}", "1").replace("{name}", "app")
                url = url.replace("{session_id}", "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11")
                assert (await http.request(method, url)).status_code == 403, (method, path)
                tried += 1
        assert tried > 25
        assert (await http.post("/v1/session", json={"key": key})).status_code == 403
        assert (await http.get("/v1/session")).status_code == 403


async def test_no_other_key_is_a_device(
    module_service: Service, module_database_url: str, http: httpx.AsyncClient
) -> None:
    for other in (module_service.key, await a_key(module_database_url, "crew")):
        address = {"id": other, "lat": "-0.2", "lon": "-78.5"}
        assert (await http.get("/v1/devices/osmand", params=address)).status_code in {401, 403}
    for headers in ({"Authorization": "Basic !"}, {"Authorization": "Digest x"}, {"Authorization": "Basic YQ=="}):
        assert (await http.post("/v1/devices/owntracks", json=owntracks(), headers=headers)).status_code == 401


async def test_a_unit_that_left_the_fleet_is_told(
    module_service: Service, module_database_url: str, http: httpx.AsyncClient
) -> None:
    key = await device_key(module_database_url, "P029")
    async with module_service.client() as admin:
        assert (await admin.delete("/v1/units/P029")).status_code == 200
    answer = await http.get("/v1/devices/osmand", params={"id": key, "lat": "-0.2", "lon": "-78.5"})
    assert answer.status_code == 404 and "P029" in answer.json()["detail"]


async def test_a_key_in_an_address_is_written_nowhere(database_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither in the log of the service, however the request ends, nor in its metrics or answers."""
    async with Service.started(database_url, log_format="json") as service, service.client() as http:
        key = await device_key(database_url, UNIT)
        wrong = secrets.token_urlsafe(32)
        said = ""
        for name in (key, wrong):
            for path, more in (("osmand", {"lat": "-0.2", "lon": "-78.5"}), ("osmand", {"lat": "x"}), ("nothing", {})):
                async with service.client(key=None) as phone:
                    said += (await phone.get(f"/v1/devices/{path}", params={"id": name} | more)).text
                    said += (await phone.post(f"/v1/devices/{path}?id={name}", content=b"{")).text
        said += (await http.get("/metrics")).text
    out, err = capfd.readouterr()
    assert "dispatch_positions" in said and err
    for name in (key, wrong):
        assert name not in said + out + err


async def test_who_guesses_is_not_heard_for_a_while_but_the_phones_are(database_url: str) -> None:
    async with Service.started(database_url) as service, service.client(key=None) as http:
        key = await device_key(database_url, UNIT)
        address = {"id": key, "lat": "-0.2", "lon": "-78.5"}
        assert (await http.get("/v1/devices/osmand", params=address)).status_code == 200
        answers = [await http.get("/v1/devices/osmand", params=address | {"id": f"guess-{i}"}) for i in range(40)]
        assert {a.status_code for a in answers[:30]} == {401} and {a.status_code for a in answers[30:]} == {429}
        assert int(answers[-1].headers["retry-after"]) > 0
        assert (await http.get("/v1/devices/osmand", params=address)).status_code == 200


def test_guesses_are_forgotten_and_their_places_bounded() -> None:
    guesses = FailedAttempts(most=2, within_s=0.0)
    for _ in range(5):
        guesses.wrong("10.0.0.1", b"x")
    guesses.check("10.0.0.1", b"x")
    guesses = FailedAttempts(most=2)
    for i in range(2):
        guesses.wrong(f"2001:db8:0:1::{i}", b"x")
    with pytest.raises(TooManyTries):
        guesses.check("2001:db8:0:1::ffff", b"x")
    guesses.check("2001:db8:0:2::1", b"x")
    for i in range(20_000):
        guesses.wrong(f"10.1.{i // 256}.{i % 256}", b"x")
    guesses.check("2001:db8:0:1::ffff", b"x")


def test_the_document_says_how_to_send(module_service: Service) -> None:
    paths = httpx.get(f"{module_service.url}/openapi.json").json()["paths"]
    names = {p["name"] for p in paths["/v1/devices/osmand"]["get"]["parameters"]}
    assert {"id", "lat", "lon", "timestamp", "speed"} <= names
    assert json.dumps(paths["/v1/devices/owntracks"]["post"])


@pytest.mark.parametrize(
    ("unit", "more", "is_doubtful"),
    [
        ("P032", {"tst": None}, True),
        ("P033", {"tst": int(time() * 1000)}, True),
        ("P034", {"acc": "9"}, True),
        ("P035", {"vel": "fast"}, True),
        ("P036", {}, False),
    ],
    ids=["no time", "milliseconds", "a text", "no number", "a byte order mark"],
)
async def test_owntracks_is_thanked_for_what_breaks_its_format(
    module_service: Service, module_database_url: str, unit: str, more: dict[str, Any], is_doubtful: bool
) -> None:
    """A phone that is refused sends the same again for ever."""
    key = await device_key(module_database_url, unit)
    told = {name: value for name, value in owntracks(**more).items() if value is not None}
    async with module_service.client(key=key) as phone:
        answer = await phone.post("/v1/devices/owntracks", content=b"\xef\xbb\xbf" + json.dumps(told).encode())
    assert (answer.status_code, answer.json()) == (200, [])
    [point] = await trail_of(module_service, unit, count=1)
    assert point["doubt"] == ("invalid" if is_doubtful else None)
