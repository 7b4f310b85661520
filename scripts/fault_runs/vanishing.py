"""A thousand screens at once, whose connections are dropped when the block ends."""

import asyncio
import os
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urlsplit

AT_ONCE = 50
PATIENCE_S = 120.0


class _Screen(asyncio.Protocol):
    """RFC 6455's handshake; everything after it is read and discarded."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.head: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self.head.done():
            self._read += data
            if b"\r\n\r\n" in self._read:
                self.head.set_result(self._read)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.head.done():
            self.head.set_exception(error or ConnectionResetError())


@asynccontextmanager
async def vanishing_screens(url: str, key: str, *, count: int) -> AsyncIterator[None]:
    """Raises ConnectionError if one is refused, TimeoutError if they aren't accepted in time."""
    turns, screens = asyncio.Semaphore(AT_ONCE), list[_Screen]()

    async def come() -> None:
        async with turns:
            screens.append(await _come(url, key))

    try:
        await asyncio.wait_for(asyncio.gather(*(come() for _ in range(count))), PATIENCE_S)
        yield
    finally:
        for screen in screens:
            if screen.transport is not None:
                screen.transport.abort()


async def _come(url: str, key: str) -> _Screen:
    place = urlsplit(url)
    transport, screen = await asyncio.get_running_loop().create_connection(
        _Screen, place.hostname or "127.0.0.1", place.port or 80
    )
    transport.write(
        f"GET /v1/live HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {key}\r\n\r\n".encode()
    )
    try:
        status = (await screen.head).split(b"\r\n", 1)[0]
        if b" 101 " not in status:
            raise ConnectionError(status.decode("latin-1"))
    except BaseException:
        transport.abort()
        raise
    return screen
