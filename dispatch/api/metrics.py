"""The figures that matter, for Prometheus."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

CALLS = Counter("dispatch_calls", "Reports taken and committed", ["channel"])
QUARANTINED = Counter("dispatch_quarantined", "Reports that could not be read", ["door"])
TAKEN_SECONDS = Histogram("dispatch_call_seconds", "From a report's first byte to its commit", buckets=FAST)
POSITIONS = Counter("dispatch_positions", "Positions taken", ["outcome"])
REQUEST_SECONDS = Histogram(
    "dispatch_request_seconds", "Requests by route", ["method", "route", "status"], buckets=FAST
)
SCREENS = Gauge("dispatch_screens", "Screens connected")
SEQUENCE = Gauge("dispatch_journal_seq", "Last event told")
OPEN_INCIDENTS = Gauge("dispatch_open_incidents", "Incidents not closed")

__all__ = ["REGISTRY"]
