"""Tasks called off so that they end: before Python 3.12 a wait with a timeout may take a cancellation for its own."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_S = 0.5


async def call_off(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancelled as often as it takes; what they raised is theirs."""
    waiting = called_off = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=AGAIN_S)
    await asyncio.gather(*called_off, return_exceptions=True)
