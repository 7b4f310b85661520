"""The result of the calls, in figures."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.table import Table

from dispatch.simulation.screen import Screen

PERCENTILES = (50, 90, 99)


@dataclass(slots=True)
class CallRecord:
    """The result of one call. Times are perf_counter seconds; `due_s` is when it should have been sent. All delays
    count from it, so a sender that falls behind doesn't hide a slow service."""

    id: str
    due_s: float
    acknowledged_s: float | None = None
    incident_id: int | None = None
    joined: bool = False
    refused: int | None = None
    """The status of a refusal; 0: no answer, in spite of all retries."""
    attempts: int = 0


@dataclass(slots=True)
class Summary:
    calls: list[CallRecord] = field(default_factory=list)
    fixes: list[tuple[str, float]] = field(default_factory=list)
    """Later fixes that were accepted: call id, when it was sent."""
    failures: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Failed requests of any kind: the request, and the status (0: no answer)."""
    started_s: float = 0.0
    ended_s: float = 0.0

    @property
    def pending(self) -> list[CallRecord]:
        return [call for call in self.calls if call.acknowledged_s is None and call.refused is None]

    @property
    def acknowledged(self) -> list[CallRecord]:
        return [call for call in self.calls if call.acknowledged_s is not None]

    def unseen(self, screens: Sequence[Screen]) -> list[CallRecord]:
        """Acknowledged calls that some screen never received."""
        return [call for call in self.acknowledged if not all(on(screen, call) for screen in screens)]

    def acknowledge_s(self) -> list[float]:
        return [call.acknowledged_s - call.due_s for call in self.calls if call.acknowledged_s is not None]

    def to_screen_s(self, screens: Sequence[Screen]) -> list[float]:
        """For every call on every screen that showed it by its event."""
        return [
            screen.calls[call.id] - call.due_s
            for screen in screens
            for call in self.acknowledged
            if call.id in screen.calls
        ]

    def fix_to_screen_s(self, screens: Sequence[Screen]) -> list[float]:
        """For every later fix that changed a location."""
        found = []
        for screen in screens:
            for call_id, sent_s in self.fixes:
                after = [at_s for at_s in screen.locations.get(call_id, ()) if at_s >= sent_s]
                if after:
                    found.append(min(after) - sent_s)
        return found

    def failed(self, screens: Sequence[Screen]) -> bool:
        return bool(self.unseen(screens)) or any(screen.feed.refused for screen in screens)

    def table(self, screens: Sequence[Screen]) -> Table:
        calls, acknowledged = self.calls, self.acknowledged
        refused = [call.refused for call in calls if call.refused]
        unanswered = len(calls) - len(acknowledged) - len(refused)
        seconds = self.ended_s - self.started_s
        table = Table(title="The simulated city", show_header=False, title_justify="left")
        table.add_column(justify="left")
        table.add_column(justify="right")
        table.add_row("calls sent", f"{len(calls):,} in {seconds:.0f} s ({len(calls) / max(seconds, 1e-9):.2f}/s)")
        table.add_row("acknowledged", f"{len(acknowledged):,}")
        table.add_row("  joined to a known incident", f"{sum(call.joined for call in acknowledged):,}")
        table.add_row("  sent again before an answer", f"{sum(call.attempts > 1 for call in acknowledged):,}")
        table.add_row("better fixes taken", f"{len(self.fixes):,}")
        table.add_row("refused", _refusals(refused))
        table.add_row("not answered", f"{unanswered:,}")
        if screens:
            unseen = len(self.unseen(screens))
            table.add_row(f"on every one of {len(screens)} screens", f"{len(acknowledged) - unseen:,}")
            table.add_row("  acknowledged, missing on a screen", f"[bold red]{unseen:,}[/]" if unseen else "0")
            table.add_row("  resynced · reconnected · out of order", _troubles(screens))
            told = screens[0].feed.told
            table.add_row("intervals told overdue", f"{told['incident_overdue']:,}")
            table.add_row("events of silent crews · of heard ones", f"{told['unit_silent']:,} · {told['unit_heard']:,}")
        for (asked, status), count in sorted(self.failures.items()):
            table.add_row(f"  {status or 'no'} answer to {asked}", f"{count:,}")
        table.add_row("call → acknowledged, ms", percentiles(self.acknowledge_s()))
        table.add_row("first fix → screen, ms", percentiles(self.to_screen_s(screens)))
        table.add_row("better fix → screen, ms", percentiles(self.fix_to_screen_s(screens)))
        return table


def on(screen: Screen, call: CallRecord) -> bool:
    return (
        call.incident_id is not None
        and call.acknowledged_s is not None
        and screen.has(call.id, call.incident_id, call.acknowledged_s)
    )


def percentiles(seconds: Sequence[float]) -> str:
    if not seconds:
        return "-"
    values = np.percentile(np.asarray(seconds) * 1000, PERCENTILES)
    return " · ".join(f"p{p} {value:.0f}" for p, value in zip(PERCENTILES, values, strict=True))


def _refusals(statuses: Sequence[int]) -> str:
    by_status = {status: statuses.count(status) for status in sorted(set(statuses))}
    return f"{len(statuses):,}" + "".join(f" · {count} × {status}" for status, count in by_status.items())


def _troubles(screens: Sequence[Screen]) -> str:
    def total(count: Callable[[Screen], int]) -> int:
        return sum(count(screen) for screen in screens)

    resyncs, disorders = total(lambda s: s.feed.resyncs), total(lambda s: s.feed.disorders)
    return f"{resyncs} · {total(lambda s: s.feed.reconnects)} · {disorders}"
