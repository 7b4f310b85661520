"""What the service costs while it works: processor time and memory of its process and of its PostgreSQL, from /proc."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_S = 1.0


@dataclass(slots=True)
class Meter:
    """Samples of (seconds since the start, cores busy, resident megabytes), of the service and of all PostgreSQL."""

    pid: int
    state: Path
    service: list[tuple[float, float, float]] = field(default_factory=list)
    postgres: list[tuple[float, float, float]] = field(default_factory=list)

    async def watch(self) -> None:
        """Until cancelled."""
        began_s = last_s = perf_counter()
        ours, theirs = _cpu_s([self.pid]), _cpu_s(self._postgres())
        while True:
            await asyncio.sleep(EVERY_S)
            now_s, servers = perf_counter(), self._postgres()
            ours_now, theirs_now = _cpu_s([self.pid]), _cpu_s(servers)
            over_s = now_s - last_s
            self.service.append((now_s - began_s, (ours_now - ours) / over_s, _resident_mb([self.pid])))
            busy = max(0.0, theirs_now - theirs) / over_s
            self.postgres.append((now_s - began_s, busy, 0.0))
            ours, theirs, last_s = ours_now, theirs_now, now_s

    def _postgres(self) -> list[int]:
        """The processes whose working folder is the data folder in our state."""
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


def _cpu_s(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def _resident_mb(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)
    return total / 1024
