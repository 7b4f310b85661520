"""Stories told at once: as fast as it goes, under a clock that stands where each of them is."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

NEVER = 1e9
"""Seconds: past every end."""

Story = AsyncGenerator[float, None]
"""Does something, and yields after how many seconds it goes on."""


class Timeline:
    """`now` is the clock to hand to the desk."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._stories: list[tuple[datetime, int, Story]] = []
        self._order = count()

    def now(self) -> datetime:
        return self._now

    def begin(self, moment: datetime, story: Story) -> None:
        """Of a moment that is over already: next."""
        heappush(self._stories, (moment, next(self._order), story))

    async def run(
        self, until: datetime, *, due: Callable[[], datetime | None], tick: Callable[[datetime], Awaitable[None]]
    ) -> None:
        """All stories up to `until`, where they break off. At each moment that `due` names, `tick` is called first."""
        while True:
            following = min(self._stories[0][0], until) if self._stories else until
            late = due()
            self._now = max(self._now, min(following, late or following))
            if late is not None and late <= following:
                await tick(self._now)
            elif self._stories and self._stories[0][0] <= until:
                await self._go_on(heappop(self._stories)[2])
            else:
                break
        for _, _, story in self._stories:
            await story.aclose()

    async def _go_on(self, story: Story) -> None:
        try:
            wait_s = await anext(story)
        except StopAsyncIteration:
            return
        self.begin(self._now + timedelta(seconds=wait_s), story)
