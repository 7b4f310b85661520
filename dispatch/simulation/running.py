"""One simulation in this process: until its duration is over, Ctrl-C, or the end of the parent process."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dispatch.model.city import City
from dispatch.simulation.day import Day, Options

DRAW_S = 0.2


def run(city: City, options: Options, *, until_stdin_closes: bool, console: Console) -> Day:
    """`until_stdin_closes`: standard input belongs to the parent, and closes with it. Raises Refused."""

    async def live() -> Day:
        day = Day(city, options)
        _end_early(day, until_stdin_closes)
        async with _progress(day, console):
            await day.live()
        return day

    return asyncio.run(live())


def _end_early(day: Day, until_stdin_closes: bool) -> None:
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, day.over.set)
    if until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(loop, day.over.set), daemon=True).start()


def _watch_stdin(loop: asyncio.AbstractEventLoop, closed: Callable[[], None]) -> None:
    try:
        while os.read(sys.stdin.fileno(), 4096):
            pass
    except OSError:
        pass
    loop.call_soon_threadsafe(closed)


@asynccontextmanager
async def _progress(day: Day, console: Console) -> AsyncIterator[None]:
    """A progress bar, only on a terminal."""
    options = day.options
    planned = None if options.duration_s is None else round(options.rate * options.duration_s)
    progress = Progress(
        SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console
    )
    bar = progress.add_task("", total=planned)

    def update() -> None:
        sent, acknowledged = len(day.summary.calls), len(day.summary.acknowledged)
        progress.update(bar, completed=sent, description=f"{sent:,} calls · {acknowledged:,} acknowledged")

    async def draw() -> None:
        while True:
            update()
            await asyncio.sleep(DRAW_S)

    if not console.is_terminal:
        yield
        return
    drawing = asyncio.create_task(draw())
    with progress:
        try:
            yield
        finally:
            drawing.cancel()
            update()
