"""Calls that came while the last ones were being committed: they go together in the next commit, without a timer."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from dispatch import meters
from dispatch.errors import Unavailable
from dispatch.model import IncidentId, Report


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """`answer`: the answer as JSON, and whether the report was new. `since`: when it came; `span`: which waits."""

    report: Report
    actor: str
    answer: asyncio.Future[tuple[str, bool]]
    since: float = field(default_factory=perf_counter)
    span: object = field(default_factory=meters.here)


class Line:
    """`turn` is held by who commits; whoever has it next takes all who wait along. `numbers` are ids of incidents that
    were not used, kept for the next."""

    def __init__(self, *, most: int) -> None:
        self.turn = asyncio.Lock()
        self.numbers: deque[IncidentId] = deque()
        self._most = most
        self._waiting: deque[Waiting] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, report: Report, *, actor: str) -> Waiting:
        """Raises Unavailable where too many wait: better to be told at once than to wait for memory to end."""
        if len(self._waiting) >= self._most:
            raise Unavailable(f"{self._most:,} calls wait to be stored; send this one again")
        place = Waiting(report, actor, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        return place

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
