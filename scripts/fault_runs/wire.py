"""The wire between a node and the database: TCP on the node's side, and at our mercy. Nothing is read from it."""

import asyncio
from pathlib import Path

CHUNK = 65_536


class Wire:
    """From a free loopback port to the Unix socket `upstream`.

    Cut, connections end and new ones are refused. As a black hole it takes everything and passes nothing, both ways or
    only what the database answers: then it commits what nobody hears of."""

    def __init__(self, upstream: Path) -> None:
        self.port = 0
        self._upstream = upstream
        self._asks, self._answers = asyncio.Event(), asyncio.Event()
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._asks.set()
        self._answers.set()

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in list(self._lines):
            line.transport.abort()

    def swallow(self, *, asks: bool = True) -> None:
        """`asks` False: only the answers are lost."""
        self._answers.clear()
        if asks:
            self._asks.clear()

    def release(self, *, forget: bool) -> None:
        """What was swallowed comes out, late; or (`forget`) the connections are gone with it."""
        if forget:
            for line in list(self._lines):
                line.transport.abort()
        self._asks.set()
        self._answers.set()

    async def close(self) -> None:
        await self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            await self._asks.wait()
            answers, there = await asyncio.open_unix_connection(str(self._upstream))
            self._lines.add(there)
            ways = [
                asyncio.create_task(_pass(reader, there, self._asks)),
                asyncio.create_task(_pass(answers, writer, self._answers)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass  # nobody upstream: the node sees its connection end
        finally:
            for line in (writer, there):
                if line is not None:
                    self._lines.discard(line)
                    line.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
    while chunk := await reader.read(CHUNK):
        await gate.wait()
        writer.write(chunk)
        await writer.drain()
