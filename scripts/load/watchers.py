"""The screens: a few decode every event, the others record when each message arrived and its last event.

The WebSocket (RFC 6455, RFC 7692) is minimal, because thousands of them share one core."""

import asyncio
import os
import re
import zlib
from base64 import b64encode
from bisect import bisect_left
from datetime import UTC, datetime
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

import msgspec

SEQ = re.compile(rb'"seq":(\d+)')
TEXT, CLOSE, PING, DEFLATED = 0x1, 0x8, 0x9, 0x40
UNMASKED = bytes(4)
"""A client must mask its frames (RFC 6455, section 5.3); a zero mask changes nothing."""
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
FROM_A_FRAME = 40
"""For how many units in a frame of positions the age is recorded."""


class _Data(msgspec.Struct):
    call_id: str | None = None


class _Event(msgspec.Struct):
    seq: int
    kind: str
    data: _Data


class _Events(msgspec.Struct):
    events: list[_Event]


class _Positions(msgspec.Struct):
    units: list[tuple[str, float, float, float | None, datetime]]


class Watcher(asyncio.Protocol):
    """`reads`: it decodes everything, and knows which event belongs to which call. Times are perf_counter seconds;
    `bytes` as received."""

    def __init__(self, *, reads: bool, deflate: bool = False) -> None:
        self.reads, self.deflate = reads, deflate
        self.seq_of_call: dict[str, int] = {}
        self.seqs: list[int] = []
        self.shown_s: list[float] = []
        self.seq: int | None = None
        self.gaps = self.resyncs = self.cuts = self.messages = self.bytes = self.snapshot_bytes = 0
        self.position_age_s: list[float] = []
        self.ready = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._rest = bytearray()
        self._open = self._closed = False

    async def open(self, url: str, key: str) -> None:
        """Raises OSError, TimeoutError."""
        place = urlsplit(url)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, place.hostname or "127.0.0.1", place.port or 80)
        assert self._transport is not None
        self._transport.write(
            f"GET /v1/live HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
            f"{OFFER if self.deflate else ''}Authorization: Bearer {key}\r\n\r\n".encode()
        )
        async with asyncio.timeout(60):
            await self.ready.wait()
        if self.seq is None:
            raise ConnectionError("the service didn't let a screen in")

    def close(self) -> None:
        self._closed = True
        if self._transport is not None:
            self._transport.close()

    def shown(self, seq: int) -> float | None:
        """When this screen had received all events up to `seq`."""
        place = bisect_left(self.seqs, seq)
        return self.shown_s[place] if place < len(self.seqs) else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self.cuts += not self._closed
        self.ready.set()

    def data_received(self, data: bytes) -> None:
        at_s = perf_counter()
        self.bytes += len(data)
        if self._rest:
            self._rest += data
            data = bytes(self._rest) if self._whole() else b""
        if data and not self._open:
            head, end, rest = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = bytearray(data)
                return
            if b" 101 " not in head[:20]:
                self.close()
                return
            self._rest.clear()
            data, self._open = rest, True
        if data:
            self._rest = bytearray(data[self._take_all(data, at_s) :])

    def _whole(self) -> bool:
        """Whether the first frame in the buffer is complete: a large one arrives in many pieces."""
        if not self._open or len(self._rest) < 10:
            return True
        start, end = _extent(self._rest[:10], 0)
        return start > 0 and len(self._rest) >= end

    def _take_all(self, data: bytes, at_s: float) -> int:
        """Every complete frame; returns the position after the last."""
        place, size = 0, len(data)
        while place + 2 <= size:
            start, end = _extent(data, place)
            if not start or end > size:
                break
            kind = data[place]
            if kind & 0x0F == TEXT:
                self._take(data, start, end, deflated=bool(kind & DEFLATED), at_s=at_s)
            elif kind & 0x0F == PING and self._transport is not None:
                # The answer must have the same payload; otherwise the service closes the connection.
                said = data[start:end]
                self._transport.write(bytes((0x8A, 0x80 | len(said))) + UNMASKED + said)
            elif kind & 0x0F == CLOSE and self._transport is not None:
                self._transport.close()
            place = end
        return place

    def _take(self, data: bytes, start: int, end: int, *, deflated: bool, at_s: float) -> None:
        self.messages += 1
        size = end - start
        if deflated:
            data = _inflated(data[start:end])
            start, end = 0, len(data)
        match data[start + 9 : start + 15]:
            case b"events" if self.reads:
                self._read(data[start:end], at_s)
            case b"events":
                # An event's own number is its last field.
                self._shown(int(data[data.rindex(b'"seq":', start, end) + 6 : end].rstrip(b"]}")), at_s)
            case b"snapsh":
                found = SEQ.search(data, start)
                self.seq = int(found.group(1)) if found else None
                self.snapshot_bytes = size
                self.ready.set()
            case b"positi" if self.reads and end - start > 100:
                self._positions(data[start:end])
            case b"resync":
                self.resyncs += 1

    def _read(self, text: bytes, at_s: float) -> None:
        for event in msgspec.json.decode(text, type=_Events).events:
            self.gaps += self.seq is not None and event.seq != self.seq + 1
            self.seq = event.seq
            if event.data.call_id is not None and event.kind in {"call_taken", "call_joined"}:
                self.seq_of_call.setdefault(event.data.call_id, event.seq)
        self._shown(self.seq or 0, at_s)

    def _shown(self, seq: int, at_s: float) -> None:
        self.seq = seq
        self.seqs.append(seq)
        self.shown_s.append(at_s)

    def _positions(self, text: bytes) -> None:
        now, rows = datetime.now(UTC), msgspec.json.decode(text, type=_Positions).units
        chosen = rows[:: max(1, len(rows) // FROM_A_FRAME)]
        self.position_age_s += [(now - row[4]).total_seconds() for row in chosen]


def _extent(data: bytes | bytearray, place: int) -> tuple[int, int]:
    """Where the payload of a server's frame starts and ends; (0, 0) while its head is incomplete."""
    size, start = data[place + 1], place + 2
    if size == 126:
        start += 2
    elif size == 127:
        start += 8
    if start > place + 2:
        if len(data) < start:
            return 0, 0
        size = int.from_bytes(data[place + 2 : start], "big")
    return start, start + size


def _inflated(payload: bytes) -> bytes:
    return zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(payload + b"\x00\x00\xff\xff")
