"""One screen: its position in the log, and how it is brought up to date."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from dispatch.live import frames
from dispatch.live.frame import Frame
from dispatch.live.recent import TooSlow
from dispatch.telemetry.meters import RESYNCS

TOO_SLOW = "too slow: more events are waiting than the server keeps for a screen"


class Wire(Protocol):
    """The connection to one client. `ready` while the client reads; `when_ready` is called when it reads again."""

    when_ready: Callable[[], None] | None

    @property
    def ready(self) -> bool: ...

    def write(self, frame: Frame) -> None: ...


class News(Protocol):
    """What can be sent: events up to `seq`, positions up to `batch`, pulses up to `pulse_number`."""

    seq: int
    batch: int
    pulse_number: int
    pulse: Frame

    def keeps(self, seq: int) -> bool:
        """Whether all events after `seq` can still be sent."""
        ...

    def events_since(self, seq: int) -> Frame:
        """Raises TooSlow."""
        ...

    def moved_since(self, batch: int) -> Frame | None: ...


class Screen:
    """Has received everything up to event `seq`, batch of positions `batch` and pulse `pulse_number`. It never blocks
    others: what its client doesn't read yet is in the log that all screens share, and if it is no longer there the
    screen gets a resync."""

    def __init__(self, *, seq: int, batch: int, pulse_number: int = 0) -> None:
        self.seq, self.batch, self.pulse_number = seq, batch, pulse_number
        self.closing: str | None = None
        self.moving = self.ended = False
        self.closed = asyncio.Event()
        self._wire: Wire | None = None

    def begin(self, wire: Wire, news: News) -> None:
        """It has its snapshot; from now on it gets news."""
        self._wire = wire
        wire.when_ready = lambda: self.send_news(news)
        self.send_news(news)

    def move(self, reason: str) -> None:
        """It may keep its state and continue from there, on another node if there is one."""
        self.moving = True
        self.close(reason)

    def end(self, reason: str) -> None:
        """It has lost access, here and at other nodes."""
        self.ended = True
        self.close(reason)

    def close(self, reason: str) -> None:
        if self.closing is None and not (self.moving or self.ended):
            RESYNCS.labels(reason="too slow" if reason == TOO_SLOW else "error").inc()
        self.closing = self.closing or reason
        self.closed.set()

    def closing_message(self) -> str:
        assert self.closing is not None
        return (frames.move if self.moving else frames.resync)(self.closing)

    def send_news(self, news: News) -> None:
        """Write all waiting events in one message, then positions, then the pulse, as long as the client reads. Called
        for thousands of screens in turn, so it only looks at what is new for this one."""
        wire = self._wire
        if wire is None or self.closing:
            return
        if not wire.ready:
            if not news.keeps(self.seq):
                self.close(TOO_SLOW)
            return
        try:
            if self.seq < news.seq:
                wire.write(news.events_since(self.seq))
                self.seq = news.seq
            if self.batch < news.batch and wire.ready:
                moved, self.batch = news.moved_since(self.batch), news.batch
                if moved is not None:
                    wire.write(moved)
            if self.pulse_number < news.pulse_number and wire.ready:
                wire.write(news.pulse)
                self.pulse_number = news.pulse_number
        except TooSlow:
            self.close(TOO_SLOW)
