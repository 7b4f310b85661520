"""The live processes of one PostgreSQL data folder, found in /proc by their working folder."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

PAUSE_S = 0.02


def processes_in(data: Path) -> set[int]:
    """Ids of the `postgres` processes that work in `data`; zombies have no working folder and don't count."""
    inside = set()
    where = data.resolve()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # ended meanwhile, or another user's
                if (entry / "cwd").readlink() == where and program_of(int(entry.name)).startswith("postgres"):
                    inside.add(int(entry.name))
    return inside


def program_of(pid: int) -> str:
    """File name of the program of `pid`; ends in " (deleted)" if the file no longer exists."""
    return Path(f"/proc/{pid}/exe").readlink().name


def command_of(pid: int) -> list[str]:
    """The command line of `pid`; empty if it has ended."""
    try:
        return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]]
    except OSError:
        return []


def postmaster_of(data: Path) -> int | None:
    """The id of the server that runs on `data`; None if postmaster.pid is missing, damaged or left by a dead one."""
    try:
        pid = int((data / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])
        alive = Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except (OSError, ValueError):
        return None
    return pid if alive else None


def end(pids: Callable[[], set[int]], how: signal.Signals, *, within_s: float) -> bool:
    """Signal the processes of `pids()` and wait until there are none; returns whether that happened in time."""
    for pid in pids():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
    return gone(pids, within_s=within_s)


def gone(pids: Callable[[], set[int]], *, within_s: float) -> bool:
    """Wait until `pids()` is empty; returns whether that happened in time."""
    deadline = time.monotonic() + within_s
    while pids():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_S)
    return True
