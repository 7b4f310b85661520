"""A node that follows the others: as it listens, fetches and writes positions, without its doors."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from dispatch.desk.units.positions import PositionWriter, take
from dispatch.desk.units.remote_positions import RemotePositions
from dispatch.model import EventKind, NewEvent, UnitId, UnitPosition
from dispatch.model.city import City
from dispatch.store import journal
from dispatch.store.announcements import Announcements
from dispatch.store.db import Pool, connection, transaction
from dispatch.store.servers import Servers
from tests.dispatch.desk.nodes import Node

WAIT_S = 60


@dataclass(frozen=True)
class Follower:
    """`told`: the numbers of the events that its feed told, in the order in which it did."""

    node: Node
    writer: PositionWriter
    elsewhere: RemotePositions
    told: list[int]

    @classmethod
    @asynccontextmanager
    async def on(cls, database_url: str, city: City) -> AsyncIterator[Self]:
        """Once it follows; until the block ends."""
        servers = Servers(database_url)
        async with Node.on(servers, city) as node, AsyncExitStack() as rooms:
            told: list[int] = []
            feed = node.desk.feed
            feed.listeners.append(lambda entries: told.extend(entry.event.seq for entry in entries))
            writer = PositionWriter(node.desk.pool, retention_days=1)
            elsewhere = RemotePositions(node.desk, node=writer.node)
            announcements = Announcements(servers, node.desk.pool, [feed.following, elsewhere.following])
            for room in (feed, elsewhere, announcements):
                room.start()
                rooms.push_async_callback(room.stop)
            follower = cls(node, writer, elsewhere, told)
            await until(lambda: follower.is_current)
            yield follower

    @property
    def is_current(self) -> bool:
        return self.node.desk.feed.connected and self.elsewhere.following.is_current

    def where(self, unit_id: str) -> UnitPosition | None:
        return self.node.desk.picture.positions.get(UnitId(unit_id))

    async def hear(self, *positions: UnitPosition) -> None:
        """As from the units' devices, and written."""
        take(self.node.desk, self.writer, positions)
        await self.writer.flush()


async def until(true: Callable[[], bool]) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(WAIT_S):
        while not true():  # noqa: ASYNC110 - whatever it is that one waits for
            await asyncio.sleep(0.01)


async def something_happens(pool: Pool, times: int = 1) -> None:
    """As another node's act."""
    async with transaction(pool) as db:
        note = NewEvent(EventKind.NOTE_ADDED, datetime.now(UTC), "another node")
        await journal.append(db, new_events=[note] * times)


async def end_listeners(pool: Pool) -> int:
    """End the connections on which announcements are heard, as an administrator would; how many there were."""
    async with connection(pool) as db:
        rows = await db.fetch(
            """select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and application_name like '%announcements'"""
        )
    return len(rows)
