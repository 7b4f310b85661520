"""A service of a script's own: a process on a free loopback port, with a state folder that goes when it ends."""

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

import httpx

START_S, STOP_S = 120.0, 40.0


@dataclass(frozen=True, slots=True)
class OwnService:
    url: str
    key: str
    pid: int
    state: Path


@asynccontextmanager
async def own_service(*options: str, **settings: str) -> AsyncIterator[OwnService]:
    """Until the block ends. `settings` become DISPATCH_* variables. Raises RuntimeError when it isn't ready in time."""
    state = await asyncio.to_thread(_public_folder)
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
    process = subprocess.Popen(  # noqa: ASYNC220 - it starts in no time
        [*command, *options], env=inherited | ours, stdout=log, stderr=log, start_new_session=True
    )
    service = OwnService(f"http://127.0.0.1:{port}", key, process.pid, state)
    try:
        await _ready(service, process)
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()
        shutil.rmtree(state, ignore_errors=True)


async def _ready(service: OwnService, process: subprocess.Popen[bytes]) -> None:
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(START_S):
        while process.poll() is None:
            try:
                if (await client.get(f"{service.url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    said = (service.state / "log").read_text("utf-8", "replace")[-2_000:]
    raise RuntimeError(f"the service ended with {process.returncode} before it was ready: {said}")


def _public_folder() -> Path:
    """One that root's PostgreSQL, which runs as another user, can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="dispatch-load-"))
    folder.chmod(0o711)
    return folder


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
