"""A routing server over a real socket: it speaks Valhalla's matrix and OSRM's table, well or badly."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from geo import distance_m

MPS = 10.0  # along the straight line
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Table = list[list[float | None]]


@dataclass
class RoutingStub:
    """`behave`, where it is set, takes the connection after the request was read. `asked` holds what was asked for."""

    url: str = ""
    behave: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None
    change: Callable[[Any], Any] = lambda answer: answer
    asked: list[tuple[int, int]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(h[15:]) for h in head.split("\r\n") if h.lower().startswith("content-length:")), 0)
                body = await reader.readexactly(length)
                if self.behave:
                    await self.behave(writer)
                    return
                await self._answer(writer, head.split(" ")[1], body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, target: str, body: bytes) -> None:
        answer = self._valhalla(body) if target == "/sources_to_targets" else self._osrm(target)
        await respond(writer, json.dumps(self.change(answer)).encode())

    def _valhalla(self, body: bytes) -> Any:
        question = json.loads(body)
        assert question["costing"] == "auto"
        sources, targets = ([(p["lat"], p["lon"]) for p in question[name]] for name in ("sources", "targets"))
        table = self._table(sources, targets)
        return {
            "sources_to_targets": [
                [
                    {"from_index": i, "to_index": j, "time": value, "distance": None if value is None else value / 100}
                    for j, value in enumerate(row)
                ]
                for i, row in enumerate(table)
            ],
            "units": "kilometers",
        }

    def _osrm(self, target: str) -> Any:
        parts = urlsplit(target)
        path, query = parts.path.removeprefix("/table/v1/driving/"), parse_qs(parts.query)
        assert path != parts.path and query["annotations"] == ["duration"]
        places = [tuple(reversed([float(value) for value in pair.split(",")])) for pair in path.split(";")]
        chosen = [[places[int(i)] for i in query[name][0].split(";")] for name in ("sources", "destinations")]
        table = self._table(*chosen)
        return {"code": "Ok", "durations": table, "sources": [{}] * len(chosen[0]), "destinations": [{}]}

    def _table(self, sources: list[Any], targets: list[Any]) -> Table:
        """As the crow flies; nobody gets to the north of the equator."""
        self.asked.append((len(sources), len(targets)))
        return [[None if target[0] > 0 else distance_m(*s, *target) / MPS for target in targets] for s in sources]


async def respond(writer: asyncio.StreamWriter, body: bytes, *, status: str = "200 OK") -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


@asynccontextmanager
async def routing_stub() -> AsyncIterator[RoutingStub]:
    stub = RoutingStub()
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        connections.add(task)
        try:
            await stub.serve(reader, writer)
        except asyncio.CancelledError:
            return
        finally:
            connections.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stub
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


# Ways to behave badly.


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3_600)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def drip(writer: asyncio.StreamWriter) -> None:
    """A byte now and then: each within the time, all of them never."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        writer.write(b" " * 100_000)
        await writer.drain()


async def babble(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()


async def page(writer: asyncio.StreamWriter) -> None:
    await respond(writer, b"<html>It works!</html>")


async def refuse(writer: asyncio.StreamWriter) -> None:
    await respond(writer, b'{"error_code": 154, "error": "Path distance exceeds the max"}', status="400 Bad Request")


async def redirect(writer: asyncio.StreamWriter) -> None:
    await respond(writer, b"", status="302 Found\r\nLocation: http://127.0.0.1:9/")
