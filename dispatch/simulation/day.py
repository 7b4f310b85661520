"""Runs a simulation: callers, crews, dispatcher and screens at once, for its duration."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from random import Random
from time import perf_counter
from uuid import UUID, uuid4, uuid5

from dispatch.model.city import City
from dispatch.simulation.callers import PlannedCall, plan_calls
from dispatch.simulation.crews import Crews
from dispatch.simulation.demand import Emergency, by_the_hour, spread, steadily
from dispatch.simulation.dispatcher import Dispatcher, Patience
from dispatch.simulation.feed import Feed
from dispatch.simulation.screen import Screen
from dispatch.simulation.service import Service
from dispatch.simulation.summary import CallRecord, Summary

# How long after the last call answers may still arrive, and how long after those the screens may need to show the rest.
# If ended early, by Ctrl-C or with the parent, it doesn't wait for them.
ANSWERS_S, SCREENS_S, EARLY_S, LOOK_S = 45.0, 10.0, 1.0, 0.1
KEPT_CALLS = 200_000


@dataclass(frozen=True, slots=True)
class Options:
    url: str
    key: str
    rate: float
    seed: int
    duration_s: float | None
    screens: int
    dispatch: bool
    crews: bool
    by_hour: bool
    misuse: float
    pace: float
    patience: Patience = Patience()


class Refused(Exception):
    """The service refused the connection, or isn't running."""


class Day:
    """`summary` grows while it runs; `over` may be set to end it early."""

    def __init__(self, city: City, options: Options) -> None:
        self.city, self.options = city, options
        self.summary = Summary()
        self.screens = [Screen(options.url, options.key) for _ in range(options.screens)]
        self.over = asyncio.Event()
        self._run = uuid4()
        self._truth: dict[int, Emergency] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._fault: BaseException | None = None

    async def live(self) -> None:
        """Raises Refused."""
        async with Service(self.options.url, self.options.key) as service:
            self.summary.failures = service.failures
            await self._knock(service)
            async with self._city_at_work(service):
                self.summary.started_s = perf_counter()
                await self._send_calls(service)
                self.summary.ended_s = perf_counter()
                await self._settle()

    async def _knock(self, service: Service) -> None:
        answer = await service.get("/v1/units")
        if answer.status == 0:
            raise Refused(f"No service answers at {self.options.url}: `dispatch run` starts one.")
        if not answer.is_good:
            raise Refused(f"The service at {self.options.url} answered {answer.status}: is the key valid?")

    @asynccontextmanager
    async def _city_at_work(self, service: Service) -> AsyncIterator[None]:
        options = self.options
        radio = Feed(options.url, options.key)
        works = [screen.feed.follow() for screen in self.screens]
        if options.crews or options.dispatch:
            works.append(radio.follow())
        if options.crews:
            works.append(Crews(self.city, service, radio, seed=options.seed + 1, pace=options.pace).work())
        if options.dispatch:
            seed, patience = options.seed + 2, options.patience
            works.append(Dispatcher(service, radio, self._truth, seed=seed, patience=patience).work())
        working = [asyncio.create_task(work) for work in works]
        for task in working:
            task.add_done_callback(self._note_fault)
        try:
            await _until(lambda: self.over.is_set() or all(s.feed.ready.is_set() for s in self.screens), ANSWERS_S)
            for screen in self.screens:
                if screen.feed.refused or not (self.over.is_set() or screen.feed.ready.is_set()):
                    raise Refused(f"A screen could not be opened: {screen.feed.refused or 'no message came'}.")
            yield
        finally:
            for task in (*working, *self._sending):
                task.cancel()
            await asyncio.gather(*working, *self._sending, return_exceptions=True)
        if self._fault is not None:
            raise self._fault

    def _note_fault(self, task: asyncio.Task[None]) -> None:
        """A task that fails ends the day and is reported: a city without crews must not look like a quiet one."""
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()
            self.over.set()

    def _plan(self) -> Iterator[PlannedCall]:
        seed, arrivals = self.options.seed, self._arrivals(Random(self.options.seed))
        return plan_calls(self.city, seed=seed, arrivals=arrivals, misuse=self.options.misuse)

    def _arrivals(self, random: Random) -> Iterator[float]:
        rate, duration_s = self.options.rate, self.options.duration_s
        if self.options.by_hour:
            arrivals = by_the_hour(random, rate=rate, start=datetime.now(UTC), timezone=self.city.timezone)
            return takewhile(lambda at_s: duration_s is None or at_s < duration_s, arrivals)
        if duration_s is None:
            return steadily(random, rate=rate)
        return spread(random, count=round(rate * duration_s), over_s=duration_s)

    async def _send_calls(self, service: Service) -> None:
        """Open loop: a slow answer delays no other call."""
        started_s = perf_counter()
        for number, call in enumerate(self._plan()):
            due_s = started_s + call.at_s
            if await self._ended_before(due_s):
                return
            record = CallRecord(str(uuid5(self._run, str(number))), due_s)
            self.summary.calls.append(record)
            del self.summary.calls[:-KEPT_CALLS]
            task = asyncio.create_task(self._call(service, call, record))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _ended_before(self, moment_s: float) -> bool:
        wait_s = moment_s - perf_counter()
        if wait_s <= 0:
            await asyncio.sleep(0)
            return self.over.is_set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.over.wait(), wait_s)
        return self.over.is_set()

    async def _call(self, service: Service, call: PlannedCall, record: CallRecord) -> None:
        body = call.body(UUID(record.id), datetime.now(UTC))
        answer, record.attempts = await service.post_again("/v1/calls", body)
        if not answer.is_good:
            record.refused = answer.status
            return
        record.acknowledged_s = perf_counter()
        record.incident_id, record.joined = answer.body["incident_id"], answer.body["joined"]
        self._truth.setdefault(answer.body["incident_id"], call.emergency)
        for delay_s, fix in call.later:
            await asyncio.sleep(delay_s)
            sent_s = perf_counter()
            answer, _ = await service.post_again(
                f"/v1/calls/{record.id}/fixes", {"fixes": [fix.body(datetime.now(UTC))]}
            )
            if answer.is_good:
                self.summary.fixes.append((record.id, sent_s))

    async def _settle(self) -> None:
        """Wait for the last answers and the screens' last events, but not for fixes that would still follow."""
        early = self.over.is_set()
        await _until(lambda: not self.summary.pending, EARLY_S if early else ANSWERS_S)
        await _until(lambda: not self.summary.unseen(self.screens), EARLY_S if early else SCREENS_S)


async def _until(done: Callable[[], bool], limit_s: float) -> None:
    end_s = perf_counter() + limit_s
    while not done() and perf_counter() < end_s:  # noqa: ASYNC110 - what it waits for has no event
        await asyncio.sleep(LOOK_S)
