"""The ordered feed: every committed event once, in sequence, from all nodes.

Own commits are offered at once; those of other nodes are announced by NOTIFY and fetched. An event is delivered only
after all before it, so all listeners see the same order."""

from collections.abc import Callable, Sequence

from dispatch.model import Seq
from dispatch.store import journal
from dispatch.store.announcements import Subscription
from dispatch.store.db import Pool, connection
from dispatch.store.journal import Entry

BATCH = 1_000


class Feed:
    """Passes entries to `listeners` in order, starting after `seq`. A listener must not raise and must not block.

    `fetches` counts queries of the journal, `needless` those that found nothing new."""

    def __init__(self, pool: Pool, *, seq: Seq, listeners: Sequence[Callable[[Sequence[Entry]], None]]) -> None:
        self.pool = pool
        self.seq = seq
        self.listeners = list(listeners)
        self.fetches = self.needless = 0
        self._early: dict[int, Entry] = {}
        self.following = Subscription(journal.CHANNEL, is_news=self._is_news, catch_up=self.catch_up)

    @property
    def connected(self) -> bool:
        """Whether all events of other nodes are delivered, and new ones will be."""
        return self.following.is_current

    def offer(self, entries: Sequence[Entry]) -> None:
        """Committed entries, possibly out of order or known already."""
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
        """Fetch the events of the journal that were not delivered yet."""
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
