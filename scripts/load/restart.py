"""Duration of a restart with many past incidents: until /readyz returns 200, and its steps."""

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from dispatch.model.city import City
from dispatch.store.embedded import EmbeddedPostgres
from scripts.load import past
from scripts.load.report import Table
from scripts.own_service import own_service, public_folder

PAST, OPEN, TIMES = 100_000, 1_000, 5


@dataclass(frozen=True, slots=True)
class Restarts:
    """Seconds to ready: after SIGTERM, when PostgreSQL starts too, and after kill -9, when it is still running;
    `steps`: a median start of the second kind, in its order."""

    past: int
    open_ones: int
    after_stop: list[float]
    after_kill: list[float]
    steps: dict[str, float]


async def restarts(
    city: City, city_folder: Path, *, past_ones: int = PAST, open_ones: int = OPEN, times: int = TIMES
) -> Restarts:
    """Raises RuntimeError."""
    state = await asyncio.to_thread(public_folder)
    try:
        await past.make(city, city_folder, state, past=past_ones, open_ones=open_ones)
        after_stop = [await _start(city_folder, state, end=signal.SIGTERM) for _ in range(times)]
        await _start(city_folder, state, end=signal.SIGKILL)
        after_kill = [await _start(city_folder, state, end=signal.SIGKILL) for _ in range(times)]
        server = await asyncio.to_thread(EmbeddedPostgres(state / "state").start)
        try:
            split = [await _steps(server.dsn, city_folder) for _ in range(times)]
        finally:
            await asyncio.to_thread(server.stop)
    finally:
        await asyncio.to_thread(shutil.rmtree, state, ignore_errors=True)
    steps = {name: median(one[name] for one in split) for name in split[0]}
    return Restarts(past_ones, open_ones, after_stop, after_kill, steps)


async def _start(city_folder: Path, state: Path, *, end: signal.Signals) -> float:
    async with own_service("--city", str(city_folder), state=state) as service:
        if end is signal.SIGKILL:
            os.kill(service.pid, end)
        return service.ready_s


async def _steps(dsn: str, city_folder: Path) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "scripts.load.opening",
        dsn,
        str(city_folder),
        str(time.time()),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("a start could not be measured step by step")
    found: dict[str, float] = json.loads(said)
    return found


def restart_table(found: Restarts) -> Table:
    def row(name: str, values: list[float]) -> tuple[str, str, str]:
        return name, f"{median(values):.2f}", " ".join(f"{value:.2f}" for value in sorted(values))

    rest = median(found.after_kill) - sum(found.steps.values())
    return ("restart", "median s", "all"), [
        row("after SIGTERM, its PostgreSQL started too", found.after_stop),
        row("after kill -9, its PostgreSQL found running", found.after_kill),
        *((f"of that: {name}", f"{seconds:.2f}", "") for name, seconds in found.steps.items()),
        ("of that: all else", f"{max(0.0, rest):.2f}", ""),
    ]
