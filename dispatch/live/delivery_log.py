"""Events that were written to every screen: the delay, and a log message."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from dispatch.store.journal import Entry, summary_of
from dispatch.telemetry import meters

log = structlog.get_logger()


def log_delivery(entries: Sequence[Entry], *, screens: int) -> None:
    now = datetime.now(UTC)
    for entry in entries:
        meters.DELIVERY_SECONDS.observe(max(0.0, (now - entry.event.at).total_seconds()))
    log.info("told", screens=screens, **summary_of(entries))
    meters.delivered(entries[-1].event.seq)
