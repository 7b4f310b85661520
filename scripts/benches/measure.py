"""Processor seconds, and a table of them with the goals."""

import platform
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """`reach` is the goal as text, for example `≤ 60`; empty for a peer. `note`: a remark."""

    what: str
    value: float
    unit: str
    reach: str = ""
    note: str = ""


def seconds_of(action: Callable[[], object], rounds: int = 5) -> float:
    """Processor seconds of the fastest of some rounds; slower ones include other work of the machine."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def show(console: Console, title: str, rows: Sequence[Row]) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("unit")
    table.add_column("reach", justify="right")
    table.add_column("note")
    for row in rows:
        number = f"{row.value:,.2f}" if row.value < 10 else f"{row.value:,.0f}"
        table.add_row(row.what, number, row.unit, row.reach, row.note)
    console.print(table)


def machine() -> str:
    model = platform.processor() or platform.machine()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    return f"{model}, Python {platform.python_version()}, numpy {np.__version__}"
