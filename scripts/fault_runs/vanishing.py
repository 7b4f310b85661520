"""A thousand screens at once, and not one of them when the block ends: their connections are simply gone."""

import asyncio
import os
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

AT_ONCE = 50


@asynccontextmanager
async def vanishing_screens(url: str, key: str, *, count: int) -> AsyncIterator[None]:
    """They read nothing after the handshake. Raises ConnectionError where one is refused."""
    turns, open_ones = asyncio.Semaphore(AT_ONCE), list[asyncio.StreamWriter]()

    async def come() -> None:
        async with turns:
            open_ones.append(await _screen(url, key))

    try:
        async with asyncio.TaskGroup() as coming:
            for _ in range(count):
                coming.create_task(come())
        yield
    finally:
        for screen in open_ones:
            screen.transport.abort()


async def _screen(url: str, key: str) -> asyncio.StreamWriter:
    """RFC 6455's handshake, and nothing after it."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(
        f"GET /v1/live HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {key}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head.split(b"\r\n", 1)[0]:
        writer.transport.abort()
        raise ConnectionError(head.split(b"\r\n", 1)[0].decode("latin-1"))
    return writer
