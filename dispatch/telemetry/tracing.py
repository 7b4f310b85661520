"""Traces, if a setting names a collector: OpenTelemetry over OTLP/HTTP. Without one its SDK isn't imported."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Iterator, MutableMapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from time import time_ns
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from dispatch.telemetry.logs import trace_of
from dispatch.telemetry.meters import Tracing

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext, Tracer

# Timeout for a collector that doesn't answer.
EXPORT_S = 5
# Limit of events that are committed but not yet on the screens.
MOST_ON_THEIR_WAY = 10_000


class TracingError(Exception):
    """Traces are configured but can't be made."""


class Committed(NamedTuple):
    first: int
    last: int
    at_ns: int
    span: "SpanContext"


@asynccontextmanager
async def tracing(endpoint: str | None) -> AsyncIterator[None]:
    """While the block is open, spans go to the collector at `endpoint`, such as http://127.0.0.1:4318; None: no traces.
    Raises TracingError if the packages are not installed."""
    if endpoint is None:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracingError(
            "DISPATCH_OTLP_ENDPOINT is set, but tracing is not installed: pip install 'quito-dispatch[tracing]'"
        ) from error
    about = Resource.create(
        {"service.name": "quito-dispatch", "service.instance.id": f"{os.uname().nodename}:{os.getpid()}"}
    )
    provider = TracerProvider(resource=about, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    Tracing.spans = OpenSpans(provider.get_tracer("dispatch"))
    try:
        yield
    finally:
        Tracing.spans = None
        await asyncio.to_thread(provider.shutdown)


class OpenSpans:
    """Each span carries the ids of its reports, from the log's context, and no other data of them."""

    def __init__(self, tracer: "Tracer") -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._api, self._tracer, self._propagator = trace, tracer, TraceContextTextMapPropagator()
        self._on_their_way: deque[Committed] = deque(maxlen=MOST_ON_THEIR_WAY)

    @contextmanager
    def request(self, scope: MutableMapping[str, Any], parent: str) -> Iterator[str]:
        if scope["type"] != "http":
            # A WebSocket stays open for hours, so it gets no span.
            yield trace_of(parent.encode("latin-1"))
            return
        context = self._propagator.extract({"traceparent": parent})
        with self._tracer.start_as_current_span(scope["method"], context, self._api.SpanKind.SERVER) as span:
            yield f"{span.get_span_context().trace_id:032x}"
            route = getattr(scope.get("route"), "path", "other")
            span.update_name(f"{scope['method']} {route}")
            span.set_attributes({"http.request.method": scope["method"], "http.route": route} | _reports())

    @contextmanager
    def step(self, name: str, links: Sequence[object] = ()) -> Iterator[None]:
        linked = [self._api.Link(link) for link in links if isinstance(link, self._api.SpanContext)]
        with self._tracer.start_as_current_span(name, links=linked, attributes=_reports(), record_exception=False):
            yield

    def here(self) -> "SpanContext":
        return self._api.get_current_span().get_span_context()

    def committed(self, first: int, last: int) -> None:
        if self.here().is_valid:
            self._on_their_way.append(Committed(first, last, time_ns(), self.here()))

    def delivered(self, last: int) -> None:
        """A span from the commit to the last socket for each commit that is now on all screens."""
        while self._on_their_way and self._on_their_way[0].last <= last:
            act = self._on_their_way.popleft()
            parent = self._api.set_span_in_context(self._api.NonRecordingSpan(act.span))
            seq = {"dispatch.seq.first": act.first, "dispatch.seq.last": act.last}
            self._tracer.start_span("live", parent, attributes=seq, start_time=act.at_ns).end()


def _reports() -> dict[str, Sequence[str]]:
    found = structlog.contextvars.get_contextvars()
    reports = found.get("reports") or [found[name] for name in ("report",) if name in found]
    return {"dispatch.reports": reports} if reports else {}
