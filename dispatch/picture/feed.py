"""The ordered feed: every committed event once, in sequence, whichever process wrote it.

Our own commits are offered at once; those of others are announced by NOTIFY and fetched. Either way an event is told
only when all before it have been, so whoever listens sees the one order."""

from collections.abc import Callable, Sequence

from dispatch.model import Seq
from dispatch.store import journal
from dispatch.store.announcements import Subscription
from dispatch.store.db import Pool, connection
from dispatch.store.journal import Entry

BATCH = 1_000


class Feed:
    """Tells `listeners` of entries in order, from `seq` on. A listener must not raise and must not wait.

    `fetches` counts questions to the journal, `needless` those that brought nothing new."""

    def __init__(self, pool: Pool, *, seq: Seq, listeners: Sequence[Callable[[Sequence[Entry]], None]]) -> None:
        self.pool = pool
        self.seq = seq
        self.listeners = list(listeners)
        self.fetches = self.needless = 0
        self._early: dict[int, Entry] = {}
        self.following = Subscription(journal.CHANNEL, is_news=self._is_news, catch_up=self.catch_up)

    @property
    def connected(self) -> bool:
        """Whether all that was committed elsewhere has been told, and what comes will be."""
        return self.following.is_current

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
            self.following.announced(str(max(self._early)), ours=True)

    async def catch_up(self) -> None:
        """Fetch what the journal has beyond what was told."""
        while True:
            before = self.seq
            async with connection(self.pool) as db:
                entries = await journal.after(db, seq=before, limit=BATCH)
            self.fetches += 1
            self.needless += not entries or entries[-1].event.seq <= self.seq
            self.offer(entries)
            if len(entries) < BATCH:
                return

    def start(self) -> None:
        self.following.start()

    async def stop(self) -> None:
        await self.following.stop()

    def _is_news(self, payload: str) -> bool:
        return int(payload) > self.seq
