"""Who a key or a session is, remembered for seconds, so that not every request asks the database.

What is remembered is forgotten when any node announces a change of keys or sessions; WebSockets that were opened with
what is no longer good are closed then, and looked through every few seconds whatever was announced."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import NamedTuple

import structlog

from dispatch.api.failed_attempts import FailedAttempts
from dispatch.errors import Unauthenticated, Unavailable
from dispatch.store import access, sessions
from dispatch.store.access import Holder, digest
from dispatch.store.announcements import Subscription
from dispatch.store.db import Pool, connection

log = structlog.get_logger()

# How long what the database said is believed: while changes are announced to us, and while they may be missed.
FRESH_S, UNSURE_S = 5.0, 1.0
CHECK_EVERY_S = 3.0
MOST_KNOWN = 20_000
# A change that comes in the midst of a question makes us ask again, so often.
TRIES = 3


KEY, SESSION = "key", "session"
NO_SUCH = {KEY: "no such key", SESSION: "this session has ended; sign in again"}


class Proof(NamedTuple):
    """Of which `kind`, KEY or SESSION, and the digest of its secret. Plain text, for it is hashed for every request."""

    kind: str
    digest: bytes


def key_proof(key: str) -> Proof:
    return Proof(KEY, digest(key))


def session_proof(cookie: str) -> Proof:
    return Proof(SESSION, digest(cookie))


class Seat:
    """A WebSocket, and what it was opened with."""

    def __init__(self, proof: Proof, expires_at: datetime | None) -> None:
        self.proof = proof
        self.expires_at = expires_at
        self._is_ended = False
        self._act: Callable[[], None] | None = None

    def when_ended(self, act: Callable[[], None]) -> None:
        """Called once, at once if it has ended already."""
        self._act = act
        if self._is_ended:
            act()

    def end(self) -> None:
        if not self._is_ended:
            self._is_ended = True
            if self._act is not None:
                self._act()


class Identities:
    def __init__(self, pool: Pool) -> None:
        self.guesses = FailedAttempts()
        self.following = Subscription(access.CHANNEL, is_news=self._hear, catch_up=self._catch_up)
        self._pool = pool
        self._known: OrderedDict[Proof, tuple[Holder, float]] = OrderedDict()
        self._asking: dict[Proof, asyncio.Task[Holder | None]] = {}
        self._changes = 0
        self._seats: set[Seat] = set()
        self._task: asyncio.Task[None] | None = None

    async def holder(self, proof: Proof, *, address: str) -> Holder:
        """`address`: where it comes from. Raises Unauthenticated; TooManyTries after many of those from one address;
        Unavailable."""
        if (known := self.known(proof)) is not None:
            return known
        self.guesses.check(address, proof.digest)
        found = await self._ask(proof)
        if found is None:
            self.guesses.wrong(address, proof.digest)
            raise Unauthenticated(NO_SUCH[proof.kind])
        self.guesses.right(proof.digest)
        return found

    def known(self, proof: Proof, *, within_s: float | None = None) -> Holder | None:
        """Without asking, of what was asked lately, or `within_s`."""
        found = self._known.get(proof)
        if found is None:
            return None
        holder, asked_s = found
        if monotonic() - asked_s > (within_s or (FRESH_S if self.following.is_current else UNSURE_S)):
            return None
        return None if holder.expires_at is not None and holder.expires_at <= datetime.now(UTC) else holder

    def changed(self) -> None:
        """By this node itself, committed: it waits for no announcement."""
        self._forget()
        self.following.request_fetch()

    @contextmanager
    def seat(self, proof: Proof, *, expires_at: datetime | None) -> Iterator[Seat]:
        """For a WebSocket: to be entered without a pause after its proof was found good."""
        seat = Seat(proof, expires_at)
        self._seats.add(seat)
        try:
            yield seat
        finally:
            self._seats.discard(seat)

    def start(self) -> None:
        self.following.start()
        self._task = asyncio.create_task(self._watch(), name="identities")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.following.stop()

    async def _ask(self, proof: Proof) -> Holder | None:
        """One question for all who come with the same proof meanwhile."""
        task = self._asking.get(proof)
        if task is None:
            task = self._asking[proof] = asyncio.create_task(self._look_up(proof), name="who")
            task.add_done_callback(lambda done: self._asked(proof, done))
        return await asyncio.shield(task)

    def _asked(self, proof: Proof, task: asyncio.Task[Holder | None]) -> None:
        if self._asking.get(proof) is task:
            del self._asking[proof]
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may have

    async def _look_up(self, proof: Proof) -> Holder | None:
        found: Holder | None = None
        for _ in range(TRIES):
            changes, asked_s, now = self._changes, monotonic(), datetime.now(UTC)
            async with connection(self._pool) as db:
                if proof.kind == KEY:
                    found = await access.holder(db, key=proof.digest)
                else:
                    found = await sessions.holder(db, session=proof.digest, at=now)
                    if found and (found.last_used_at is None or found.last_used_at < now - sessions.NOTED_EVERY):
                        await sessions.note_used(db, digests=[proof.digest], at=now)
            if changes == self._changes:
                self._remember(proof, found, asked_s)
                break
        return found

    def _remember(self, proof: Proof, holder: Holder | None, asked_s: float) -> None:
        self._known.pop(proof, None)
        if holder is not None:
            self._known[proof] = holder, asked_s
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)

    def _hear(self, _: str) -> bool:
        """Whatever is announced is news, and nothing that is remembered counts from this moment on."""
        self._forget()
        return True

    def _forget(self) -> None:
        self._changes += 1
        self._known.clear()
        self._asking.clear()

    async def _catch_up(self) -> None:
        self._forget()
        await self._check()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            now = datetime.now(UTC)
            for seat in [s for s in self._seats if s.expires_at is not None and s.expires_at <= now]:
                seat.end()
            try:
                await self._check()
                await self._note_used(now)
            except Unavailable:
                pass  # what can't be asked now is asked in a moment
            except Exception:
                log.exception("sessions_not_checked")

    async def _check(self) -> None:
        """Raises Unavailable."""
        seats = list(self._seats)
        if not seats:
            return
        async with connection(self._pool) as db:
            keys = await access.good_keys(db, digests=self._digests(KEY))
            signed_in = await sessions.good(db, digests=self._digests(SESSION), at=datetime.now(UTC))
        good = {KEY: keys, SESSION: signed_in}
        for seat in seats:
            if seat.proof.digest not in good[seat.proof.kind]:
                self._known.pop(seat.proof, None)
                seat.end()

    async def _note_used(self, now: datetime) -> None:
        """A console that only looks on uses its session too."""
        if watching := self._digests(SESSION):
            async with connection(self._pool) as db:
                await sessions.note_used(db, digests=watching, at=now)

    def _digests(self, kind: str) -> set[bytes]:
        return {seat.proof.digest for seat in self._seats if seat.proof.kind == kind}
