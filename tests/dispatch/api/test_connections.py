"""Connections of those who have no key: each ends in its time and at its size, and none keeps a caller out."""

import asyncio
import contextlib
import os
import resource
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dispatch.api.connections import Connections, Limits
from dispatch.settings import Settings
from tests.reports import a_call
from tests.service import Service

# A second or so; patience for what must come in the end.
SOON = {"head_timeout_s": "1", "body_timeout_s": "1", "keep_alive_s": "2", "answer_timeout_s": "1"}
IN_THE_END_S = 40
MANY = 1_100

HEAD = b"GET /healthz HTTP/1.1\r\nHost: test\r\n"
HANDSHAKE = (
    b"GET /v1/live HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
# A masked text frame of one letter.
FRAME = b"\x81\x81\x00\x00\x00\x00a"
BODY = b"POST /v1/session HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n"
CHUNKS = b"POST /v1/session HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"

SCRIPT = next(Path("dispatch/console/dist/assets").glob("index-*.js"), None)


@pytest.fixture(scope="module")
async def hurried(module_database_url: str) -> AsyncIterator[Service]:
    async with Service.started(module_database_url, **SOON) as service:
        yield service


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> bool:
        """Whether it could be sent."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError:
            return False
        return True

    async def ended(self) -> bytes:
        """All that was answered until the service closed. Raises TimeoutError where it doesn't."""
        answered = b""
        async with asyncio.timeout(IN_THE_END_S):
            with contextlib.suppress(OSError):
                while piece := await self.reader.read(65_536):
                    answered += piece
        return answered


@contextlib.asynccontextmanager
async def peers(service: Service, count: int = 1, *, first: bytes = b"") -> AsyncIterator[list[Peer]]:
    port = int(service.url.rpartition(":")[2])
    made = [Peer(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(count)]
    try:
        for peer in made:
            await peer.send(first)
        yield made
    finally:
        for peer in made:
            peer.writer.transport.abort()


def memory_kb(service: Service) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def worked_s(service: Service) -> float:
    times = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


async def is_open_for_callers(service: Service) -> None:
    async with service.client() as http:
        assert (await http.post("/v1/calls", json=a_call())).status_code == 201


async def test_three_hundred_half_heads_end_in_their_time(hurried: Service) -> None:
    async with peers(hurried, 300, first=HEAD) as half:
        await is_open_for_callers(hurried)
        answers = await asyncio.gather(*(peer.ended() for peer in half))
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (b"GET / HT", b""),
        (HEAD, b"X-More: 1\r\n"),
        (HANDSHAKE, b"X"),
        (BODY, b"x"),
        (CHUNKS, b"1\r\nx\r\n"),
        (HEAD + b"\r\n", b""),
        (HEAD + b"\r\n", b"G"),
        (HEAD + b"Content-Length: 50000\r\n\r\n", b"x"),
        (HEAD + b"\r\n" + HEAD, b""),
    ],
    ids=[
        "says nothing",
        "only ends of lines",
        "half a line",
        "drips a head",
        "drips a handshake",
        "drips a body",
        "drips chunks",
        "says nothing more",
        "half a second request",
        "a body that nobody reads",
        "half a request sent ahead",
    ],
)
async def test_nobody_stays_for_longer_than_allowed(hurried: Service, first: bytes, then: bytes) -> None:
    async with peers(hurried, first=first) as [peer]:
        ended = asyncio.create_task(peer.ended())
        while not ended.done():
            await asyncio.sleep(0.1)
            if then:
                await peer.send(then)
        await ended


async def test_who_does_not_take_his_answer_is_cut_off(hurried: Service) -> None:
    assert SCRIPT is not None, "build the console first"
    request = HEAD.replace(b"/healthz", f"/assets/{SCRIPT.name}".encode()) + b"\r\n"
    async with peers(hurried, first=request * 30) as [peer]:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await until(lambda: peer.writer.transport.is_closing() or sockets(hurried) == 0)


async def test_a_head_of_200_mb_is_refused_and_not_kept(hurried: Service) -> None:
    before = memory_kb(hurried)
    async with peers(hurried, first=HEAD + b"X-Long: ") as [peer]:
        sent = 0
        for _ in range(200):
            if not await peer.send(b"a" * 1_000_000):
                break
            sent += 1
        assert (await peer.ended())[:12] in {b"HTTP/1.1 431", b""}
        assert sent < 50
    assert memory_kb(hurried) - before < 20_000


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n",
        HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(101)) + b"\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: test\r\n\r\n",
        HANDSHAKE + b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n",
    ],
    ids=["one long header", "many headers", "a long address", "a handshake"],
)
async def test_a_head_that_is_too_large_is_answered_431(hurried: Service, head: bytes) -> None:
    async with peers(hurried, first=head) as [peer]:
        assert (await peer.ended()).startswith(b"HTTP/1.1 431 ")


