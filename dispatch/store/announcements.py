"""Commits of other nodes, announced by PostgreSQL on a separate connection; and fetching what was announced."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, repeat
from random import uniform

import structlog

from dispatch.errors import Unavailable
from dispatch.store.db import Connection, Pool, domain_errors
from dispatch.store.servers import Servers
from dispatch.telemetry.meters import FEED_LOST

log = structlog.get_logger()

# A silent connection is checked this often, and must answer within this time.
CHECK_EVERY_S = 4.0
ANSWER_S = 4.0
RETRIES_S = (0.1, 0.3, 1.0, 2.0)
# Own commits are announced to this node too, usually before the answer to its COMMIT; but that answer can be lost.
OWN_COMMIT_S = 0.1


class Subscription:
    """One channel. `catch_up` fetches what isn't known yet: when there is news, and after every time in which
    announcements may have been missed. Never concurrently; retried later if the database is unreachable."""

    def __init__(
        self, channel: str, *, is_news: Callable[[str], bool], catch_up: Callable[[], Awaitable[object]]
    ) -> None:
        self.channel = channel
        self.is_current = False
        self._is_news = is_news
        self._catch_up = catch_up
        self._payloads: list[str] = []
        self._fetch_needed = False
        self._wake = asyncio.Event()
        self._listening: object | None = None
        self._task: asyncio.Task[None] | None = None

    def announced(self, payload: str, *, ours: bool = False) -> None:
        """`ours`: this node will know it in a moment, and fetches it only if it doesn't."""
        if not self._is_news(payload):
            return
        if ours:
            asyncio.get_running_loop().call_later(OWN_COMMIT_S, self.announced, payload)
        else:
            self._payloads.append(payload)
            self._wake.set()

    def listening(self) -> None:
        """From now on nothing is missed; before, something may have been."""
        self._listening = object()
        self.request_fetch()

    def lost(self) -> None:
        self._listening, self.is_current = None, False

    def request_fetch(self) -> None:
        """Fetch, independent of announcements."""
        self._fetch_needed = True
        self._wake.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"following-{self.channel}")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                payloads, self._payloads = self._payloads, []
                if self._fetch_needed or any(map(self._is_news, payloads)):
                    await self._until_current()
        finally:
            self.is_current = False

    async def _until_current(self) -> None:
        for pause_s in _pauses_s():
            self._fetch_needed, listening = False, self._listening
            try:
                await self._catch_up()
            except Exception as error:
                # Whatever the cause, this node is not current until the problem is over.
                self.is_current = False
                unavailable = isinstance(error, Unavailable)
                log.warning("catching_up_later", channel=self.channel, exc_info=None if unavailable else error)
                await asyncio.sleep(pause_s)
            else:
                self.is_current = listening is not None and listening is self._listening
                return


class Announcements:
    """Listens for all subscriptions. A connection that is lost, or no longer answers, is replaced."""

    def __init__(self, servers: Servers, pool: Pool, subscriptions: Sequence[Subscription]) -> None:
        self._servers = servers
        self._pool = pool
        self._subscriptions = subscriptions
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="announcements")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pauses_s = _pauses_s()
        while True:
            try:
                with domain_errors():
                    db = await self._servers.connect(name="announcements", command_timeout=ANSWER_S)
                pauses_s = _pauses_s()
                await self._listen(db)
            except Unavailable as error:
                log.warning("announcements_lost", error=str(error))
                FEED_LOST.inc()
            except Exception as error:
                # Whatever the cause: without announcements this node would receive no events of others.
                log.error("announcements_lost", exc_info=error)
            await asyncio.sleep(next(pauses_s))

    async def _listen(self, db: Connection) -> None:
        """Until the connection is lost. Raises Unavailable."""
        gone = asyncio.Event()
        try:
            with domain_errors():
                db.add_termination_listener(lambda _: gone.set())
                for subscription in self._subscriptions:
                    await db.add_listener(subscription.channel, self._listener_of(subscription))
                for subscription in self._subscriptions:
                    subscription.listening()
                while not gone.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(gone.wait(), CHECK_EVERY_S)
                    if not gone.is_set():
                        await db.execute("select 1", timeout=ANSWER_S)
        finally:
            for subscription in self._subscriptions:
                subscription.lost()
            db.terminate()
            # What ended this connection has probably ended the others too.
            await self._pool.expire_connections()

    def _listener_of(self, subscription: Subscription) -> Callable[[object, int, str, object], None]:
        return lambda _db, pid, _channel, payload: subscription.announced(str(payload), ours=pid in self._servers.ours)


def _pauses_s() -> Iterator[float]:
    """Growing pauses with a random part, so that not all nodes reconnect at once."""
    for pause_s in chain(RETRIES_S, repeat(RETRIES_S[-1])):
        yield uniform(0.5, 1.5) * pause_s  # noqa: S311 - nobody need be unable to guess it
