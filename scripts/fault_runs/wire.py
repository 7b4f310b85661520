"""Controls the proxy between a node and the database, which is a separate process."""

import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from pathlib import Path
from typing import Self

TAP = "scripts.fault_runs.tap"


class Wire:
    """`port`: where the node connects, on loopback."""

    def __init__(self, process: Process) -> None:
        self.port = 0
        self._process = process

    @classmethod
    async def to(cls, upstream: Path) -> Self:
        """Started, connected to the Unix socket `upstream`."""
        process = await create_subprocess_exec(
            sys.executable, "-m", TAP, str(upstream), stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        wire = cls(process)
        await wire.open()
        return wire

    async def open(self) -> None:
        await self._tell("open")

    async def cut(self) -> None:
        """Connections end and new ones are refused."""
        await self._tell("cut")

    async def swallow(self, *, asks: bool = True) -> None:
        """Everything is accepted and nothing forwarded; `asks` False: only the answers are lost."""
        await self._tell("swallow" if asks else "swallow answers")

    async def release(self, *, forget: bool) -> None:
        """Held data is forwarded, late; or (`forget`) dropped with its connections."""
        await self._tell("forget" if forget else "release")

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _tell(self, command: str) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{command}\n".encode())
        self.port = int(await self._process.stdout.readline())
