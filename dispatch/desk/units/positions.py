"""Positions of units: into the picture at once, into the history in batches in the background. No events."""

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import ceil

import structlog

from dispatch.desk.desk import Desk
from dispatch.errors import DispatchError, Invalid, NotFound, Unavailable
from dispatch.model import UnitId, UnitPosition
from dispatch.model.doubt import Doubt
from dispatch.picture.picture import Taken
from dispatch.store.db import Pool, connection, transaction
from dispatch.store.units import positions
from dispatch.store.units.positions import TrailEnd, UnitTrailPoint

log = structlog.get_logger()

# Other nodes' screens get a position only after it is written.
EVERY_S = 0.5
# A larger write, after an outage, could exceed the time limit of a statement.
BATCH_POSITIONS = 50_000
# Beyond this the oldest are dropped: the latest position of each unit matters most, and memory is limited.
MOST = 500_000


class PositionWriter:
    """A slow disk makes the batches larger. `dropped` counts positions that were not stored; `failing`: the last batch
    could not be written. `node` is stored with each batch, a number that no other process has."""

    def __init__(self, pool: Pool, *, retention_days: int) -> None:
        self.node = secrets.randbits(62)
        self._number = 0
        self._pool = pool
        self._retention = timedelta(days=retention_days)
        self._waiting: deque[positions.Row] = deque()
        self._days: frozenset[date] = frozenset()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0
        self.failing = False

    def add(self, history: Sequence[tuple[UnitPosition, Doubt | None]], *, now: datetime) -> None:
        """A position with a time in the future is stored under the time of its receipt."""
        self._waiting.extend(
            (
                p.unit_id,
                now if doubt is Doubt.FUTURE else p.at,
                now,
                p.lat,
                p.lon,
                p.heading_deg,
                p.speed_mps,
                p.accuracy_m,
                doubt,
            )
            for p, doubt in history
        )
        while len(self._waiting) > MOST:
            self._waiting.popleft()
            self.dropped += 1

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="position-writer")

    async def stop(self) -> None:
        """Write what waits, then end."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self.flush()
        except DispatchError as error:
            log.warning("positions_lost", count=len(self._waiting), error=str(error))

    async def flush(self) -> None:
        """Write everything that waits now."""
        for _ in range(ceil(len(self._waiting) / BATCH_POSITIONS) or 1):
            await self._flush_some()

    async def _flush_some(self) -> None:
        waiting = self._waiting
        some = [waiting.popleft() for _ in range(min(len(waiting), BATCH_POSITIONS))]
        try:
            await self._keep_days({row[2].date() for row in some})
            if some:
                self._number += 1
                async with transaction(self._pool) as db:
                    await positions.write(db, rows=some, batch=positions.Batch(self.node, self._number))
        except BaseException as error:
            if isinstance(error, Unavailable | asyncio.CancelledError):
                waiting.extendleft(reversed(some))
            else:
                self.dropped += len(some)
            raise

    async def _run(self) -> None:
        while True:
            try:
                await self.flush()
                self.failing = False
            except Unavailable as error:
                self.failing = True
                log.warning("positions_waiting", count=len(self._waiting), error=str(error))
            except Exception as error:  # noqa: BLE001 - the next batch may be a better one
                self.failing = True
                log.error("positions_dropped", count=self.dropped, error=str(error))
            await asyncio.sleep(EVERY_S)

    async def _keep_days(self, received: set[date]) -> None:
        """Partitions for what waits, for today and for tomorrow, so that the first position after midnight can be
        stored."""
        today = datetime.now(UTC).date()
        days = frozenset({today, today + timedelta(days=1), *received})
        if not days <= self._days:
            async with transaction(self._pool) as db:
                await positions.keep_days(db, days=days, before=today - self._retention)
            self._days = days


def take(desk: Desk, writer: PositionWriter, moved: Sequence[UnitPosition], *, doubt: Doubt | None = None) -> Taken:
    """`doubt`: a doubt that the device itself stated for all of them."""
    now = datetime.now(UTC)
    taken = desk.picture.move(moved, now=now, doubt=doubt)
    writer.add(taken.history, now=now)
    return taken


async def trail(
    desk: Desk, *, unit_id: UnitId, since: datetime, until: datetime, after: TrailEnd | None, limit: int
) -> tuple[list[UnitTrailPoint], TrailEnd | None]:
    """Where a unit was, also one that has left the fleet. Raises NotFound; Invalid for a span that ends before it
    begins."""
    if since > until:
        raise Invalid("`from` must not be later than `to`")
    async with connection(desk.pool) as db:
        if unit_id not in desk.picture.room.units and not await positions.is_known(db, unit_id=unit_id):
            raise NotFound(f"no unit {unit_id}")
        return await positions.trail(db, unit_id=unit_id, since=since, until=until, after=after, limit=limit)
