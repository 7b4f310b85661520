"""All screens: they get events at once, positions twice a second, and a pulse every few seconds."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from dispatch.live import frames
from dispatch.live.delivery_log import log_delivery
from dispatch.live.frame import Frame
from dispatch.live.recent import Recent
from dispatch.live.screen import Screen
from dispatch.picture.picture import Picture
from dispatch.store.journal import Entry

log = structlog.get_logger()

POSITIONS_EVERY_S = 0.5
PULSE_EVERY_S = 5.0
MOVES_PER_S = 1_000.0
STOPPING = "the server is shutting down"
# Screens written in one stretch, before calls get a turn. A call waits for the database a dozen times, and each time
# for a stretch: a third of a millisecond. A turn of the event loop costs as much as one screen.
SCREENS_PER_TURN = 16


class Hub:
    """Holds the news for its screens; each frame is made once for all of them."""

    def __init__(self, picture: Picture, *, queue: int) -> None:
        self.picture = picture
        self.screens: set[Screen] = set()
        self.seq, self.batch, self.pulse_number = int(picture.room.seq), picture.moved, 0
        self.pulse = frames.pulse(seq=self.seq, screens=0)
        self._recent = Recent(seq=self.seq, keep=queue)
        self._moved: dict[int, Frame | None] = {}
        self._snapshot: tuple[tuple[int, int], str] | None = None
        self._all_positions: tuple[int, Frame] | None = None
        self._unsent: list[Entry] = []
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @contextmanager
    def screen(self) -> Iterator[Screen]:
        """A screen that receives everything from now on."""
        screen = Screen(seq=self.seq, batch=self.batch, pulse_number=self.pulse_number)
        self.screens.add(screen)
        try:
            yield screen
        finally:
            self.screens.discard(screen)

    def snapshot(self, *, me: dict[str, str]) -> str:
        """The current state, made once for all that connect at the same time. Its positions may be older by one
        interval of positions; newer ones follow."""
        moment = self.picture.room.seq, self.batch
        if self._snapshot is None or self._snapshot[0] != moment:
            self._snapshot = moment, frames.snapshot(self.picture)
        return frames.for_one(self._snapshot[1], me=me, screens=len(self.screens))

    def all_positions(self) -> Frame:
        """Positions of all units, made once for all screens that reconnect at the same time."""
        if self._all_positions is None or self._all_positions[0] != self.batch:
            self._all_positions = self.batch, frames.positions(self.picture.positions.values())
        return self._all_positions[1]

    def follow(self, entries: Sequence[Entry]) -> None:
        self._recent.add(entries)
        self.seq = self._recent.seq
        self._unsent += entries
        self._news.set()

    def keeps(self, seq: int) -> bool:
        return self._recent.has_after(seq)

    def events_since(self, seq: int) -> Frame:
        """Raises TooSlow."""
        return self._recent.since(seq)

    def moved_since(self, batch: int) -> Frame | None:
        """Positions of all units that moved since: a screen that fell behind gets the latest of each, once."""
        if batch not in self._moved:
            moved = self.picture.moved_since(batch)
            self._moved[batch] = frames.positions(moved) if moved else None
        return self._moved[batch]

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._send_news(), name="live-screens"),
            asyncio.create_task(self._send_positions(), name="live-positions"),
            asyncio.create_task(self._send_pulses(), name="live-pulse"),
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for screen in self.screens:
            screen.move(STOPPING)

    async def move_screens(self, *, per_s: float = MOVES_PER_S) -> None:
        """Send every screen the move message, one after the other so that they don't reach other nodes at the same
        instant. Returns when all have gone; until its turn a screen receives everything."""
        began = time.monotonic()
        for count, screen in enumerate(list(self.screens)):
            await asyncio.sleep(max(0.0, began + count / per_s - time.monotonic()))
            screen.move(STOPPING)
        while self.screens:  # noqa: ASYNC110 - nobody else ever waits for that
            await asyncio.sleep(0.02)

    async def _send_news(self) -> None:
        """Write to screen after screen while there is news. News that arrives meanwhile is sent to the remaining
        screens with it and to the others afterwards. It has reached all after as many writes as there are screens, and
        never waits for a pass to end."""
        waiting: deque[Screen] = deque()
        sent_so_far = 0
        in_progress: deque[tuple[int, list[Entry]]] = deque()
        while True:
            if not waiting:
                await self._news.wait()
            if self._news.is_set():
                self._news.clear()
                waiting = deque(dict.fromkeys((*waiting, *self.screens)))
                in_progress.append((sent_so_far + len(waiting), self._unsent))
                self._unsent = []
            for _ in range(min(SCREENS_PER_TURN, len(waiting))):
                self._send_to(waiting.popleft())
                sent_so_far += 1
            while in_progress and in_progress[0][0] <= sent_so_far:
                _, entries = in_progress.popleft()
                if entries:
                    log_delivery(entries, screens=len(self.screens))
            await asyncio.sleep(0)

    def _send_to(self, screen: Screen) -> None:
        try:
            screen.send_news(self)
        except Exception:
            log.exception("screen_not_told")
            screen.close("internal error")

    async def _send_positions(self) -> None:
        while True:
            await asyncio.sleep(POSITIONS_EVERY_S)
            if self.picture.moved != self.batch:
                self.batch = self.picture.moved
                self._moved.clear()
                self._news.set()

    async def _send_pulses(self) -> None:
        while True:
            await asyncio.sleep(PULSE_EVERY_S)
            self.pulse_number += 1
            self.pulse = frames.pulse(seq=self.picture.room.seq, screens=len(self.screens))
            self._news.set()
