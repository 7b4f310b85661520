"""All clients of a round: callers, dispatchers, screens and crews, at both nodes, each with its own log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from time import perf_counter

from dispatch.model import Incident
from dispatch.model.city import City
from dispatch.model.room import Room
from dispatch.store.snapshot import snapshot
from scripts.fault_runs.callers import Callers
from scripts.fault_runs.cluster import Cluster
from scripts.fault_runs.crews import Crews
from scripts.fault_runs.dispatchers import Dispatcher
from scripts.fault_runs.history import History, Stored, stored
from scripts.fault_runs.node_client import NodeClient
from scripts.fault_runs.screens import Screen
from scripts.fault_runs.tasks import call_off

SCREENS, DISPATCHERS = 4, 2
ANSWERED_S, SHOWN_S = 60.0, 30.0
LOOK_S = 0.05
MOST_OPEN, AT_ONCE = 20, 8


@dataclass(frozen=True, slots=True)
class Crowd:
    cluster: Cluster
    client: NodeClient
    before: Room
    callers: Callers
    screens: list[Screen]
    dispatchers: list[Dispatcher]
    crews: Crews

    @classmethod
    @asynccontextmanager
    async def of(cls, cluster: Cluster, city: City, *, per_s: float, seed: int) -> AsyncIterator["Crowd"]:
        """Not started yet."""
        async with cluster.pool() as pool:
            before = await snapshot(pool)
        async with NodeClient(cluster.urls, cluster.key, Random(seed)) as client:
            callers = Callers(client, city, per_s=per_s, seed=seed)
            screens = [Screen(f"{n}", cluster.urls, cluster.key, node=n % len(cluster.urls)) for n in range(SCREENS)]
            dispatchers = [Dispatcher(client, screens[n], callers, seed=seed + n) for n in range(DISPATCHERS)]
            yield cls(cluster, client, before, callers, screens, dispatchers, Crews(client, before, seed=seed))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[list[History]]:
        """Until the block ends; then all requests are completed, and the history is in the list."""
        told: list[History] = []
        watching = [asyncio.create_task(screen.watch()) for screen in self.screens]
        acting = [asyncio.create_task(act()) for act in (self.callers.call, *(d.work for d in self.dispatchers))]
        driving = asyncio.create_task(self.crews.drive())
        try:
            yield told
            self.callers.end()
            for dispatcher in self.dispatchers:
                dispatcher.end()
            await asyncio.gather(*acting)
            await self.callers.all_answered(within_s=ANSWERED_S)
            await call_off([driving])
            _raise_from([*watching, driving])
            told.append(await self._history())
            await tidy(self.client, told[0].fresh)
        finally:
            await call_off([*watching, *acting, driving])
            await self.callers.call_off()

    async def _history(self) -> History:
        """When all screens have reached the state of the database, or after a time limit."""
        ids = {sent.report_id for sent in self.callers.sent}
        until_s = perf_counter() + SHOWN_S
        async with self.cluster.pool() as pool:
            while True:
                now = await stored(pool, since=self.before.seq, report_ids=ids)
                if perf_counter() > until_s or all(screen.room.seq == now.fresh.seq for screen in self.screens):
                    return self._with(now)
                await asyncio.sleep(LOOK_S)

    def _with(self, now: Stored) -> History:
        """Copies: a timer of a node may send more to the screens at any moment."""
        return History(
            sent=list(self.callers.sent),
            deeds=[deed for dispatcher in self.dispatchers for deed in dispatcher.deeds],
            told={screen.name: list(screen.told) for screen in self.screens},
            rooms={screen.name: deepcopy(screen.room) for screen in self.screens},
            before=self.before,
            events=now.events,
            fresh=now.fresh,
            reports=now.reports,
            calls=now.calls,
            tables=now.tables,
        )


async def tidy(client: NodeClient, room: Room) -> None:
    """Close most open incidents: a state that only grows would make every later round slower."""
    incidents = list(room.incidents.values())[MOST_OPEN:]
    turns = asyncio.Semaphore(AT_ONCE)

    async def close(incident: Incident) -> None:
        async with turns:
            body = {"reason": "x", "version": incident.version}
            await client.ask(client.any(), "POST", f"/v1/incidents/{incident.id}/close", body)

    await asyncio.gather(*(close(incident) for incident in incidents))


def _raise_from(tasks: list[asyncio.Task[None]]) -> None:
    """Unexpected exceptions of the tasks."""
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()
