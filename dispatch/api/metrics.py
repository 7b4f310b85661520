"""The figures that matter, for Prometheus."""

from collections.abc import Iterable
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

FLAWS = Counter(
    "dispatch_flaws", "What was wrong with reports that were taken, by the part it was in", ["door", "part"]
)
# What stands in a report may be called anything; a label may not.
PARTS = frozenset(
    """id channel caller number name imei imsi language nature text link geo body fixes source lat lon radius_m
    confidence at altitude_m cell mcc mnc lac cid parish_code location header version lt lg rd top lc pm si ei ml en et
    lo lz ls nc hc time location_latitude location_longitude location_accuracy location_time location_source
    location_confidence timestamp geolocation pos radius srsName uom""".split()  # noqa: SIM905 - a list of words
)

# Each label is looked up once: that costs as much as observing.
calls_by_channel = cache(lambda channel: CALLS.labels(channel=channel))
taken_by_channel = cache(lambda channel: TAKEN_SECONDS.labels(channel=channel))
requests_by = cache(lambda method, route, status: REQUEST_SECONDS.labels(method=method, route=route, status=status))


def count_flaws(door: str, flaws: Iterable[str]) -> None:
    for flaw in flaws:
        FLAWS.labels(door=door, part=part_of(flaw)).inc()


def part_of(flaw: str) -> str:
    """What a flaw is about: `lat` of `fixes.0.lat: …`; `unknown field` where the report has one of its own."""
    names = [name for name in flaw.partition(": ")[0].split(".") if not name.isdigit()]
    if names and names[-1].startswith(("'", '"')):
        return "unknown field"
    return next((name for name in reversed(names) if name in PARTS), "other")


__all__ = ["REGISTRY"]
