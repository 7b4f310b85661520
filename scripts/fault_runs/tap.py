"""`python -m scripts.fault_runs.tap SOCKET`: a proxy between a node and the database, controlled by standard input.

A separate process, so that slow clients don't slow it down. Each line read is a command, each line written confirms it,
with the port for the nodes."""

import asyncio
import sys
from pathlib import Path

CHUNK = 65_536


class Tap:
    """From a free loopback port to the Unix socket `upstream`.

    Cut: connections end and new ones are refused. Black hole: everything is accepted and nothing forwarded, in both
    directions or only the database's answers, whose commits the node then doesn't learn of."""

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
        """Held data is forwarded, late; or (`forget`) dropped with its connections."""
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
            pass  # no server: the node's connection ends
        finally:
            for line in (writer, there):
                if line is not None:
                    self._lines.discard(line)
                    line.transport.abort()


async def obey(tap: Tap, command: str) -> None:
    match command:
        case "open":
            await tap.open()
        case "cut":
            await tap.cut()
        case "swallow" | "swallow answers":
            tap.swallow(asks=command == "swallow")
        case "release" | "forget":
            tap.release(forget=command == "forget")


async def serve(upstream: Path) -> None:
    """Until the input closes."""
    tap, commands = Tap(upstream), asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while command := (await commands.readline()).decode().strip():
        await obey(tap, command)
        print(tap.port, flush=True)
    await tap.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
    while chunk := await reader.read(CHUNK):
        await gate.wait()
        writer.write(chunk)
        await writer.drain()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
