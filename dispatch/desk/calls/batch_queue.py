"""Calls that came while the last ones were being committed: they go together in the next commit, without a timer."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from time import perf_counter

from dispatch import meters
from dispatch.errors import Unavailable
from dispatch.model import CallId, IncidentId, Report

# More at once would make the first wait for the last; fewer, and the commit costs more than the calls.
MOST_TOGETHER = 64
# How much the last commit counts in what a call is expected to take.
NEWEST = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """`answer`: the answer as JSON, and whether the report was new. `adds_to`: the call that it refines. `since`: when
    it came; `span`: which waits; `context`: in which it came."""

    report: Report
    actor: str
    answer: asyncio.Future[tuple[str, bool]]
    adds_to: CallId | None = None
    since: float = field(default_factory=perf_counter)
    span: object = field(default_factory=meters.here)
    context: Context = field(default_factory=copy_context)


Serve = Callable[[Sequence[Waiting]], Coroutine[None, None, None]]


class BatchQueue:
    """`numbers` are ids of incidents that were not used, kept for the next."""

    def __init__(self, *, most: int, most_wait_s: float) -> None:
        self.numbers: list[IncidentId] = []
        self._most, self._most_wait_s = most, most_wait_s
        self._waiting: deque[Waiting] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._call_s = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def admit(self) -> None:
        """Raises Unavailable where too many wait, or would wait too long: better to be told at once than to give up
        waiting for an answer that nobody hears any more, while those behind wait for it too."""
        count = len(self._waiting)
        if count >= self._most or (count >= MOST_TOGETHER and count * self._call_s > self._most_wait_s):
            raise Unavailable(f"{count:,} calls wait to be stored; send this one again")

    def join(self, report: Report, *, actor: str, adds_to: CallId | None = None) -> Waiting:
        """Raises Unavailable, as `admit`."""
        self.admit()
        place = Waiting(report, actor, asyncio.get_running_loop().create_future(), adds_to)
        self._waiting.append(place)
        return place

    def attend(self, serve: Serve) -> None:
        """All who wait are served, as many at a time as go together, by one server: those who wait are woken once, each
        with its answer. No caller serves, so that none who hangs up stops the others."""
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve(serve), name="batch-queue", context=Context())

    async def served(self) -> None:
        """Until nobody is served any more: what follows from the last calls is done, too."""
        if self._serving is not None:
            await asyncio.shield(self._serving)

    async def _serve(self, serve: Serve) -> None:
        while self._waiting:
            places, began = self.first(MOST_TOGETHER), perf_counter()
            # In the context of one of them: its logs and its trace are theirs.
            await asyncio.create_task(serve(places), context=places[0].context)
            pace_s = (perf_counter() - began) / len(places)
            self._call_s += (NEWEST if self._call_s else 1.0) * (pace_s - self._call_s)

    def first(self, count: int) -> list[Waiting]:
        """The first who still wait, out of the line."""
        places = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
        now = perf_counter()
        for place in places:
            meters.LINE_SECONDS.observe(now - place.since)
        return places

    def put_back(self, places: Sequence[Waiting]) -> None:
        """Those without an answer, where they were: who committed them was himself called off."""
        self._waiting.extendleft(reversed([place for place in places if not place.answer.done()]))
