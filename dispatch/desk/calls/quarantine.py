"""Reports that could not be read: kept, counted on the screens, and looked at by a person."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.errors import DispatchError
from dispatch.model import EventKind, QuarantineItem
from dispatch.store.calls import quarantine
from dispatch.store.calls.quarantine import Unread
from dispatch.store.db import Pool, transaction

log = structlog.get_logger()

PURGE_EVERY_S = 3_600.0
# More in one statement would take long, and write much at once.
PURGED_AT_ONCE = 200


async def keep(desk: Desk, unread: Unread, *, actor: str) -> QuarantineItem | None:
    """None where this sender has as much here as it may, which nobody has looked at: then it is only counted."""
    settings = desk.settings
    async with begin(desk, actor=actor) as tx:
        if not await quarantine.has_room(
            tx.db,
            sender=actor,
            size=len(unread.raw),
            most=settings.quarantine_items,
            most_bytes=settings.quarantine_bytes,
        ):
            await quarantine.count_not_kept(tx.db, sender=actor, at=tx.at)
            return None
        item = await quarantine.add(tx.db, unread=unread, at=tx.at, by=actor)
        await _tell(tx, EventKind.REPORT_QUARANTINED, item)
    return item


async def handle(desk: Desk, *, item_id: int, actor: str) -> QuarantineItem:
    """Somebody has looked at it. Again is the same as once. Raises NotFound."""
    async with begin(desk, actor=actor) as tx:
        was_open = await quarantine.handle(tx.db, item_id=item_id, at=tx.at, by=actor)
        item = await quarantine.get(tx.db, item_id=item_id)
        if was_open:
            await _tell(tx, EventKind.QUARANTINE_HANDLED, item)
    return item


async def _tell(tx: Transaction, kind: EventKind, item: QuarantineItem) -> None:
    """Its number and how many there are now; what it says is asked for by who looks at it."""
    data = {"item": item.id, "door": item.door}
    tx.tell(kind, quarantine_open=await quarantine.count_open(tx.db), data=data)


class Purge:
    """Deletes the bodies of those that were looked at `days` ago, on every node alike."""

    def __init__(self, pool: Pool, *, days: int) -> None:
        self._pool = pool
        self._age = timedelta(days=days)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="quarantine-purge")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def purge(self) -> int:
        """How many bodies were deleted."""
        deleted = 0
        while True:
            now = datetime.now(UTC)
            async with transaction(self._pool) as db:
                some = await quarantine.purge(db, before=now - self._age, at=now, limit=PURGED_AT_ONCE)
            deleted += some
            if some < PURGED_AT_ONCE:
                return deleted

    async def _run(self) -> None:
        while True:
            try:
                if deleted := await self.purge():
                    log.info("quarantine_purged", bodies=deleted)
            except DispatchError as error:
                log.warning("quarantine_not_purged", error=str(error))
            await asyncio.sleep(PURGE_EVERY_S)
