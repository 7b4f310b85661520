"""Events that have been handed to every screen: how long that took, and a line in the log."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from dispatch import meters
from dispatch.store.journal import Entry, in_short

log = structlog.get_logger()


def told(entries: Sequence[Entry], *, screens: int) -> None:
    now = datetime.now(UTC)
    for entry in entries:
        meters.TOLD_SECONDS.observe(max(0.0, (now - entry.event.at).total_seconds()))
    log.info("told", screens=screens, **in_short(entries))
    meters.told(entries[-1].event.seq)
