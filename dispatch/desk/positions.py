"""The history of positions, written in batches: nobody waits for it, and a slow disk makes the batches larger."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from dispatch.errors import Unavailable
from dispatch.model import UnitId, UnitPosition
from dispatch.store import units
from dispatch.store.db import Pool, connection, transaction

log = structlog.get_logger()

EVERY_S = 1.0
# Past this the oldest go: the latest position of each unit is what counts, and memory is not endless.
MOST = 500_000


class PositionWriter:
    def __init__(self, pool: Pool, *, retention_days: int) -> None:
        self._pool = pool
        self._retention_days = retention_days
        self._waiting: deque[tuple[UnitPosition, datetime]] = deque(maxlen=MOST)
        self._partitioned_on: object = None
        self._task: asyncio.Task[None] | None = None

    def add(self, positions: Sequence[UnitPosition]) -> None:
        now = datetime.now(UTC)
        self._waiting.extend((position, now) for position in positions)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="position-writer")

    async def stop(self) -> None:
        """Write what waits, then end."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self.flush()
        except Unavailable as error:
            log.warning("positions_lost", count=len(self._waiting), error=str(error))

    async def flush(self) -> None:
        await self._make_partitions()
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not batch:
            return
        latest: dict[UnitId, UnitPosition] = {}
        for position, _ in batch:
            known = latest.get(position.unit_id)
            if known is None or known.at < position.at:
                latest[position.unit_id] = position
        try:
            async with transaction(self._pool) as db:
                await units.write_positions(db, positions=batch, latest=list(latest.values()))
        except Unavailable:
            self._waiting.extendleft(reversed(batch))
            raise

    async def _run(self) -> None:
        while True:
            try:
                await self.flush()
            except Unavailable as error:
                log.warning("positions_waiting", count=len(self._waiting), error=str(error))
            await asyncio.sleep(EVERY_S)

    async def _make_partitions(self) -> None:
        now = datetime.now(UTC)
        if self._partitioned_on != now.date():
            async with connection(self._pool) as db:
                await units.keep_position_days(db, today=now, retention_days=self._retention_days)
            self._partitioned_on = now.date()
