"""Cancels tasks reliably: before Python 3.12 a wait with a timeout may swallow a cancellation."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_S = 0.5


async def call_off(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancelled repeatedly until they end; their exceptions are ignored."""
    waiting = called_off = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=AGAIN_S)
    await asyncio.gather(*called_off, return_exceptions=True)
