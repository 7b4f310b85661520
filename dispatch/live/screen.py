"""One screen: a bounded queue that everybody may write to without waiting, and one writer that empties it."""

import asyncio
from collections.abc import Awaitable, Callable

from dispatch.live import frames

Send = Callable[[str], Awaitable[None]]


class Screen:
    """`offer_*` never wait. A screen that doesn't keep up is told to resync, and hurts nobody else."""

    def __init__(self, *, queue: int, batch: int) -> None:
        self._limit = queue
        self._events: list[str] = []
        self._frame: str | None = None
        self._pulse: str | None = None
        self._wake = asyncio.Event()
        self.closing: str | None = None
        self.closed = asyncio.Event()
        # The batch of positions up to which this screen knows where units are.
        self.batch = batch

    def offer_event(self, body: str) -> None:
        if self.closing:
            return
        if len(self._events) >= self._limit:
            self.close("too slow: more events waited than this screen's queue holds")
            return
        self._events.append(body)
        self._wake.set()

    def offer_positions(self, frame: str, *, since: int, batch: int) -> None:
        """Latest wins: a frame is taken only where it begins at what the screen knows; else the screen asks later
        for all that moved since."""
        if self.batch == since and self._frame is None:
            self._frame, self.batch = frame, batch
        self._wake.set()

    def offer_pulse(self, frame: str) -> None:
        self._pulse = frame
        self._wake.set()

    def close(self, reason: str) -> None:
        self.closing = reason
        self._events.clear()
        self._wake.set()
        self.closed.set()

    async def write(self, send: Send, moved_since: Callable[[int], tuple[str | None, int]]) -> None:
        """Until closed: all waiting events in one message, then positions, then the pulse."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self.closing:
                await send(frames.resync(self.closing))
                return
            if self._events:
                waiting, self._events = self._events, []
                await send(frames.events(waiting))
            if self._frame is not None:
                frame, self._frame = self._frame, None
                await send(frame)
            missed, self.batch = moved_since(self.batch)
            if missed is not None:
                await send(missed)
            if self._pulse is not None:
                pulse, self._pulse = self._pulse, None
                await send(pulse)
