"""Whatever is sent to /v1/live, by whichever role: the service goes on serving, and keeps nothing of it.

Bytes by hand, since no library sends them."""

import asyncio
import re
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import httpx
import pytest

from tests.dispatch.api.roles import Identity, identities_of
from tests.reports import a_call
from tests.screens import Screen
from tests.service import Service
from tests.worst import processor_s

WAIT_S = 60
# What one hostile connection may cost; an idle machine needs a hundredth of it.
MOST_S = 0.5
MOST_BYTES = 64_000
MASK = b"\x0f\xf0\xaa\x55"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
HEAD = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
DEFLATE = {"Sec-WebSocket-Extensions": "permessage-deflate; client_no_context_takeover; server_no_context_takeover"}


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """RFC 6455, section 5.2."""
    head = bytes([(fin << 7) | (rsv << 4) | opcode])
    size, mark = len(payload), masked << 7
    if size < 126:
        head += bytes([mark | size])
    else:
        head += bytes([mark | 126]) + struct.pack(">H", size) if size < 2**16 else (
            bytes([mark | 127]) + struct.pack(">Q", size)
        )  # fmt: skip
    if not masked:
        return head + payload
    mask = (MASK * (size // 4 + 1))[:size]
    return head + MASK + (int.from_bytes(payload) ^ int.from_bytes(mask)).to_bytes(size)


def claiming(opcode: int, size: int) -> bytes:
    """A frame that says it is so long, and isn't."""
    return bytes([0x80 | opcode, 0xFF]) + struct.pack(">Q", size) + MASK + b"x" * 100


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def noise(seed: int) -> bytes:
    random = Random(seed)

    def one() -> bytes:
        payload = random.randbytes(random.choice([0, 1, 2, 125, 126, 4_000]))
        fin, masked = random.random() > 0.2, random.random() > 0.1
        return frame(random.randrange(16), payload, fin=fin, rsv=random.choice([0, 0, 0, 4, 7]), masked=masked)

    return b"".join(one() for _ in range(random.randrange(1, 8)))


FRAMES = {
    "no frame at all": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3,
    "half a head": b"\x81",
    "a text that is no UTF-8": frame(TEXT, b"\xff\xfe\xed\xa0\x80"),
    "JSON that asks for things": frame(TEXT, b'{"type":"subscribe","role":"admin"}' * 10),
    "a frame without a mask": frame(TEXT, b"hello", masked=False),
    "a continuation of nothing": frame(0, b"x"),
    "a text within a text": frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"),
    "a text that never ends": frame(TEXT, b"a", fin=False) + frame(0, b"b", fin=False) * 100,
    "very many empty pieces": frame(TEXT, b"", fin=False) + frame(0, b"", fin=False) * 100_000,
    "one too long": frame(TEXT, b"x" * (MOST_BYTES + 1)),
    "one too long in pieces": frame(BINARY, b"x" * 30_000, fin=False) + frame(0, b"x" * 30_000, fin=False) * 3,
    "one that claims 16 EB": claiming(TEXT, 2**63 - 1),
    "one that claims a negative length": claiming(BINARY, 2**64 - 1),
    "a ping of 126 bytes": frame(PING, b"x" * 126),
    "a ping that claims 4 GB": claiming(PING, 2**32),
    "a ping in pieces": frame(PING, b"x", fin=False) + frame(0, b"y"),
    "pings without end": frame(PING, b"x" * 125) * 20_000,
    "pongs that nobody asked for": frame(PONG, b"x" * 125) * 20_000,
    "a close of one byte": frame(CLOSE, b"\x03"),
    "a close of 126 bytes": frame(CLOSE, struct.pack(">H", 1000) + b"x" * 124),
    "a close that isn't UTF-8": frame(CLOSE, struct.pack(">H", 1000) + b"\xff\xfe"),
    "closes again and again": frame(CLOSE, struct.pack(">H", 1000)) * 1_000,
    "texts after the close": frame(CLOSE, struct.pack(">H", 1000)) + frame(TEXT, b"x" * 1_000) * 1_000,
    "compressed texts": frame(TEXT, deflated(b"hello"), rsv=4) * 1_000,
    "a text that unpacks to 60 MB": frame(TEXT, deflated(bytes(60_000_000)), rsv=4),
    "one that doesn't unpack": frame(TEXT, b"\xff" * 100, rsv=4),
    "a compressed ping": frame(PING, deflated(b"x"), rsv=4),
    "small texts by the thousand": frame(TEXT, b"x") * 10_000,
} | {f"opcode {opcode}": frame(opcode, b"x") for opcode in (*range(3, 8), *range(11, 16))}
FRAMES |= {f"RSV {rsv}": frame(TEXT, b"x", rsv=rsv) for rsv in (1, 2, 3, 5, 6, 7)}
FRAMES |= {
    f"close {code}": frame(CLOSE, struct.pack(">H", code)) for code in (0, 999, 1004, 1005, 1006, 1015, 5000, 65535)
}
FRAMES |= {f"noise {seed}": noise(seed) for seed in range(40)}

GET = "GET /v1/live HTTP/1.1"
# Request line, and headers of a handshake that are other than HEAD's; None: left out.
HANDSHAKES: dict[str, tuple[str, dict[str, str | None]]] = {
    "version 8": (GET, {"Sec-WebSocket-Version": "8"}),
    "no version": (GET, {"Sec-WebSocket-Version": None}),
    "no key": (GET, {"Sec-WebSocket-Key": None}),
    "a short key": (GET, {"Sec-WebSocket-Key": "eA=="}),
    "a key that is no base64": (GET, {"Sec-WebSocket-Key": "\xff" * 24}),
    "an upgrade to nothing": (GET, {"Upgrade": ""}),
    "an upgrade to HTTP/2": (GET, {"Upgrade": "h2c"}),
    "no word of a connection": (GET, {"Connection": None}),
    "a body": (GET, {"Content-Length": "10"}),
    "a body in chunks": (GET, {"Transfer-Encoding": "chunked"}),
    "POST": ("POST /v1/live HTTP/1.1", {}),
    "HTTP/1.0": ("GET /v1/live HTTP/1.0", {}),
    "another address": ("GET /v1/units HTTP/1.1", {}),
    "no such address": ("GET /v1/live/../live%00 HTTP/1.1", {}),
    "many protocols": (GET, {"Sec-WebSocket-Protocol": ",".join(["x"] * 5_000)}),
    "many extensions": (GET, {"Sec-WebSocket-Extensions": ",".join(["permessage-deflate"] * 1_000)}),
    "a window of no size": (GET, {"Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=99"}),
    "an extension that isn't one": (GET, {"Sec-WebSocket-Extensions": '";=,'}),
}
SINCES = ("-1", "abc", "1.5", "9223372036854775808", "", "%00", "1" * 20_000, "1&since=2", "NaN", "0x1", "%F0%9F%92%A9")


@asynccontextmanager
async def connected(service: Service) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Cut off in the end, without a goodbye."""
    url = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def handshake(headers: dict[str, str | None], line: str = GET) -> bytes:
    lines = [f"{name}: {value}" for name, value in ({"Host": "x"} | HEAD | headers).items() if value is not None]
    return "\r\n".join([line, *lines, "\r\n"]).encode("latin-1")


async def status_of(reader: asyncio.StreamReader) -> int | None:
    """Of the answer to a handshake; None where there is none."""
    try:
        async with asyncio.timeout(WAIT_S):
            line = await reader.readline()
            while line and await reader.readline() not in {b"\r\n", b""}:
                pass
    except ConnectionError:
        return None
    return int(line.split()[1]) if line else None


async def thrown_at(service: Service, identity: Identity, data: bytes) -> None:
    """Sent on a screen's connection that was accepted and then reads nothing, until it is closed or all is sent."""
    async with connected(service) as (reader, writer):
        writer.write(handshake({**identity.headers, **DEFLATE, "Host": service.url.partition("//")[2]}))
        assert await status_of(reader) == 101
        try:
            for first in range(0, len(data), 50_000):
                writer.write(data[first : first + 50_000])
                async with asyncio.timeout(2):
                    await writer.drain()
        except (ConnectionError, TimeoutError):
            pass
        # So that what was sent is read there before the connection is cut.
        try:
            async with asyncio.timeout(0.05):
                while await reader.read(2**16):
                    pass
        except (ConnectionError, TimeoutError):
            pass


def connections(service: Service) -> int:
    """How many the service has: sockets of its port that a process holds, but for the one that listens."""
    port, listens, unheld = f":{int(service.url.rpartition(':')[2]):04X}", "0A", "0"
    rows = (line.split() for line in Path(f"/proc/{service.process.pid}/net/tcp").read_text().splitlines()[1:])
    return sum(row[1].endswith(port) and row[3] != listens and row[9] != unheld for row in rows)


def memory_mb(service: Service) -> float:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def screens(http: httpx.AsyncClient) -> int:
    text = (await http.get("/metrics")).text
    return int(float(next(line for line in text.splitlines() if line.startswith("dispatch_screens ")).split()[1]))


async def costs(service: Service, http: httpx.AsyncClient, began: float) -> float:
    """Processor time of the service since `began`, once it has answered."""
    assert (await http.get("/healthz")).status_code == 200
    return processor_s(service.process.pid) - began


async def test_whatever_is_sent_to_a_screens_address_the_service_goes_on(
    database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with Service.started(database_url, ws_deflate="true", log_format="json") as service:
        every = await identities_of(service, database_url)
        watchers = [who for who in every if who.role in {"dispatcher", "admin"}]
        assert len(watchers) == 4
        async with service.client() as http, Screen.on(service) as screen:
            assert await screens(http) == 1
            before, memory = connections(service), memory_mb(service)
            await _handshakes(service, http, every)
            slow = {}
            for number, (name, data) in enumerate(FRAMES.items()):
                began = processor_s(service.process.pid)
                await thrown_at(service, watchers[number % len(watchers)], data)
                if (took := await costs(service, http, began)) > MOST_S:
                    slow[name] = took
                if number % 20 == 0:
                    assert (await http.post("/v1/calls", json=a_call())).status_code == 201
            assert not slow
            await _connects(service, watchers)
            # The parallel screen has missed nothing, and nothing is left of the others.
            assert (await http.post("/v1/calls", json=a_call())).status_code == 201
            async with Screen.on(service) as fresh:
                await screen.until(lambda: screen.room.seq >= fresh.room.seq)
                assert screen.resync is None and screen.room.incidents == fresh.room.incidents
            left = (0, 0)
            with suppress(TimeoutError):
                async with asyncio.timeout(WAIT_S):
                    while (left := (await screens(http), connections(service))) > (1, before):  # noqa: ASYNC110
                        await asyncio.sleep(0.1)
            assert left <= (1, before)
            assert memory_mb(service) - memory < 60
    said = capfd.readouterr().err
    assert '"requests":0' in said and '"screens":0' in said, said
    assert not {"Traceback", "unexpected_error", "ERROR"} & set(re.findall(r"\w+", said)), said


async def _handshakes(service: Service, http: httpx.AsyncClient, every: list[Identity]) -> None:
    """Wrong ones, half ones, and right ones of roles that may not watch."""
    host = service.url.partition("//")[2]
    for who in every:
        may = who.role in {"dispatcher", "admin"}
        right: dict[str, str | None] = {**who.headers, "Host": host}
        refused: set[int | None] = {401 if who.role == "nobody" else 403}
        foreign = {**right, "Origin": "http://elsewhere.example"}
        tries: list[tuple[bytes, set[int | None]]] = [
            (handshake(right), {101} if may else refused),
            # Another site's page can send the cookie, and no key.
            (handshake(foreign), {403} if who.by_cookie else {101} if may else refused),
        ]
        tries += [(handshake(right | other, line), set()) for line, other in HANDSHAKES.values()]
        tries += [(handshake(right, f"GET /v1/live?since={since} HTTP/1.1"), set()) for since in SINCES]
        for request, expected in tries:
            async with connected(service) as (reader, writer):
                writer.write(request + frame(TEXT, b"before I was accepted"))
                status = await status_of(reader)
                assert status in expected or (not expected and status != 500), (str(who), request[:300], status)
                assert status != 101 or may, (str(who), request[:300])
        for cut in (1, 20, 100, len(handshake(right)) - 1):
            async with connected(service) as (_, writer):
                writer.write(handshake(right)[:cut])
                await writer.drain()
    assert (await http.get("/healthz")).status_code == 200


async def _connects(service: Service, watchers: list[Identity]) -> None:
    """Two hundred at once, each cut off at another moment."""

    async def connect(number: int) -> None:
        who = watchers[number % len(watchers)]
        async with connected(service) as (reader, writer):
            writer.write(handshake({**who.headers, "Host": service.url.partition("//")[2]}))
            if number % 3:
                await status_of(reader)
            if number % 3 == 2:
                writer.write(noise(number))
                await reader.read(100)

    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*[connect(number) for number in range(200)])
