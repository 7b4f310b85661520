"""The AsyncAPI document is one, and a live socket keeps to it."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import httpx
import jsonschema_rs
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dispatch.api.contract import live_feed
from tests.reports import a_call, a_fix
from tests.service import Service

DOCUMENT = live_feed.document()
MESSAGES: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]
WAIT_S = 60


def check(message: dict[str, Any]) -> str:
    """Against the schema of its type, in which every field must stand; returns the type."""
    schema = MESSAGES[message["type"]]["payload"] | {"components": DOCUMENT["components"]}
    validator = jsonschema_rs.validator_for(
        {"$schema": "http://json-schema.org/draft-07/schema#", "allOf": [schema], "components": DOCUMENT["components"]},
        validate_formats=True,
    )
    validator.validate(message)
    named = DOCUMENT["components"]["schemas"][MESSAGES[message["type"]]["title"]]["properties"]
    assert message.keys() == named.keys()
    return str(message["type"])


async def until(socket: ClientConnection, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """One message of each of these types; all that come are checked."""
    found: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(WAIT_S):
        while not wanted <= found.keys():
            message = json.loads(await socket.recv())
            found[check(message)] = message
    return found


async def until_closed(socket: ClientConnection) -> tuple[str | None, int | None]:
    """The type of the last message, and the close code."""
    last = None
    async with asyncio.timeout(WAIT_S):
        with suppress(ConnectionClosed):
            while True:
                last = check(json.loads(await socket.recv()))
    return last, socket.close_code


async def test_it_is_published(module_service: Service) -> None:
    async with module_service.client(key=None) as http:
        published = (await http.get("/asyncapi.json")).json()
    servers = published.pop("servers")
    assert published == httpx.Response(200, json=DOCUMENT).json()
    assert servers["service"]["host"] == module_service.url.removeprefix("http://")
    assert servers["service"]["protocol"] == "ws"


def test_every_message_has_an_example_that_its_schema_allows() -> None:
    assert MESSAGES.keys() == {"snapshot", "events", "positions", "pulse", "resync", "move"}
    for name, message in MESSAGES.items():
        [example] = message["examples"]
        assert check(example["payload"]) == name


async def test_what_a_screen_is_told_is_what_the_document_says(module_service: Service) -> None:
    async with module_service.client() as http, module_service.screen() as socket:
        await until(socket, {"snapshot"})
        taken = (await http.post("/v1/calls", json=a_call(text="choque"))).json()
        units = (await http.get(f"/v1/incidents/{taken['incident_id']}/recommendation")).json()["units"]
        url = f"/v1/incidents/{taken['incident_id']}/assignments"
        assert (await http.post(url, json={"unit_ids": [units[0]["unit_id"]]})).status_code == 201
        position = {"unit_id": "P001", "lat": -0.2, "lon": -78.5, "at": a_fix()["at"]}
        assert (await http.post("/v1/units/positions", json={"positions": [position]})).json()["accepted"] == 1
        told = await until(socket, {"events", "positions", "pulse"})
        assert ["P001", -0.2, -78.5, None] in [row[:4] for row in told["positions"]["units"]]
    async with module_service.screen() as late:
        snapshot = (await until(late, {"snapshot"}))["snapshot"]
        assert snapshot["incidents"] and snapshot["positions"] and snapshot["units"]
    async with module_service.screen(since=snapshot["seq"] - 1) as back:
        assert len((await until(back, {"events"}))["events"]["events"]) == 1


async def test_a_frame_that_breaks_its_schema_is_found() -> None:
    example = MESSAGES["positions"]["examples"][0]["payload"]
    for broken in (example | {"units": [["P001", "north", -78.5, None, example["at"]]]}, example | {"at": "yesterday"}):
        with pytest.raises(jsonschema_rs.ValidationError):
            check(broken)


async def test_the_close_codes_are_those_of_the_document(database_url: str) -> None:
    codes = {entry["code"] for entry in DOCUMENT["channels"]["live"]["x-close-codes"]}
    async with Service.started(database_url) as service:
        async with service.client(key=None) as http:
            assert (await http.post("/v1/session", json={"code": await service.code()})).status_code == 200
            cookie = {"Cookie": f"dispatch_session={http.cookies['dispatch_session']}"}
            url = f"{service.url.replace('http', 'ws', 1)}/v1/live"
            async with connect(url, additional_headers=cookie, proxy=None) as ended:
                await until(ended, {"snapshot"})
                assert (await http.delete("/v1/session")).status_code == 204
                assert (await until_closed(ended))[1] == 4001
        async with service.screen() as moved:
            await until(moved, {"snapshot"})
            stopping = asyncio.create_task(asyncio.to_thread(service.stop))
            assert await until_closed(moved) == ("move", 1012)
            await stopping
    assert codes == {4000, 4001, 1012}
