"""Citizens whose phones send a report until it is acknowledged, and some of them once more after that."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import count
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

from dispatch.model.city import City
from dispatch.simulation.callers import PlannedCall, plan_calls
from scripts.fault_runs.logs import Sent
from scripts.fault_runs.node_client import PATIENCE_S, Answer, NodeClient
from scripts.fault_runs.tasks import call_off

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.0
AGAIN = 0.1
"""Probability that a phone repeats an acknowledged report, as if the answer had been lost."""
MISUSE = 0.06
FINAL = range(200, 500)


class Callers:
    """`sent` is their common log. Arrivals don't wait for answers."""

    def __init__(self, client: NodeClient, city: City, *, per_s: float, seed: int) -> None:
        self.sent: list[Sent] = []
        self._client, self._random = client, Random(seed)
        arrivals = (n / per_s for n in count())
        self._plan = plan_calls(city, seed=seed, arrivals=arrivals, misuse=MISUSE)
        self._calling: set[asyncio.Task[None]] = set()
        self._ended = False

    @property
    def waiting(self) -> int:
        return len(self._calling)

    async def call(self) -> None:
        """Until ended; a call that has begun continues until it is acknowledged."""
        async for body in self._due():
            self._begin(body)

    def end(self) -> None:
        self._ended = True

    async def all_answered(self, *, within_s: float) -> None:
        """Calls without an answer by then are cancelled; the log records it."""
        if self._calling:
            await asyncio.wait(self._calling, timeout=within_s)
        await self.call_off()

    async def call_off(self) -> None:
        await call_off(self._calling)

    async def call_patiently(self, node: int, *, patience_s: float) -> Sent:
        """One more call, with a longer timeout than any phone's before it tries another node; returns the result of the
        first try."""
        body = self._body(next(self._plan))
        first = await self._send(node, body, patience_s=patience_s)
        self._begin(body)
        return first

    def _begin(self, body: dict[str, Any]) -> None:
        task = asyncio.create_task(self._insist(body))
        self._calling.add(task)
        task.add_done_callback(self._calling.discard)

    def _body(self, call: PlannedCall) -> dict[str, Any]:
        return call.body(UUID(int=self._random.getrandbits(128), version=4), datetime.now(UTC))

    async def _due(self) -> AsyncIterator[dict[str, Any]]:
        began_s = perf_counter()
        for call in self._plan:
            await asyncio.sleep(began_s + call.at_s - perf_counter())
            if self._ended:
                return
            yield self._body(call)

    async def _insist(self, body: dict[str, Any]) -> None:
        node = self._client.any()
        for pause_s in self._pauses():
            if (await self._send(node, body)).status in FINAL:
                break
            node = self._client.next(node)
            await asyncio.sleep(pause_s)
        if self._random.random() < AGAIN:
            await self._send(self._client.next(node), body)

    async def _send(self, node: int, body: dict[str, Any], *, patience_s: float = PATIENCE_S) -> Sent:
        """A cancelled one is logged too."""
        sent_s, answer = perf_counter(), Answer(0)
        try:
            answer = await self._client.ask(node, "POST", "/v1/calls", body, patience_s=patience_s)
        finally:
            sent = Sent(UUID(body["id"]), node, sent_s, perf_counter(), answer.status, answer.text, answer.says_when)
            self.sent.append(sent)
        return sent

    def _pauses(self) -> Iterator[float]:
        pause_s = FIRST_PAUSE_S
        while True:
            yield pause_s * self._random.uniform(0.5, 1.0)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
