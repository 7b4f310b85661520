"""Timers: report each interval that exceeds its target and each crew that falls silent, once for all nodes."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from heapq import nsmallest

import structlog

from dispatch.desk.desk import Desk
from dispatch.desk.watch.deadlines import Deadlines
from dispatch.desk.watch.overdue import note_overdue
from dispatch.desk.watch.unit_timeouts import UnitTimeouts
from dispatch.errors import DispatchError
from dispatch.model import Incident, IncidentId, IncidentStatus
from dispatch.policy.watch.overdue import next_due
from dispatch.store.journal import Entry

log = structlog.get_logger()

# After an earthquake thousands are due at once. A transaction holds the journal's head while it writes; dispatchers'
# requests run between two of them, and the most urgent incidents come first.
INCIDENTS_PER_TRANSACTION = 50
A_TURN = 200
PAUSE_S = 0.2
LISTEN_EVERY = timedelta(seconds=2)
SOMEBODY_ACTS = timedelta(seconds=0.3)
RETRY_S = 2.0


class Timers:
    """`follow` receives events from the feed and keeps one deadline for each incident; the task sleeps until the
    earliest."""

    def __init__(self, desk: Desk, *, now: datetime | None = None) -> None:
        self._desk = desk
        self._deadlines: Deadlines[IncidentId] = Deadlines()
        self._waiting: set[IncidentId] = set()
        self._sooner = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        now = now or desk.now()
        self._listening = UnitTimeouts(desk, since=now)
        self._listen_at = now + LISTEN_EVERY
        self._wake_at = now
        for incident in desk.picture.room.incidents.values():
            self._watch(incident, now)

    def follow(self, entries: Sequence[Entry]) -> None:
        now = self._desk.now()
        for entry in entries:
            self._listening.follow(entry)
            if entry.event.incident is not None:
                self._watch(entry.event.incident, now)
        soonest = self._deadlines.soonest()
        if soonest is not None and soonest < self._wake_at:
            self._sooner.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="timers")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def soonest(self) -> datetime | None:
        """When the next interval outlasts its target, if nothing happens before."""
        return self._deadlines.soonest()

    async def tick(self, at: datetime) -> None:
        """Process what is due at this time, up to the limit of one turn. Raises Unavailable."""
        await self._check_incidents(at)
        if at >= self._listen_at:
            self._listen_at = at + LISTEN_EVERY
            await self._listening.check(at)

    async def _run(self) -> None:
        while True:
            try:
                await self.tick(self._desk.now())
            except DispatchError as error:
                log.warning("timers_waiting", error=str(error))
                await asyncio.sleep(RETRY_S)
            if self._waiting:
                await asyncio.sleep(PAUSE_S)
            else:
                await self._sleep()

    async def _sleep(self) -> None:
        soonest = self.soonest()
        self._wake_at = min(soonest or self._listen_at, self._listen_at)
        self._sooner.clear()
        with suppress(TimeoutError):
            wait_s = (self._wake_at - self._desk.now()).total_seconds()
            await asyncio.wait_for(self._sooner.wait(), max(0.0, wait_s))

    async def _check_incidents(self, at: datetime) -> None:
        self._waiting.update(self._deadlines.take_due(at))
        turn = self._most_urgent()
        for start in range(0, len(turn), INCIDENTS_PER_TRANSACTION):
            some = turn[start : start + INCIDENTS_PER_TRANSACTION]
            seen = await note_overdue(self._desk, some, at=at)
            self._waiting.difference_update(some)
            for incident_id in set(some) - {i.id for i in seen}:
                self._deadlines.set(incident_id, at + SOMEBODY_ACTS)
            for incident in seen:
                self._watch(incident, at)
            await asyncio.sleep(0)

    def _most_urgent(self) -> list[IncidentId]:
        """Of the waiting incidents, by priority, then the oldest. Those that are no longer open are dropped."""
        incidents = self._desk.picture.room.incidents
        self._waiting &= incidents.keys()
        return nsmallest(A_TURN, self._waiting, key=lambda i: (incidents[i].priority, incidents[i].opened_at, i))

    def _watch(self, incident: Incident, at: datetime) -> None:
        if incident.status is IncidentStatus.CLOSED:
            self._waiting.discard(incident.id)
            self._deadlines.set(incident.id, None)
            return
        units, city = self._desk.picture.room.units, self._desk.city
        self._deadlines.set(incident.id, next_due(incident, units=units, city=city, at=at))
