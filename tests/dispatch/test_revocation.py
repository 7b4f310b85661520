"""A revocation ends everything at once, on every node: requests, sessions, screens; so do sign-out and expiry."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.dispatch.test_command import command
from tests.keys import a_key
from tests.service import KEY, Service

ENDED = 4001
# What is promised in normal operation. The wait is longer, so that a loaded machine fails no test.
WAIT_S = 60


@pytest.fixture(scope="module")
async def nodes(module_database_url: str) -> AsyncIterator[tuple[Service, Service]]:
    async with Service.started(module_database_url) as one, Service.started(module_database_url) as other:
        yield one, other


async def signed_in(service: Service, **proof: str) -> str:
    """The cookie of a new session, as a header's value."""
    async with service.client(key=None) as http:
        answer = await http.post("/v1/session", json=proof)
        assert answer.status_code == 200, answer.text
        return "; ".join(f"{name}={value}" for name, value in http.cookies.items())


def screen_of(service: Service, cookie: str) -> connect:
    url = f"{service.url.replace('http', 'ws', 1)}/v1/live"
    return connect(url, additional_headers={"Cookie": cookie, "Origin": service.url}, proxy=None)


async def end_of(socket: ClientConnection) -> tuple[int, str]:
    """With which code and reason the service closed it."""
    async with asyncio.timeout(WAIT_S):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


async def status(service: Service, cookie: str) -> int:
    async with service.client(key=None) as http:
        return (await http.get("/v1/session", headers={"Cookie": cookie})).status_code


async def test_a_revoked_key_ends_its_sessions_and_screens_at_both_nodes(
    nodes: tuple[Service, Service], module_database_url: str
) -> None:
    key = await a_key(module_database_url, "dispatcher", name="Ana")
    cookie = await signed_in(nodes[0], key=key)
    async with nodes[0].client(key) as one, nodes[1].client(key) as other, nodes[0].client() as admin:
        for client in (one, other):
            assert (await client.get("/v1/incidents")).status_code == 200
        assert [await status(node, cookie) for node in nodes] == [200, 200]
        async with (
            nodes[0].screen(key=key) as first,
            nodes[1].screen(key=key) as second,
            screen_of(nodes[0], cookie) as third,
            screen_of(nodes[1], cookie) as fourth,
            nodes[1].screen() as bystander,
        ):
            for socket in (first, second, third, fourth, bystander):
                await socket.recv()
            assert (await admin.delete("/v1/keys/Ana")).status_code == 204
            for socket in (first, second, third, fourth):
                code, reason = await end_of(socket)
                assert code == ENDED and "ended" in reason
            # Told by then, whoever was told last.
            assert [(await c.get("/v1/incidents")).status_code for c in (one, other)] == [401, 401]
            assert [await status(node, cookie) for node in nodes] == [401, 401]
            await bystander.send("still here")
            await bystander.recv()
        listed = {k["name"]: k for k in (await admin.get("/v1/keys")).json()["items"]}
        assert listed["Ana"]["revoked_at"] and listed["bootstrap"]["role"] == "admin"
        assert (await admin.delete("/v1/keys/Ana")).status_code == 404


async def test_signing_out_ends_the_screens_of_that_session_alone(nodes: tuple[Service, Service]) -> None:
    mine, others = [await signed_in(nodes[0], code=await nodes[0].code()) for _ in range(2)]
    async with screen_of(nodes[1], mine) as screen, screen_of(nodes[1], others) as other:
        await screen.recv()
        await other.recv()
        async with nodes[0].client(key=None) as http:
            left = await http.delete("/v1/session", headers={"Cookie": mine, "Origin": nodes[0].url})
            assert left.status_code == 204
        assert (await end_of(screen))[0] == ENDED
        assert [await status(node, mine) for node in nodes] == [401, 401]
        assert await status(nodes[1], others) == 200
        await other.recv()


async def test_sessions_are_listed_and_ended(nodes: tuple[Service, Service], module_database_url: str) -> None:
    keys = [await a_key(module_database_url, "dispatcher", name=name) for name in ("Luis", "Eva")]
    luis, eva = await signed_in(nodes[0], key=keys[0]), await signed_in(nodes[0], key=keys[1])
    linked = await signed_in(nodes[0], code=await nodes[0].code())

    async def listed(**headers: str) -> list[dict[str, Any]]:
        async with nodes[1].client(key=None) as http:
            items: list[dict[str, Any]] = (await http.get("/v1/sessions", headers=headers)).json()["items"]
            return items

    [own] = await listed(Cookie=luis)
    assert own["name"] == "Luis" and own["key"] == "Luis" and own["last_used_at"] >= own["created_at"]
    assert [s["id"] for s in await listed(Authorization=f"Bearer {keys[0]}")] == [own["id"]]
    [by_link] = await listed(Cookie=linked)
    assert by_link["name"] == "consola" and by_link["key"] == "bootstrap"
    everybody = {s["name"]: s["id"] for s in await listed(Authorization=f"Bearer {KEY}")}
    assert {"Luis", "Eva", "consola"} <= everybody.keys()
    async with nodes[0].client(key=None) as http:
        own_page = {"Cookie": luis, "Origin": nodes[0].url}
        assert (await http.delete(f"/v1/sessions/{everybody['Eva']}", headers=own_page)).status_code == 404
        assert await status(nodes[1], eva) == 200
        async with screen_of(nodes[1], luis) as screen:
            await screen.recv()
            assert (await http.delete(f"/v1/sessions/{own['id']}", headers=own_page)).status_code == 204
            assert (await end_of(screen))[0] == ENDED
    async with nodes[0].client() as admin, screen_of(nodes[1], eva) as screen:
        await screen.recv()
        assert (await admin.delete(f"/v1/sessions/{everybody['Eva']}")).status_code == 204
        assert (await end_of(screen))[0] == ENDED
    assert await status(nodes[1], eva) == 401


