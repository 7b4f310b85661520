"""A minimal HTTP/1.1 client: at thousands of requests a second its own cost must be small.

One request at a time on each connection; the pool grows as needed, so that none waits for another's answer. All
requests may be repeated: calls because of their ids, positions because they are idempotent."""

import asyncio
from contextlib import suppress
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import msgspec

MOST_LINES = 4_000


class Broken(Exception):
    """No answer: the connection was refused or closed."""


class _Line(asyncio.Protocol):
    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser: Any = None
        self._body = bytearray()
        self.alive = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.WriteTransport, transport)

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        assert self._transport is not None
        if not self.alive:
            raise Broken
        self._answer = asyncio.get_running_loop().create_future()
        self._parser, self._body = httptools.HttpResponseParser(self), bytearray()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, AttributeError):
            self.close()

    def on_body(self, part: bytes) -> None:
        self._body += part

    def on_message_complete(self) -> None:
        if not self._parser.should_keep_alive():
            self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), bytes(self._body)))

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self.alive = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken())

    def close(self) -> None:
        self.alive = False
        if self._transport is not None:
            self._transport.close()


class Client:
    """Raises Broken if no answer comes; `busiest` is the largest number of concurrent requests."""

    def __init__(self, url: str, key: str) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "127.0.0.1", place.port or 80
        self._head = f"Host: {place.netloc}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        self._idle: list[_Line] = []
        self._lines = asyncio.Semaphore(MOST_LINES)
        self._asking = self.busiest = 0

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        return await self._ask("POST", path, body)

    async def get(self, path: str) -> tuple[int, Any]:
        status, answer = await self._ask("GET", path, b"")
        return status, msgspec.json.decode(answer) if answer[:1] in {b"{", b"["} else answer

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        request = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        self._asking += 1
        self.busiest = max(self.busiest, self._asking)
        try:
            async with self._lines:
                line, answer = await self._answered(request)
                if line.alive:
                    self._idle.append(line)
                return answer
        except OSError as error:
            raise Broken from error
        finally:
            self._asking -= 1

    async def _answered(self, request: bytes) -> tuple[_Line, tuple[int, bytes]]:
        while self._idle:
            line = self._idle.pop()
            # The service may have closed an idle connection just now: every client repeats the request.
            with suppress(Broken):
                return line, await line.ask(request)
        _, line = await asyncio.get_running_loop().create_connection(_Line, self._host, self._port)
        return line, await line.ask(request)

    def close(self) -> None:
        for line in self._idle:
            line.close()
