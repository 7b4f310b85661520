"""Cost of the service: processor time and memory of its process and of its PostgreSQL, from /proc."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_S = 1.0
SAMPLES_FOR_A_SLOPE = 10


class Cost(NamedTuple):
    """Of one process or several: cores busy and resident megabytes, at a second since the start."""

    at_s: float
    cores: float
    mb: float


@dataclass(slots=True)
class Meter:
    """A sample a second, of the service and of all its PostgreSQL (whose shared memory is not counted)."""

    pid: int
    state: Path
    service: list[Cost] = field(default_factory=list)
    postgres: list[Cost] = field(default_factory=list)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """From the beginning of the block to its end; earlier samples are dropped."""
        self.service, self.postgres = [], []
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        began_s = last_s = perf_counter()
        ours, theirs = cpu_s([self.pid])[self.pid], cpu_s(self._postgres())
        while True:
            await asyncio.sleep(EVERY_S)
            now_s = perf_counter()
            ours_now, theirs_now = cpu_s([self.pid]).get(self.pid, ours), cpu_s(self._postgres())
            # Some of its connections begin and end meanwhile.
            used_s = sum(seconds - theirs.get(pid, 0.0) for pid, seconds in theirs_now.items())
            over_s = now_s - last_s
            self.service.append(Cost(now_s - began_s, (ours_now - ours) / over_s, resident_mb(self.pid)))
            self.postgres.append(Cost(now_s - began_s, used_s / over_s, 0.0))
            ours, theirs, last_s = ours_now, theirs_now, now_s

    @property
    def most_mb(self) -> float:
        return max((cost.mb for cost in self.service), default=0.0)

    @property
    def mb_an_hour(self) -> float | None:
        """The slope of the run's second half, by least squares; None with too few samples."""
        half = self.service[len(self.service) // 2 :]
        if len(half) < SAMPLES_FOR_A_SLOPE:
            return None
        return float(np.polyfit([cost.at_s for cost in half], [cost.mb for cost in half], 1)[0]) * 3_600

    def _postgres(self) -> list[int]:
        """The processes whose working folder is the data folder in the state folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    folder = str((entry / "cwd").readlink())
                except OSError:
                    continue
                if folder.startswith(str(self.state)):
                    found.append(int(entry.name))
        return [pid for pid in found if pid != self.pid]


def cpu_s(pids: list[int]) -> dict[int, float]:
    """Processor seconds that each of them has used; ended ones are missing."""
    found = {}
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[pid] = (int(fields[11]) + int(fields[12])) / TICKS
    return found


def resident_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0) / 1024
