"""A day, or half a minute, in the city: callers, crews, dispatcher and screens at once, until it is over."""

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
from scripts.simulation.callers import PlannedCall, plan_calls
from scripts.simulation.crews import Crews
from scripts.simulation.demand import Emergency, by_the_hour, spread, steadily
from scripts.simulation.dispatcher import Dispatcher, Patience
from scripts.simulation.feed import Feed
from scripts.simulation.screen import Screen
from scripts.simulation.service import Service
from scripts.simulation.summary import CallRecord, Summary

# How long after the last call answers may still come, and after those the screens may show what they have to.
ANSWERS_S, SCREENS_S, LOOK_S = 45.0, 10.0, 0.1
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
    """The service doesn't let us in, or isn't there."""


class Day:
    """`summary` grows while it runs; `over` may be set by anybody to end it early."""

    def __init__(self, city: City, options: Options) -> None:
        self.city, self.options = city, options
        self.summary = Summary()
        self.screens = [Screen(options.url, options.key) for _ in range(options.screens)]
        self.over = asyncio.Event()
        self._run = uuid4()
        self._truth: dict[int, Emergency] = {}
        self._sending: set[asyncio.Task[None]] = set()

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
            raise Refused(f"No service answers at {self.options.url}: scripts/run starts one.")
        if not answer.is_good:
            raise Refused(f"The service at {self.options.url} answered {answer.status}: is the key right?")

    @asynccontextmanager
    async def _city_at_work(self, service: Service) -> AsyncIterator[None]:
        options = self.options
        radio = Feed(options.url, options.key)
        working = [asyncio.create_task(screen.feed.follow()) for screen in self.screens]
        if options.crews or options.dispatch:
            working.append(asyncio.create_task(radio.follow()))
        if options.crews:
            crews = Crews(self.city, service, radio, seed=options.seed + 1, pace=options.pace)
            working.append(asyncio.create_task(crews.work()))
        if options.dispatch:
            dispatcher = Dispatcher(service, radio, self._truth, seed=options.seed + 2, patience=options.patience)
            working.append(asyncio.create_task(dispatcher.work()))
        try:
            await asyncio.gather(*(screen.feed.ready.wait() for screen in self.screens))
            if any(screen.feed.refused for screen in self.screens):
                raise Refused("A screen was not let in: " + str(self.screens[0].feed.refused))
            yield
        finally:
            for task in (*working, *self._sending):
                task.cancel()
            await asyncio.gather(*working, *self._sending, return_exceptions=True)

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
        """The last answers, and the screens' last events; not the fixes that would still follow."""
        await _until(lambda: not self.summary.pending, ANSWERS_S)
        await _until(lambda: not self.summary.unseen(self.screens), SCREENS_S)


async def _until(done: Callable[[], bool], limit_s: float) -> None:
    end_s = perf_counter() + limit_s
    while not done() and perf_counter() < end_s:  # noqa: ASYNC110 - what it waits for has no event
        await asyncio.sleep(LOOK_S)
