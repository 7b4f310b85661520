"""One screen: how far it knows, and one writer that brings it up to now whenever there is news."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from dispatch.live import frames
from dispatch.live.recent import TooSlow

Send = Callable[[str], Awaitable[None]]
TOO_SLOW = "too slow: more events waited than are kept for a screen"


class News(Protocol):
    """What happened since a screen was told: the frame for it (None: nothing), and up to where it goes."""

    def events_since(self, seq: int) -> tuple[str | None, int]:
        """Raises TooSlow."""
        ...

    def moved_since(self, batch: int) -> tuple[str | None, int]: ...

    def pulse_since(self, beat: int) -> tuple[str | None, int]: ...


class Screen:
    """Knows all up to event `seq`, batch of positions `batch` and pulse `beat`. Nobody waits for it: what it doesn't
    take stands in the log that all screens share, and when it is no longer there the screen is told to resync."""

    def __init__(self, *, seq: int, batch: int, beat: int = 0) -> None:
        self.seq, self.batch, self.beat = seq, batch, beat
        self.closing: str | None = None
        self.moving = False
        self.closed = asyncio.Event()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is news."""
        self._wake.set()

    def move(self, reason: str) -> None:
        """It may keep what it knows and go on from there, on another node if there is one."""
        self.moving = True
        self.close(reason)

    def close(self, reason: str) -> None:
        self.closing = self.closing or reason
        self._wake.set()
        self.closed.set()

    async def write(self, send: Send, news: News) -> None:
        """Until closed: all events that wait in one message, then positions, then the pulse."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not self.closing:
                try:
                    await self._tell(send, news)
                except TooSlow:
                    self.close(TOO_SLOW)
            if self.closing:
                await send((frames.move if self.moving else frames.resync)(self.closing))
                return

    async def _tell(self, send: Send, news: News) -> None:
        frame, self.seq = news.events_since(self.seq)
        if frame is not None:
            await send(frame)
        frame, self.batch = news.moved_since(self.batch)
        if frame is not None:
            await send(frame)
        frame, self.beat = news.pulse_since(self.beat)
        if frame is not None:
            await send(frame)
