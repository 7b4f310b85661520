"""A service started by a script: a process on a free loopback port, with a temporary state folder."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import httpx

START_S, STOP_S = 120.0, 40.0


@dataclass(frozen=True, slots=True)
class OwnService:
    url: str
    key: str
    pid: int
    state: Path
    ready_s: float
    """From the start of the process to its first 200 at /readyz."""


@asynccontextmanager
async def own_service(*options: str, state: Path | None = None, **settings: str) -> AsyncIterator[OwnService]:
    """Until the block ends. `state`: a folder of an earlier one, which is kept; `settings` become DISPATCH_* variables.
    Raises RuntimeError if it isn't ready in time."""
    if state is None:
        state = await asyncio.to_thread(public_folder)
        try:
            async with own_service(*options, state=state, **settings) as service:
                yield service
        finally:
            await asyncio.to_thread(shutil.rmtree, state, ignore_errors=True)
        return
    port, key = free_port(), secrets.token_urlsafe(24)
    command = [
        sys.executable,
        "-m",
        "dispatch",
        "run",
        "--no-demo",
        "--port",
        str(port),
        "--state",
        str(state / "state"),
    ]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    ours = {"DISPATCH_BOOTSTRAP_KEY": key} | {f"DISPATCH_{name.upper()}": value for name, value in settings.items()}
    log = (state / "log").open("wb")
    began_s = perf_counter()
    process = subprocess.Popen(  # noqa: ASYNC220 - it starts in no time
        [*command, *options], env=inherited | ours, stdout=log, stderr=log, start_new_session=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await _ready(url, process, state / "log")
        yield OwnService(url, key, process.pid, state, perf_counter() - began_s)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


async def _ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(START_S):
        while process.poll() is None:
            try:
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)
    said = (await asyncio.to_thread(log.read_text, "utf-8", "replace"))[-2_000:]
    raise RuntimeError(f"the service ended with {process.returncode} before it was ready: {said}")


def public_folder() -> Path:
    """A folder that root's PostgreSQL, which runs as another user, can access."""
    folder = Path(tempfile.mkdtemp(prefix="dispatch-load-"))
    folder.chmod(0o711)
    return folder


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
