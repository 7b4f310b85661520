"""Positions that were sent to other nodes: fetched when those announce them, without an event."""

import asyncio
from datetime import UTC, datetime

from dispatch.desk.desk import Desk
from dispatch.store.announcements import Subscription
from dispatch.store.db import connection
from dispatch.store.units import positions

# Calls that wait get their turn between two pieces.
PIECE = 1_000


class RemotePositions:
    """Contains only positions that another node accepted. Clocks of different machines are not compared: which position
    of a unit is newer is decided by the times of its device, what is to be fetched by numbers of one node."""

    def __init__(self, desk: Desk, *, node: int) -> None:
        self._desk = desk
        self._node = node
        self._known: dict[int, int] = {}
        self.following = Subscription(positions.CHANNEL, is_news=self._is_news, catch_up=self.catch_up)

    async def catch_up(self) -> None:
        """Raises Unavailable."""
        now = datetime.now(UTC) if self.following.is_current else None
        async with connection(self._desk.pool) as db:
            found, known = await positions.since(db, known=self._known, but=self._node)
        units = self._desk.picture.room.units
        if not all(position.unit_id in units for position in found):
            # The unit was added before its position was sent, and the event of that may still be under way.
            await self._desk.feed.catch_up()
        for first in range(0, len(found), PIECE):
            self._desk.picture.share(found[first : first + PIECE], heard_at=now)
            await asyncio.sleep(0)
        self._known = known

    def start(self) -> None:
        self.following.start()

    async def stop(self) -> None:
        await self.following.stop()

    def _is_news(self, payload: str) -> bool:
        batch = positions.Batch(*map(int, payload.split()))
        return batch.node != self._node and batch.number > self._known.get(batch.node, 0)
