"""Calls that came while the last ones were being committed: they go together in the next commit, without a timer.

The line is shared fairly among senders: each takes its turn, and a full line refuses who has most waiting in it."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from operator import attrgetter
from time import perf_counter

from dispatch.errors import Unavailable
from dispatch.model import CallId, IncidentId, Report
from dispatch.model.sender import Sender
from dispatch.telemetry import meters

# More at once would make the first wait for the last; fewer, and the commit costs more than the calls.
MOST_TOGETHER = 64
# Where a sender with few calls comes upon another's many, so many of each go together, and for some seconds more: the
# next of those few calls doesn't wait for a long commit. Where all have many, a commit of many costs each call less.
SHARE = 16
SHARED_S = 5.0
# How much the last commit counts in what a call is expected to take.
NEWEST = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class QueuedReport:
    """`answer`: the answer as JSON, and whether the report was new. `adds_to`: the call that it refines. `since`: when
    it came; `span`: which waits; `context`: in which it came."""

    report: Report
    sender: Sender
    answer: asyncio.Future[tuple[str, bool]]
    adds_to: CallId | None = None
    since: float = field(default_factory=perf_counter)
    span: object = field(default_factory=meters.here)
    context: Context = field(default_factory=copy_context)


Serve = Callable[[Sequence[QueuedReport]], Coroutine[None, None, None]]


class BatchQueue:
    """`numbers` are ids of incidents that were not used, kept for the next.

    A queue is one node's. Nodes commit one after another, so that a call waits at most for a commit of each of them."""

    def __init__(self, *, most: int, most_wait_s: float) -> None:
        self.numbers: list[IncidentId] = []
        self._most, self._most_wait_s = most, most_wait_s
        self._waiting: dict[str, deque[QueuedReport]] = {}
        self._turns: deque[str] = deque()
        self._count = 0
        self._shared_at = -SHARED_S
        self._serving: asyncio.Task[None] | None = None
        self._call_s = 0.0

    def __len__(self) -> int:
        return self._count

    def admit(self, *, sender: str) -> None:
        """Raises Unavailable where this sender has too many waiting, or this call would wait too long: better to be
        told at once than to give up waiting for an answer that nobody hears any more, while those behind wait too."""
        if self._count >= self._most and self._own(sender) + 1 >= len(self._longest()):
            raise self._full()
        if self._count >= MOST_TOGETHER and self._ahead(sender) * self._call_s > self._most_wait_s:
            raise self._full()

    def join(self, report: Report, *, sender: Sender, adds_to: CallId | None = None) -> QueuedReport:
        """In a full queue in the place of the last of who has most waiting, who is told Unavailable.

        Raises Unavailable, as `admit`."""
        self.admit(sender=sender.name)
        if self._count >= self._most:
            self._turn_away()
        place = QueuedReport(report, sender, asyncio.get_running_loop().create_future(), adds_to)
        queue = self._queue_of(sender.name)
        if len(queue) < SHARE and self._count - len(queue) > max(SHARE, 2 * len(queue) + 1):
            self._shared_at = place.since
        queue.append(place)
        self._count += 1
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
        while self._count:
            places, began = self.first(MOST_TOGETHER, each=self._share()), perf_counter()
            # In the context of one of them: its logs and its trace are theirs.
            await asyncio.create_task(serve(places), context=places[0].context)
            pace_s = (perf_counter() - began) / len(places)
            self._call_s += (NEWEST if self._call_s else 1.0) * (pace_s - self._call_s)

    def first(self, count: int, *, each: int | None = None) -> list[QueuedReport]:
        """Out of the line: one of each sender in turn, at most `each` of one, in the order in which they came."""
        places: list[QueuedReport] = []
        rounds = 0
        while self._turns and len(places) < count and rounds != each:
            rounds += 1
            places += [self._next() for _ in range(min(len(self._turns), count - len(places)))]
        places.sort(key=attrgetter("since"))
        now = perf_counter()
        for place in places:
            meters.QUEUE_WAIT_SECONDS.observe(now - place.since)
        return places

    def put_back(self, places: Sequence[QueuedReport]) -> None:
        """Those without an answer, where they were: who committed them was himself called off."""
        for place in reversed(places):
            if not place.answer.done():
                self._queue_of(place.sender.name).appendleft(place)
                self._count += 1

    def _next(self) -> QueuedReport:
        sender = self._turns.popleft()
        queue = self._waiting[sender]
        place = queue.popleft()
        self._count -= 1
        if queue:
            self._turns.append(sender)
        else:
            del self._waiting[sender]
        return place

    def _queue_of(self, sender: str) -> deque[QueuedReport]:
        queue = self._waiting.get(sender)
        if queue is None:
            queue = self._waiting[sender] = deque()
            self._turns.append(sender)
        return queue

    def _share(self) -> int | None:
        """How many of one sender go together; None: as many as there are."""
        return SHARE if perf_counter() - self._shared_at < SHARED_S else None

    def _own(self, sender: str) -> int:
        return len(self._waiting.get(sender, ()))

    def _ahead(self, sender: str) -> int:
        """How many will be served before the next of this sender: of each of the others no more than of itself."""
        own = self._own(sender)
        return sum(min(len(queue), own + 1) for queue in self._waiting.values())

    def _longest(self) -> deque[QueuedReport]:
        return max(self._waiting.values(), key=len, default=deque())

    def _turn_away(self) -> None:
        """The newest of who has most waiting: it was not acknowledged, and its sender is told to send it again."""
        queue = self._longest()
        place = queue.pop()
        self._count -= 1
        if not place.answer.done():
            place.answer.set_exception(self._full())

    def _full(self) -> Unavailable:
        return Unavailable(f"{self._count:,} calls wait to be stored; send this one again")