async def test_a_head_within_the_limits_is_taken(hurried: Service) -> None:
    head = HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 300) for n in range(98)) + b"\r\n"
    async with peers(hurried, first=head) as [peer]:
        assert (await peer.ended()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (CHUNKS + b"0\r\n", b"X-Trailer: " + b"a" * 100_000),
        (CHUNKS + b"0\r\n", b"X-Trailer: 1\r\n" * 10_000),
        (CHUNKS + b"1;extension=", b"a" * 100_000),
        (HEAD, b"X: 1\r\n" * 20_000),
    ],
    ids=["one trailer", "many trailers", "an extension", "headers"],
)
async def test_what_is_neither_head_nor_body_has_an_end_too(hurried: Service, first: bytes, more: bytes) -> None:
    before = memory_kb(hurried)
    async with peers(hurried, first=first) as [peer]:
        sent = 0
        while sent < 200 and await peer.send(more):
            sent += 1
        assert sent < 100
        await peer.ended()
    assert memory_kb(hurried) - before < 20_000


async def test_requests_sent_ahead_are_limited(hurried: Service) -> None:
    async with peers(hurried, first=(HEAD + b"\r\n") * 1_000) as [peer]:
        assert (await peer.ended()).count(b"HTTP/1.1 200 ") < 100


async def test_frames_before_the_handshake_is_accepted_are_not_read(hurried: Service) -> None:
    """Measured against the same handshakes without any."""

    async def cost(frames: bytes) -> float:
        before = worked_s(hurried)
        for _ in range(40):
            async with peers(hurried, first=HANDSHAKE + b"\r\n") as [peer]:
                await peer.send(frames)
                assert (await peer.ended()).startswith(b"HTTP/1.1 401 ")
        return worked_s(hurried) - before

    await cost(b"")
    assert await cost(FRAME * 30_000) < 3 * await cost(b"") + 0.1


@pytest.mark.parametrize("most", [1_024, 4_096], ids=["not to be raised", "to be raised"])
async def test_idle_connections_keep_no_caller_out(database_url: str, most: int) -> None:
    """More of them than files may be open at first."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, most))

    async with (
        Service.prepared(database_url, (), {"head_timeout_s": "300"}, limited) as service,
        peers(service, MANY) as idle,
    ):
        for _ in range(5):
            await is_open_for_callers(service)
        await until(lambda: sockets(service) == (MANY if most > MANY else sockets(service)))
        assert sockets(service) <= most - 100
        if most > MANY:
            assert not any(peer.reader.at_eof() for peer in idle)


def sockets(service: Service) -> int:
    """Connections to its port that the service has taken."""
    port = int(service.url.rpartition(":")[2])
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] != "0A"}
    held = set()
    for file in Path(f"/proc/{service.process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            held.add(str(file.readlink()).removeprefix("socket:[").removesuffix("]"))
    return len(ours & held)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(IN_THE_END_S):
        while not true():  # noqa: ASYNC110 - another process becomes so
            await asyncio.sleep(0.1)


@dataclass(eq=False)
class AConnection:
    address: str
    since: float = 0.0
    is_reading: bool = False
    is_cut: bool = False

    def check(self, now: float) -> None: ...

    def cut(self) -> None:
        self.is_cut = True


def table(**limits: int) -> Connections:
    given = {f"max_{name}": value for name, value in limits.items()}
    return Connections(Limits.of(Settings(**given), files=100_000), is_proxy={"10.0.0.10"}.__contains__)  # type: ignore[arg-type]


def test_one_address_has_its_share_and_others_theirs() -> None:
    open_ones = table(connections=100, connections_per_address=3)
    of_one = [AConnection("192.0.2.1", since=n) for n in range(4)]
    assert all(open_ones.opened(c) for c in of_one)
    assert [c.is_cut for c in of_one] == [True, False, False, False]
    for connection in of_one[1:]:
        open_ones.busy(connection)
    assert not open_ones.opened(AConnection("192.0.2.1"))
    assert open_ones.opened(AConnection("192.0.2.2"))
    for address in ("10.0.0.10", "127.0.0.1", "::1"):
        assert all(open_ones.opened(AConnection(address)) for _ in range(10))
    open_ones.closed(of_one[1])
    assert open_ones.opened(AConnection("192.0.2.1"))
    # Whoever has one IPv6 address has 2**64 of them.
    of_network = [AConnection(f"2001:db8::{n}", since=n) for n in range(1, 5)]
    assert all(open_ones.opened(c) for c in of_network) and of_network[0].is_cut


def test_the_oldest_that_waits_makes_room_and_then_the_slowest_body() -> None:
    open_ones = table(connections=3)
    first, second, third = (AConnection("127.0.0.1", since=n) for n in range(3))
    assert all(open_ones.opened(c) for c in (first, second, third))
    open_ones.busy(first)
    fourth = AConnection("127.0.0.1", since=3)
    assert open_ones.opened(fourth)
    assert second.is_cut and not first.is_cut and len(open_ones) == 3
    for connection in (third, fourth):
        open_ones.busy(connection)
    assert not open_ones.opened(AConnection("127.0.0.1"))
    third.is_reading = True
    assert open_ones.opened(AConnection("127.0.0.1")) and third.is_cut
