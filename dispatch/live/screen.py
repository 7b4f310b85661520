"""One screen: how far it knows, and how it is brought up to now whenever there is news."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from dispatch.live import frames
from dispatch.live.frame import Frame
from dispatch.live.recent import TooSlow
from dispatch.meters import RESYNCS

TOO_SLOW = "too slow: more events waited than are kept for a screen"


class Wire(Protocol):
    """To one peer. `ready` while it takes what it is sent; `when_ready` is called when it does so again."""

    when_ready: Callable[[], None] | None

    @property
    def ready(self) -> bool: ...

    def write(self, frame: Frame) -> None: ...


class News(Protocol):
    """What happened since a screen was told: the frame for it (None: nothing), and up to where it goes."""

    def keeps(self, seq: int) -> bool:
        """Whether all events after `seq` can still be told."""
        ...

    def events_since(self, seq: int) -> tuple[Frame | None, int]:
        """Raises TooSlow."""
        ...

    def moved_since(self, batch: int) -> tuple[Frame | None, int]: ...

    def pulse_since(self, beat: int) -> tuple[Frame | None, int]: ...


class Screen:
    """Knows all up to event `seq`, batch of positions `batch` and pulse `beat`. Nobody waits for it: what it doesn't
    take stands in the log that all screens share, and when it is no longer there the screen is told to resync."""

    def __init__(self, *, seq: int, batch: int, beat: int = 0) -> None:
        self.seq, self.batch, self.beat = seq, batch, beat
        self.closing: str | None = None
        self.moving = False
        self.closed = asyncio.Event()
        self._wire: Wire | None = None

    def begin(self, wire: Wire, news: News) -> None:
        """It has its snapshot: from now on it is told."""
        self._wire = wire
        wire.when_ready = lambda: self.tell(news)
        self.tell(news)

    def move(self, reason: str) -> None:
        """It may keep what it knows and go on from there, on another node if there is one."""
        self.moving = True
        self.close(reason)

    def close(self, reason: str) -> None:
        if self.closing is None and not self.moving:
            RESYNCS.labels(reason="too slow" if reason == TOO_SLOW else "error").inc()
        self.closing = self.closing or reason
        self.closed.set()

    def goodbye(self) -> str:
        assert self.closing is not None
        return (frames.move if self.moving else frames.resync)(self.closing)

    def tell(self, news: News) -> None:
        """All events that wait in one message, then positions, then the pulse, as far as the peer takes them."""
        wire = self._wire
        if wire is None or self.closing:
            return
        try:
            if wire.ready:
                frame, self.seq = news.events_since(self.seq)
                if frame is not None:
                    wire.write(frame)
            if wire.ready:
                frame, self.batch = news.moved_since(self.batch)
                if frame is not None:
                    wire.write(frame)
            if wire.ready:
                frame, self.beat = news.pulse_since(self.beat)
                if frame is not None:
                    wire.write(frame)
            elif not news.keeps(self.seq):
                raise TooSlow
        except TooSlow:
            self.close(TOO_SLOW)
