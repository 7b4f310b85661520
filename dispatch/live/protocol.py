"""uvicorn's WebSocket, with a direct path for messages that are the same for all screens: bytes that were made once,
written to the transport. ASGI's `send` costs three to four times the processor time for each screen."""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Any, cast

from starlette.websockets import WebSocket
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame as Received
from websockets.http11 import Request

from dispatch.live.frame import Frame

EXTENSION = "dispatch.screen"
WINDOW_BITS, DEFLATE = 13, {"level": 1, "memLevel": 8}


class ScreenProtocol(WebSocketsSansIOProtocol):
    """Passes itself to the application as an ASGI extension. `when_ready` is called when a slow client reads again,
    `when_lost` when the connection is closed. Nothing is read from a client before the application has accepted it.
    Compression has no context between messages, so it is done once for all screens."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.when_ready: Callable[[], None] | None = None
        self.when_lost: Callable[[], None] | None = None
        self._full = False
        self._pong = b""
        self._deflate: PerMessageDeflate | None = None
        if config.ws_per_message_deflate:
            self.conn.available_extensions = [
                ServerPerMessageDeflateFactory(
                    server_no_context_takeover=True,
                    client_no_context_takeover=True,
                    server_max_window_bits=WINDOW_BITS,
                    client_max_window_bits=WINDOW_BITS,
                    compress_settings=DEFLATE,
                )
            ]

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self
            agreed = [extension for extension in self.conn.extensions if isinstance(extension, PerMessageDeflate)]
            self._deflate = agreed[0] if agreed else None
            # Until the application receives this connection, which it does when it accepts it.
            self.read_paused = True
            self.transport.pause_reading()

    def refuse(self) -> None:
        """The head of a handshake that the library couldn't read: it says nothing then, and waits for ever."""
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            # Answered with an error of ours: else each of these would be logged as one of the server's.
            self.handshake_complete = True

    def handle_text(self, event: Received) -> None:
        """What a screen says is not heard: nothing of it is kept, be it in ever so many pieces."""

    handle_bytes = handle_cont = handle_text

    def handle_ping(self) -> None:
        """A peer that asks and takes no answers gets only the last one (RFC 6455, section 5.5.3)."""
        if self._full:
            self._pong = b"".join(self.conn.data_to_send())
        else:
            super().handle_ping()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.when_lost is not None:
            self.when_lost()

    @property
    def ready(self) -> bool:
        """Whether the client reads what it is sent: little of it waits here."""
        return not (self._full or self.close_sent or self.transport.is_closing())

    def write(self, frame: Frame) -> None:
        """Written at once and whole: nothing else is written between its bytes."""
        self.transport.write(frame.on_wire(self._deflate))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self._full = False
        pong, self._pong = self._pong, b""
        if pong:
            self.transport.write(pong)
        if self.when_ready is not None:
            self.when_ready()

    def abort(self) -> None:
        """Data that waits for a client that doesn't read is discarded."""
        self.transport.abort()


def wire_of(websocket: WebSocket) -> ScreenProtocol:
    """Raises KeyError under another server than `dispatch run`."""
    return cast(ScreenProtocol, websocket.scope["extensions"][EXTENSION])
