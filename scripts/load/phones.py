"""Open loop: a call is sent when it is due, regardless of earlier answers; all delays count from the due time."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID, uuid5

import msgspec

from dispatch.simulation.callers import PlannedCall
from scripts.load.wire import Broken, Client

PATIENCE_S = 30.0
NO_ANSWER = 0


@dataclass(slots=True)
class Fate:
    """Times are perf_counter seconds. `status` 0: no answer."""

    id: str
    due_s: float
    sent_s: float
    status: int = NO_ANSWER
    answered_s: float | None = None
    incident_id: int | None = None

    @property
    def acknowledged(self) -> bool:
        return self.status in {200, 201}


class _Answer(msgspec.Struct):
    incident_id: int


class Phones:
    def __init__(self, client: Client, run: UUID) -> None:
        self._client = client
        self._run = run
        self.fates: list[Fate] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def call(self, calls: Sequence[PlannedCall], over: asyncio.Event) -> None:
        """Send all of them, each at its time; returns when the last has its answer, or after a time limit."""
        began_s = perf_counter()
        for number, call in enumerate(calls):
            due_s = began_s + call.at_s
            if (wait_s := due_s - perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            if over.is_set():
                break
            task = asyncio.create_task(self._call(call, uuid5(self._run, str(number)), due_s))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
            if number % 64 == 0:
                await asyncio.sleep(0)
        if self._sending:
            await asyncio.wait(self._sending, timeout=PATIENCE_S)
        for task in self._sending:
            task.cancel()

    async def _call(self, call: PlannedCall, id: UUID, due_s: float) -> None:
        fate = Fate(str(id), due_s, perf_counter())
        self.fates.append(fate)
        body = msgspec.json.encode(call.body(id, datetime.now(UTC)))
        try:
            fate.status, answer = await self._client.post("/v1/calls", body)
        except Broken:
            return
        fate.answered_s = perf_counter()
        if fate.acknowledged:
            fate.incident_id = msgspec.json.decode(answer, type=_Answer).incident_id

    def statuses(self) -> Counter[int]:
        return Counter(fate.status for fate in self.fates)