async def test_a_session_that_expires_ends_its_screen(nodes: tuple[Service, Service], module_database_url: str) -> None:
    cookie = await signed_in(nodes[0], code=await nodes[0].code())
    async with screen_of(nodes[1], cookie) as screen:
        await screen.recv()
        db = await asyncpg.connect(module_database_url)
        await db.execute("update session set expires_at = now() where name = 'consola'")
        await db.close()
        assert (await end_of(screen))[0] == ENDED
    assert await status(nodes[1], cookie) == 401


async def test_a_revocation_that_nobody_announces_is_found_all_the_same(
    nodes: tuple[Service, Service], module_database_url: str
) -> None:
    key = await a_key(module_database_url, "dispatcher", name="unheard")
    cookie = await signed_in(nodes[0], key=key)
    async with nodes[0].screen(key=key) as one, screen_of(nodes[1], cookie) as other:
        await one.recv()
        await other.recv()
        db = await asyncpg.connect(module_database_url)
        await db.execute("update api_key set revoked_at = now() where name = 'unheard'")
        await db.close()
        assert [(await end_of(one))[0], (await end_of(other))[0]] == [ENDED, ENDED]
    # The session's row is still there, and good for nothing.
    assert [await status(node, cookie) for node in nodes] == [401, 401]


async def test_a_screen_that_reads_nothing_is_cut_off_too(
    nodes: tuple[Service, Service], module_database_url: str
) -> None:
    key = await a_key(module_database_url, "dispatcher", name="deaf")
    async with nodes[1].client() as admin, nodes[1].screen(key=key) as screen:
        await screen.recv()
        before = await screens(admin)
        screen.transport.pause_reading()
        assert (await admin.delete("/v1/keys/deaf")).status_code == 204
        async with asyncio.timeout(WAIT_S):
            while await screens(admin) >= before:  # noqa: ASYNC110 - told by another process
                await asyncio.sleep(0.05)
        screen.transport.resume_reading()


async def screens(admin: httpx.AsyncClient) -> int:
    lines = (await admin.get("/metrics")).text.splitlines()
    return int(float(next(line for line in lines if line.startswith("dispatch_screens ")).split()[1]))


async def test_links_of_a_revoked_key_and_their_sessions_are_worth_nothing(
    nodes: tuple[Service, Service], module_database_url: str
) -> None:
    key = await a_key(module_database_url, "admin", name="boss")
    async with nodes[0].client(key) as boss, nodes[0].client() as admin, nodes[1].client(key=None) as http:
        used, kept = [(await boss.post("/v1/session/links")).json()["code"] for _ in range(2)]
        cookie = await signed_in(nodes[1], code=used)
        assert (await admin.delete("/v1/keys/boss")).status_code == 204
        assert (await http.post("/v1/session", json={"code": kept})).status_code == 401
        # The other node hears of it in a moment.
        async with asyncio.timeout(WAIT_S):
            while await status(nodes[1], cookie) != 401:  # noqa: ASYNC110 - told by another process
                await asyncio.sleep(0.02)


async def test_the_command_line_ends_sessions_and_keys(public_folder: Any) -> None:
    state = str(public_folder / "revocation")
    async with Service.started(None, "--state", state) as service:
        code, key, said = await command("keys", "add", "Ana", "--role", "dispatcher", "--state", state)
        assert code == 0, said
        code, link, said = await command("sign-in-link", "--url", service.url, "--state", state)
        assert code == 0 and link.startswith(f"{service.url}/#code="), said
        by_link, by_key = await signed_in(service, code=link.partition("=")[2]), await signed_in(service, key=key)
        code, listed, said = await command("sessions", "list", "--state", state)
        assert code == 0 and "consola" in listed and "Ana" in listed, said
        session = next(line for line in listed.splitlines() if "consola" in line).split("│")[1].strip()
        async with screen_of(service, by_link) as one, screen_of(service, by_key) as other:
            await one.recv()
            await other.recv()
            code, _, said = await command("sessions", "end", session, "--state", state)
            assert code == 0, said
            assert (await end_of(one))[0] == ENDED
            code, _, said = await command("keys", "revoke", "Ana", "--state", state)
            assert code == 0, said
            assert (await end_of(other))[0] == ENDED
        code, _, said = await command("sessions", "end", session, "--state", state)
        assert code != 0 and session in said
