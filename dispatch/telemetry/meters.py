"""Measures the steps of a call where they happen; if traces are on, also as spans."""

from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from prometheus_client import Counter, Gauge, Histogram

# Half a millisecond to ten seconds: from the fastest commit to the time at which a client gives up.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# For computations: 20 µs to 100 ms.
COMPUTED = (0.00002, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)


class Spans(Protocol):
    """Provided by `dispatch.telemetry.tracing` if traces are on."""

    def request(self, scope: MutableMapping[str, Any], parent: str) -> AbstractContextManager[str]:
        """`parent`: the header traceparent, "" for none. Returns the id of the trace."""
        ...

    def step(self, name: str, links: Sequence[object] = ()) -> AbstractContextManager[object]: ...

    def committed(self, first: int, last: int) -> None: ...

    def delivered(self, last: int) -> None: ...

    def here(self) -> object:
        """The open span, to be linked to later."""
        ...


class Tracing:
    """`spans` None, the default unless a setting names a collector: tracing does nothing and costs nothing."""

    spans: Spans | None = None


NOTHING = nullcontext()


class Step:
    """`with STEP():` measures the block."""

    __slots__ = ("_name", "_seconds")

    def __init__(self, name: str, what: str, buckets: Sequence[float]) -> None:
        self._name = name
        self._seconds = Histogram(f"dispatch_{name}_seconds", what, buckets=buckets)

    def __call__(self, links: Sequence[object] = ()) -> AbstractContextManager[object]:
        if Tracing.spans is None:
            return self._seconds.time()
        return self._traced(Tracing.spans, links)

    @contextmanager
    def _traced(self, spans: Spans, links: Sequence[object]) -> Iterator[None]:
        with self._seconds.time(), spans.step(self._name, links):
            yield


def committed(first: int, last: int) -> None:
    """These events belong to the open span."""
    if Tracing.spans is not None:
        Tracing.spans.committed(first, last)


def delivered(last: int) -> None:
    """All events up to this one were written to all screens."""
    if Tracing.spans is not None:
        Tracing.spans.delivered(last)


def span(name: str) -> AbstractContextManager[object]:
    """For steps that only traces measure."""
    return Tracing.spans.step(name) if Tracing.spans is not None else NOTHING


def here() -> object:
    return Tracing.spans.here() if Tracing.spans is not None else None


LOCATE = Step("locate", "Locating one report", COMPUTED)
RECOMMEND = Step("recommend", "Recommending units for one incident", COMPUTED)
COMMIT = Step("commit", "One batch of calls, from its start to the answer to COMMIT", SECONDS)
QUEUE_WAIT_SECONDS = Histogram(
    "dispatch_queue_wait_seconds", "Time that a call waits for the batch before it", buckets=SECONDS
)
BATCH_CALLS = Histogram("dispatch_batch_calls", "Calls in one commit", buckets=(1, 2, 4, 8, 16, 32, 64))
DELIVERY_SECONDS = Histogram(
    "dispatch_delivery_seconds",
    "From the time of a change until its event was written to the sockets of all screens",
    buckets=SECONDS,
)
RESYNCS = Counter("dispatch_resyncs", "Screens that were sent a resync", ["reason"])
FEED_LOST = Counter("dispatch_feed_lost", "Times that the connection for announcements was lost or could not be opened")
POOL_SECONDS = Histogram(
    "dispatch_pool_seconds", "Time spent waiting for a connection to the database", buckets=SECONDS
)
POOL_WAITING = Gauge("dispatch_pool_waiting", "Tasks that wait for a connection to the database")
