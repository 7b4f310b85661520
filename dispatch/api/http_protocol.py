"""uvicorn's HTTP, with limits in time and size for who has not yet shown a key."""

from asyncio import AbstractEventLoop, BaseTransport, Transport
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from dispatch.api.connections import Connections
from dispatch.live.protocol import ScreenProtocol
from dispatch.model.wire import encode

# Who is answered before he has sent all is read on, unheard, so long and so far: else he would not get the answer.
LINGER_S, LINGER_BYTES = 5.0, 4_000_000
# Frames and trailers of a body that is sent in chunks, without a byte of it between them.
MOST_EMPTY_BYTES = 65_536
# Requests sent ahead on one connection.
MOST_AHEAD = 32
# A connection that is being closed may take so long for what waits to be sent.
CLOSING_S = 10.0


class Stage(Enum):
    """What the peer is doing. IDLE: between two requests; LINGERING: it sends what nobody reads."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    WAITING = auto()
    LINGERING = auto()
    SCREEN = auto()


class TooMuch(Exception):
    """More than the head of a request may have."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection. Times are checked twice a second by `Connections`, so that a request starts no timer."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
        *,
        table: Connections,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.address, self.since = "", 0.0
        self._table, self._limits = table, table.limits
        self._stage = Stage.HEAD
        self._refused = False
        self._until: float | None = None
        self._stalled_at: float | None = None
        self._closing_at: float | None = None
        # Bytes of this head so far; of the piece in hand; of it that were body; without body; read unheard.
        self._head = self._piece = self._body = self._empty = self._unheard = 0

    @property
    def is_reading(self) -> bool:
        return self._stage is Stage.BODY

    @property
    def _is_answered(self) -> bool:
        """The newest request, if there was any."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast(Transport, transport))
        self.address = self.client[0] if self.client else ""
        self._wait(Stage.HEAD, self._limits.head_s)
        if not self._table.opened(self):
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        self._table.closed(self)
        super().connection_lost(exc)

    def check(self, now: float) -> None:
        if self.transport.is_closing():
            self._closing_at = self._closing_at or now
            if now - self._closing_at > CLOSING_S:
                self.cut()
        elif self._stalled_at is not None and now - self._stalled_at > self._limits.answer_s:
            self.cut()
        elif self._until is not None and now > self._until:
            self._out_of_time(now)

    def cut(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._stage is Stage.IDLE:
            # Its place among those who wait remains that of when it began to.
            self._stage, self._until, self._head = Stage.HEAD, self.loop.time() + self._limits.head_s, 0
        if self._stage is Stage.LINGERING:
            self._unheard += len(data)
            if self._unheard > LINGER_BYTES:
                self.transport.close()
            if self._refused:
                return
        self._piece, self._body = len(data), 0
        super().data_received(data)
        if self._stage is Stage.HEAD:
            self._head += len(data)
            if self._head > self._limits.head_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._stage is Stage.BODY:
            self._empty = 0 if self._body else self._empty + len(data)
            if self._empty > MOST_EMPTY_BYTES:
                self._refuse(HTTPStatus.BAD_REQUEST)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._stage is not Stage.HEAD:
            self._stage, self._until, self._head = Stage.HEAD, self.loop.time() + self._limits.head_s, 0

    def on_headers_complete(self) -> None:
        if len(self.headers) > self._limits.headers or self._head + self._piece > self._limits.head_bytes:
            self._measure_head()
        if len(self.pipeline) >= MOST_AHEAD:
            raise TooMuch
        self._table.busy(self)
        self._stage, self._until, self._empty = Stage.BODY, self.loop.time() + self._limits.body_s, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._is_answered:
            self._wait(Stage.IDLE, self._limits.idle_s)
        else:
            self._stage, self._until = Stage.WAITING, None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._stage is Stage.WAITING and not self.pipeline and self._is_answered:
            self._wait(Stage.IDLE, self._limits.idle_s)
        elif self._stage is Stage.BODY and self._is_answered:
            self._linger()

    def handle_websocket_upgrade(self) -> None:
        self._table.busy(self)
        self._stage, self._until = Stage.SCREEN, None
        super().handle_websocket_upgrade()
        screen = self.transport.get_protocol()
        assert isinstance(screen, ScreenProtocol)
        screen.when_lost = partial(self._table.closed, self)
        if not screen.handshake_initiated:
            screen.refuse()

    def send_400_response(self, msg: str) -> None:
        del msg
        is_head = self._stage is Stage.HEAD
        measured = is_head and len(self.headers or ()) > self._limits.headers
        measured = measured or (is_head and self._head + self._piece > self._limits.head_bytes)
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if measured else HTTPStatus.BAD_REQUEST)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled_at = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled_at = None

    def _wait(self, stage: Stage, seconds: float) -> None:
        self.since = self.loop.time()
        self._stage, self._until = stage, self.since + seconds
        self._table.idle(self)

    def _linger(self) -> None:
        self._unheard = 0
        self._wait(Stage.LINGERING, LINGER_S)

    def _measure_head(self) -> None:
        """Raises TooMuch, which uvicorn answers by `send_400_response`."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if len(self.headers) > self._limits.headers or size > self._limits.head_bytes:
            raise TooMuch

    def _out_of_time(self, now: float) -> None:
        if self._stage in {Stage.HEAD, Stage.BODY} and self.flow.read_paused:
            # It is we who don't read.
            self._until = now + self._limits.body_s
        elif self._stage in {Stage.HEAD, Stage.BODY} and (self._head or self._stage is Stage.BODY):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        """Answered, where no other answer is under way; and then nothing more is heard of this peer."""
        if self.transport.is_closing() or self._refused:
            return
        if not self._is_answered:
            if self.cycle.response_started or self.pipeline:
                self.cut()
                return
            # To the application the client has gone away in the midst of its body.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        problem = {"type": "about:blank", "title": status.phrase, "status": status, "detail": status.description}
        body = encode(problem).encode()
        head = b"content-type: application/problem+json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.write_eof()
        self._refused = True
        self._linger()
