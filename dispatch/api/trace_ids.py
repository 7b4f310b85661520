"""Each request has the id of a trace, its client's (W3C Trace Context) or a new one: it is in every line of the log."""

from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from dispatch.telemetry.logs import trace_of
from dispatch.telemetry.meters import Tracing


class Traced:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        parent = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
        if Tracing.spans is None:
            bind_contextvars(trace=trace_of(parent))
            await self.app(scope, receive, send)
            return
        with Tracing.spans.request(scope, parent.decode("latin-1")) as trace:
            bind_contextvars(trace=trace)
            await self.app(scope, receive, send)
