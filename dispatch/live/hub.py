"""All screens: told of events as they come, of positions twice a second, and every few seconds that we live."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dispatch.live import frames
from dispatch.live.screen import Screen
from dispatch.picture.picture import Picture
from dispatch.store.journal import Entry

POSITIONS_EVERY_S = 0.5
PULSE_EVERY_S = 5.0


class Hub:
    def __init__(self, picture: Picture, *, queue: int) -> None:
        self.picture = picture
        self.screens: set[Screen] = set()
        self._queue = queue
        self._shown = picture.moved
        self._tasks: list[asyncio.Task[None]] = []

    @contextmanager
    def screen(self) -> Iterator[Screen]:
        """A screen that misses nothing from this moment on."""
        screen = Screen(queue=self._queue, batch=self.picture.moved)
        self.screens.add(screen)
        try:
            yield screen
        finally:
            self.screens.discard(screen)

    def follow(self, entries: Sequence[Entry]) -> None:
        for screen in self.screens:
            for entry in entries:
                screen.offer_event(entry.body)

    def moved_since(self, batch: int) -> tuple[str | None, int]:
        """For a screen that fell behind on positions: where all units are that moved since, and up to which batch."""
        if batch >= self._shown:
            return None, batch
        moved = self.picture.moved_since(batch)
        return (frames.positions(moved) if moved else None), self._shown

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._show_positions(), name="live-positions"),
            asyncio.create_task(self._beat(), name="live-pulse"),
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for screen in self.screens:
            screen.close("this server is stopping")

    async def _show_positions(self) -> None:
        while True:
            await asyncio.sleep(POSITIONS_EVERY_S)
            since, now = self._shown, self.picture.moved
            if now == since:
                continue
            moved = self.picture.moved_since(since)
            self._shown = now
            frame = frames.positions(moved)
            for screen in self.screens:
                screen.offer_positions(frame, since=since, batch=now)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PULSE_EVERY_S)
            frame = frames.pulse(seq=self.picture.room.seq, screens=len(self.screens))
            for screen in self.screens:
                screen.offer_pulse(frame)
