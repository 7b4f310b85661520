"""The figures that matter, for Prometheus."""

from functools import cache

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

from dispatch.telemetry import meters

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
MINUTES = (10, 20, 30, 45, 60, 80, 120, 180, 240, 300, 480, 600, 720, 900, 1200, 1800, 2700, 3600, 7200)

CALLS = Counter("dispatch_calls", "Reports taken and committed", ["channel"])
QUARANTINED = Counter("dispatch_quarantined", "Reports that could not be read", ["door"])
NOT_KEPT = Counter("dispatch_quarantine_not_kept", "Unreadable reports beyond what one sender may have kept", ["door"])
TAKEN_SECONDS = Histogram(
    "dispatch_call_seconds", "From a report's first byte to its acknowledgement", ["channel"], buckets=meters.SECONDS
)
POSITIONS = Counter("dispatch_positions", "Positions taken", ["outcome"])
REQUEST_SECONDS = Histogram(
    "dispatch_request_seconds", "Requests by route", ["method", "route", "status"], buckets=FAST
)
OVERDUE = Gauge("dispatch_overdue", "Running intervals that have outlasted their targets", ["interval"])
SILENT_UNITS = Gauge("dispatch_silent_units", "Crews on duty not heard of for longer than allowed", ["agency"])
INTERVAL_SECONDS = Histogram(
    "dispatch_interval_seconds",
    "Intervals of a response that ended; without agency those of the incident",
    ["interval", "agency"],
    buckets=MINUTES,
)

# Each label is looked up once: that costs as much as observing.
calls_by_channel = cache(lambda channel: CALLS.labels(channel=channel))
taken_by_channel = cache(lambda channel: TAKEN_SECONDS.labels(channel=channel))
requests_by = cache(lambda method, route, status: REQUEST_SECONDS.labels(method=method, route=route, status=status))

__all__ = ["REGISTRY"]
