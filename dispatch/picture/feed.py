"""The ordered feed: every committed event once, in sequence, whichever process wrote it.

Our own commits are offered at once; those of others are announced by NOTIFY and fetched. Either way an event is told
only when all before it have been, so whoever listens sees the one order."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from dispatch.errors import Unavailable
from dispatch.model import Seq
from dispatch.store import journal
from dispatch.store.db import Connection, Pool, connection, domain_errors
from dispatch.store.journal import Entry

log = structlog.get_logger()

BATCH = 1_000
KEEP_ALIVE_S = 10.0
RETRY_S = 1.0


class Feed:
    """Tells `listeners` of entries in order, from `seq` on. A listener must not raise and must not wait."""

    def __init__(self, pool: Pool, *, seq: Seq, listeners: Sequence[Callable[[Sequence[Entry]], None]]) -> None:
        self.pool = pool
        self.seq = seq
        self.listeners = list(listeners)
        self._early: dict[int, Entry] = {}
        self._behind = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.connected = False

    def offer(self, entries: Sequence[Entry]) -> None:
        """Committed entries, perhaps out of order, perhaps known already."""
        self._early |= {e.event.seq: e for e in entries if e.event.seq > self.seq}
        ready = []
        while (entry := self._early.pop(self.seq + 1, None)) is not None:
            self.seq = entry.event.seq
            ready.append(entry)
        if ready:
            for listener in self.listeners:
                listener(ready)
        if self._early:
            self._behind.set()

    async def catch_up(self) -> None:
        """Fetch what the journal has beyond what was told."""
        while True:
            async with connection(self.pool) as db:
                entries = await journal.after(db, seq=self.seq, limit=BATCH)
            self.offer(entries)
            if len(entries) < BATCH:
                return

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="feed")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        """Listen on a connection of our own; when it is lost, connect again and fetch what was missed."""
        while True:
            try:
                async with connection(self.pool) as db:
                    await self._listen(db)
            except Unavailable as error:
                log.warning("feed_lost", error=str(error))
            self.connected = False
            await asyncio.sleep(RETRY_S)

    async def _listen(self, db: Connection) -> None:
        def announced(_db: object, _pid: int, _channel: str, payload: object) -> None:
            if int(str(payload)) > self.seq:
                self._behind.set()

        with domain_errors():
            await db.add_listener(journal.CHANNEL, announced)
            try:
                self.connected = True
                self._behind.set()
                while True:
                    try:
                        await asyncio.wait_for(self._behind.wait(), KEEP_ALIVE_S)
                    except TimeoutError:
                        await db.execute("select 1")
                    self._behind.clear()
                    await self.catch_up()
            finally:
                if not db.is_closed():
                    await db.remove_listener(journal.CHANNEL, announced)
