"""Who has no key is told so before his body is read, on every route there is."""

import asyncio
import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from dispatch.api.wire import SMALL_BYTES
from dispatch.app import create_app
from dispatch.settings import Settings
from tests.service import Service

ANSWERED_S = 40
LONG = 1_900_000
PARAMETERS = {"call_id": str(uuid4()), "unit_id": "P001"}
# Their key is in the body, or may be: of it so much is read, and of one that says it is longer nothing.
KEY_IN_BODY = {"/v1/session", "/v1/devices/osmand", "/v1/intake/aml/https"}
# Signing out asks for no key.
OPEN = {("DELETE", "/v1/session"): 204}


def routes() -> list[tuple[str, str]]:
    paths = create_app(Settings()).openapi()["paths"]
    methods = {"post", "put", "patch", "delete"}
    return [(method.upper(), path) for path, of_path in paths.items() for method in sorted(of_path.keys() & methods)]


@pytest.fixture(scope="module")
async def with_handsets(module_database_url: str) -> AsyncIterator[Service]:
    async with Service.started(module_database_url, aml_hmac_key="a key of handsets") as service:
        yield service


async def answer_to(service: Service, method: str, path: str, headers: str, *pieces: bytes) -> tuple[int, int]:
    """The status, and how many of the pieces could be sent before it came."""
    path = re.sub(r"\{(\w+)\}", lambda found: PARAMETERS.get(found[1], "1"), path)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
    try:
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n".encode())
        answered, sent = asyncio.create_task(reader.readline()), 0
        for piece in pieces:
            await asyncio.wait([answered], timeout=0.2)
            if answered.done():
                break
            writer.write(piece)
            sent += 1
        return int((await asyncio.wait_for(answered, ANSWERED_S)).split()[1]), sent
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(("method", "path"), routes(), ids=lambda part: part)
async def test_a_body_that_never_comes_is_not_waited_for(with_handsets: Service, method: str, path: str) -> None:
    status, _ = await answer_to(with_handsets, method, path, f"Content-Length: {LONG}\r\n", b"x")
    assert status == OPEN.get((method, path), 413 if path in KEY_IN_BODY else 401)


@pytest.mark.parametrize("path", sorted(KEY_IN_BODY))
async def test_where_the_key_is_in_the_body_little_of_it_is_read(with_handsets: Service, path: str) -> None:
    chunk = b"3e8\r\n" + b"%41%41%41x" * 100 + b"\r\n"
    status, sent = await answer_to(with_handsets, "POST", path, "Transfer-Encoding: chunked\r\n", *[chunk] * 100)
    assert status == 413 and sent <= SMALL_BYTES // 1_000 + 3


async def test_a_wrong_key_is_told_before_its_body_too(with_handsets: Service) -> None:
    for path in ("/v1/devices/osmand", "/v1/devices/owntracks", "/v1/calls"):
        headers = f"Authorization: Bearer wrong\r\nContent-Length: {LONG}\r\n"
        assert await answer_to(with_handsets, "POST", path, headers, b"x") in [(401, 0), (401, 1)]
    headers = f"Content-Length: {LONG}\r\n"
    assert (await answer_to(with_handsets, "POST", "/v1/devices/osmand?id=wrong", headers, b"x"))[0] == 401


async def test_an_address_with_thousands_of_fields_is_not_read(with_handsets: Service) -> None:
    path = "/v1/devices/osmand?id=" + "%41" * 2_000
    assert (await answer_to(with_handsets, "GET", path, ""))[0] == 413
