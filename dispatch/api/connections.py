"""All open connections: how many there may be, which is closed to make room, and which has taken too long."""

import asyncio
import resource
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Protocol, Self

import structlog

from dispatch.settings import Settings

log = structlog.get_logger()

LOOPBACK = ("127.", "::1", "::ffff:127.")
# Files that are no connections: of the database, the log, the city.
OTHER_FILES = 100
# Some systems allow a thousand million, which programs that we start may take literally.
MOST_FILES = 1_048_576
FEWEST_WAITING, MOST_WAITING = 64, 2048
CHECK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds: `head_s` for the head of a request, from its first byte, or from when the connection was made;
    `body_s` for its body; `idle_s` between two requests; `answer_s` in which a peer takes what waits to be sent.
    `head_bytes` and `headers` of one request; `connections` in all and `by_address`."""

    head_s: float
    body_s: float
    idle_s: float
    answer_s: float
    head_bytes: int
    headers: int
    connections: int
    by_address: int

    @classmethod
    def of(cls, settings: Settings, *, files: int) -> Self:
        """`files`: how many this process may have open."""
        return cls(
            head_s=settings.head_timeout_s,
            body_s=settings.body_timeout_s,
            idle_s=settings.keep_alive_s,
            answer_s=settings.answer_timeout_s,
            head_bytes=settings.max_head_bytes,
            headers=settings.max_headers,
            connections=max(1, min(settings.max_connections, files - OTHER_FILES - 2 * backlog(files))),
            by_address=settings.max_connections_per_address,
        )


class Connection(Protocol):
    """`address` of the peer; `since`: when it last began to wait for a request; `is_reading`: a body is under way."""

    address: str
    since: float

    @property
    def is_reading(self) -> bool: ...

    def check(self, now: float) -> None:
        """Closes itself where it has taken too long. `now` by the loop's clock."""

    def cut(self) -> None:
        """Closes at once."""


class Connections:
    """`is_proxy`: of an address which speaks for many; like this machine's own it counts in all only. `cut` counts
    connections that were closed, or refused, to stay within the limits."""

    def __init__(self, limits: Limits, *, is_proxy: Callable[[str], bool]) -> None:
        self.limits = limits
        self.cut = 0
        self._is_proxy = is_proxy
        self._open: set[Connection] = set()
        self._idle: OrderedDict[Connection, None] = OrderedDict()
        self._by_address: dict[str, set[Connection]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: Connection) -> bool:
        """Whether it may stay. Where there are too many, one that waits for a request is closed in its favour."""
        counted = not (connection.address.startswith(LOOPBACK) or self._is_proxy(connection.address))
        place = network_of(connection.address)
        if counted and not self._room_for(place):
            return False
        if len(self._open) >= self.limits.connections and not self._make_room():
            self.cut += 1
            return False
        self._open.add(connection)
        if counted:
            self._by_address.setdefault(place, set()).add(connection)
        self.idle(connection)
        return True

    def closed(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._idle.pop(connection, None)
        place = network_of(connection.address)
        if (same := self._by_address.get(place)) is not None:
            same.discard(connection)
            if not same:
                del self._by_address[place]

    def idle(self, connection: Connection) -> None:
        """It waits for a request, or for the rest of one that nobody reads."""
        self._idle[connection] = None
        self._idle.move_to_end(connection)

    def busy(self, connection: Connection) -> None:
        self._idle.pop(connection, None)

    async def watch(self) -> None:
        """Closes what has taken too long. Until cancelled."""
        told, loop = 0, asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            now = loop.time()
            for connection in list(self._open):
                connection.check(now)
            if self.cut > told:
                log.warning("connections_cut", count=self.cut - told, open=len(self._open))
                told = self.cut

    def _room_for(self, place: str) -> bool:
        same = self._by_address.get(place, set())
        if len(same) < self.limits.by_address:
            return True
        self.cut += 1
        oldest = min((c for c in same if c in self._idle), key=lambda c: c.since, default=None)
        if oldest is None:
            return False
        self._close(oldest)
        return True

    def _make_room(self) -> bool:
        """The oldest that waits is closed; where none does, a tenth of all that read a body, the oldest of them."""
        oldest = next(iter(self._idle), None)
        if oldest is not None:
            self.cut += 1
            self._close(oldest)
            return True
        slow = sorted((c for c in self._open if c.is_reading), key=lambda c: c.since)
        for connection in slow[: len(slow) // 10 + 1]:
            self.cut += 1
            self._close(connection)
        return bool(slow)

    def _close(self, connection: Connection) -> None:
        self.closed(connection)
        connection.cut()


@lru_cache(10_000)
def network_of(address: str) -> str:
    """An address, of IPv6 its first half: the other is its owner's to choose."""
    try:
        whole = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(whole, IPv6Address):
        return str(whole.ipv4_mapped or whole.exploded[:19])
    return address


def open_files() -> int:
    """How many files this process may have open, after its limit was raised as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= MOST_FILES:
        return MOST_FILES
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        return soft
    return wanted


def backlog(files: int) -> int:
    """How many connections the kernel keeps until they are taken: they are taken all at once, and those closed in their
    favour are closed only after the next as many."""
    return min(MOST_WAITING, max(FEWEST_WAITING, files // 16))
