"""What `/readyz` looks at: each check by name, with its figure."""

import asyncio
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from dispatch.desk.desk import Desk
from dispatch.desk.units.positions import PositionWriter
from dispatch.errors import DispatchError
from dispatch.model import Seq
from dispatch.store import journal
from dispatch.store.db import Pool, connection

MOST_S = 2.0


@dataclass(frozen=True, slots=True)
class Found:
    """The head of the journal, and how long the database took to say so."""

    head: Seq
    seconds: float


class Probe:
    """Asks the database, and waits at most `MOST_S`. One question at a time: a database that hangs is not heaped with
    questions, and what hangs with it isn't waited for."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._asking: asyncio.Task[Found | None] | None = None

    async def ask(self) -> Found | None:
        """None where it doesn't answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="probe")
        await asyncio.wait({self._asking}, timeout=MOST_S)
        return self._asking.result() if self._asking.done() else None

    async def stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking}, timeout=MOST_S)

    async def _ask(self) -> Found | None:
        began = perf_counter()
        try:
            async with connection(self._pool) as db:
                head = await journal.head(db)
        except DispatchError:
            return None
        return Found(head, perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Health:
    """`failed`: why no more calls should be sent here. `degraded`: what suffers although calls can be taken."""

    failed: list[str] = field(default_factory=list)
    degraded: list[str] = field(default_factory=list)
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def look(self, name: str, ok: bool, *, takes_calls: bool = False, **figures: Any) -> None:
        self.checks[name] = {"ok": ok} | figures
        if not ok:
            (self.degraded if takes_calls else self.failed).append(name)


async def health(desk: Desk, writer: PositionWriter, probe: Probe, *, draining: bool) -> Health:
    """A position writer that fails takes no node out of service: all nodes would go, and calls with them."""
    found = await probe.ask()
    feed, picture, most = desk.feed, desk.picture, desk.settings.ready_lag
    health = Health()
    health.look("draining", not draining)
    health.look("database", found is not None, ms=round(found.seconds * 1000, 2) if found else None)
    health.look("feed", feed.connected)
    lag = max(0, found.head - feed.seq) if found else None
    health.look("journal", lag is not None and lag <= most, lag=lag, most=most)
    health.look(
        "index",
        picture.room.seq == feed.seq,
        behind=feed.seq - picture.room.seq,
        parishes=len(desk.city.parishes),
        units=len(picture.room.units),
        incidents=len(picture.room.incidents),
    )
    health.look("positions", not writer.failing, takes_calls=True, waiting=len(writer), dropped=writer.dropped)
    return health
