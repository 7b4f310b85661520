"""Screens that watch: a few read every event, the others note when each message came and up to which event it goes.

Their WebSocket (RFC 6455) is only what a screen needs that says nothing: thousands of them share one core.
"""

import asyncio
import os
import re
from base64 import b64encode
from bisect import bisect_left
from datetime import UTC, datetime
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

import msgspec

SEQ = re.compile(rb'"seq":(\d+)')
TEXT, CLOSE, PING = 0x1, 0x8, 0x9
PONG = bytes((0x8A, 0x80, 0, 0, 0, 0))
FROM_A_FRAME = 40
"""Of how many units in a frame of positions the age is noted."""


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
    """`reads`: it decodes all, and knows which event told of which call. Moments are perf_counter seconds."""

    def __init__(self, *, reads: bool) -> None:
        self.reads = reads
        self.seq_of_call: dict[str, int] = {}
        self.seqs: list[int] = []
        self.shown_s: list[float] = []
        self.seq: int | None = None
        self.gaps = self.resyncs = self.cuts = self.messages = self.bytes = 0
        self.position_age_s: list[float] = []
        self.ready = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._open = False

    async def open(self, url: str, key: str) -> None:
        """Raises OSError, TimeoutError."""
        place = urlsplit(url)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, place.hostname or "127.0.0.1", place.port or 80)
        assert self._transport is not None
        self._transport.write(
            f"GET /v1/live HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {key}\r\n\r\n".encode()
        )
        async with asyncio.timeout(60):
            await self.ready.wait()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def shown(self, seq: int) -> float | None:
        """When this screen had all up to event `seq`."""
        place = bisect_left(self.seqs, seq)
        return self.shown_s[place] if place < len(self.seqs) else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self.cuts += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head[:20]:
                self.close()
                return
            self._buffer, self._open = rest, True
        while (frame := self._frame()) is not None:
            kind, text = frame
            if kind == TEXT:
                self._take(text)
            elif kind == PING and self._transport is not None:
                self._transport.write(PONG)
            elif kind == CLOSE:
                self.close()

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + size or len(buffer) < start:
            return None
        frame = buffer[0] & 0x0F, bytes(buffer[start : start + size])
        del buffer[: start + size]
        return frame

    def _take(self, text: bytes) -> None:
        at_s = perf_counter()
        self.messages += 1
        self.bytes += len(text)
        match text[9:15]:
            case b"events":
                self._events(text, at_s)
            case b"snapsh":
                found = SEQ.search(text)
                self.seq = int(found.group(1)) if found else None
                self.ready.set()
            case b"positi" if self.reads and len(text) > 100:
                self._positions(text)
            case b"resync":
                self.resyncs += 1

    def _events(self, text: bytes, at_s: float) -> None:
        if self.reads:
            for event in msgspec.json.decode(text, type=_Events).events:
                self._follow(event.seq)
                if event.data.call_id is not None and event.kind in {"call_taken", "call_joined"}:
                    self.seq_of_call.setdefault(event.data.call_id, event.seq)
        else:
            # An event's own number stands last in it.
            self.seq = int(text[text.rindex(b'"seq":') + 6 :].rstrip(b"]}"))
        self.seqs.append(self.seq or 0)
        self.shown_s.append(at_s)

    def _follow(self, seq: int) -> None:
        if self.seq is not None and seq != self.seq + 1:
            self.gaps += 1
        self.seq = seq

    def _positions(self, text: bytes) -> None:
        now, rows = datetime.now(UTC), msgspec.json.decode(text, type=_Positions).units
        chosen = rows[:: max(1, len(rows) // FROM_A_FRAME)]
        self.position_age_s += [(now - row[4]).total_seconds() for row in chosen]
