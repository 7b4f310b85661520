"""One service process that can be killed, stopped, continued and restarted, always at the same address."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from scripts.own_service import free_port

READY_S = 120.0
END_S = 40.0
SKEWED = "scripts.fault_runs.skewed"


class Node:
    """`skew_s`: the error of its clock."""

    def __init__(self, name: str, *, database_url: str, key: str, log: Path, **settings: str) -> None:
        self.name, self.port = name, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.skew_s = 0.0
        self._log = log
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
        ours = {"DISPATCH_DATABASE_URL": database_url, "DISPATCH_BOOTSTRAP_KEY": key, "DISPATCH_LOG_FORMAT": "json"}
        given = {f"DISPATCH_{name.upper()}": value for name, value in settings.items()}
        self._env = inherited | ours | given
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Until it is ready. Raises RuntimeError if it isn't in time."""
        program = ["dispatch"] if not self.skew_s else [SKEWED, f"{self.skew_s:g}"]
        command = [sys.executable, "-P", "-m", *program, "run", "--no-demo", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = await asyncio.to_thread(
                subprocess.Popen, command, env=self._env, stdout=log, stderr=log, start_new_session=True
            )
        await self.ready()

    async def ready(self) -> None:
        """Until `/readyz` says so. Raises RuntimeError if it doesn't in time, or the process has ended."""
        assert self._process is not None
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            for _ in range(int(READY_S / 0.05)):
                if self._process.poll() is not None:
                    break
                if await self._is_ready(client):
                    return
                await asyncio.sleep(0.05)
        said = self._log.read_text("utf-8", "replace")[-3_000:]
        raise RuntimeError(f"node {self.name} ({self._process.poll()}) is not ready: {said}")

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        await self._gone()

    async def end(self) -> None:
        """Regular shutdown. One that doesn't end is killed."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            await self._gone()
        except subprocess.TimeoutExpired:
            await self.kill()

    async def _gone(self) -> None:
        if self._process is not None:
            await asyncio.to_thread(self._process.wait, END_S)

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
