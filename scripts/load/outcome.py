"""What came of a run: histograms of what was promised, and what went wrong."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hdrh.histogram import HdrHistogram

from scripts.load.phones import Fate, Phones
from scripts.load.watchers import Watcher

LONGEST_US, DIGITS = 120_000_000, 3
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)


def histogram(seconds: Iterable[float]) -> HdrHistogram:
    """Of microseconds, to three significant digits."""
    found = HdrHistogram(1, LONGEST_US, DIGITS)
    for value in seconds:
        found.record_value(min(LONGEST_US, max(1, round(value * 1e6))))
    return found


@dataclass(slots=True)
class Outcome:
    """`shown`: from when a call was due to when a screen had its event, for each screen. `spread`: from when a call was
    acknowledged to when a screen had it, which may be before. `unseen`: acknowledged calls that a reading screen never
    showed. All open: a run that lost nothing has `faults` empty."""

    sent: int
    statuses: Counter[int]
    seconds: float
    acknowledged: HdrHistogram
    shown: HdrHistogram
    position_age: HdrHistogram
    unseen: int
    gaps: int
    resyncs: int
    cuts: int
    screens: int
    fates: Sequence[Fate] = field(repr=False, default=())
    positions: tuple[int, int, int] = (0, 0, 0)
    """Sent, accepted, failed."""

    @property
    def rate(self) -> float:
        """Calls acknowledged a second."""
        return float(self.acknowledged.get_total_count()) / max(self.seconds, 1e-9)

    @property
    def faults(self) -> list[str]:
        found = {"acknowledged calls missing on a screen": self.unseen, "gaps in a screen's sequence": self.gaps}
        return [f"{count:,} {what}" for what, count in found.items() if count]


def outcome(phones: Phones, watchers: Sequence[Watcher], *, seconds: float, positions: tuple[int, int, int]) -> Outcome:
    acknowledged = [fate for fate in phones.fates if fate.acknowledged and fate.answered_s is not None]
    readers = [watcher for watcher in watchers if watcher.reads]
    seq_of_call: dict[str, int] = {}
    for reader in readers:
        seq_of_call |= reader.seq_of_call
    shown = [
        at_s - fate.due_s
        for fate in acknowledged
        if (seq := seq_of_call.get(fate.id)) is not None
        for watcher in watchers
        if (at_s := watcher.shown(seq)) is not None
    ]
    return Outcome(
        sent=len(phones.fates),
        statuses=phones.statuses(),
        seconds=seconds,
        acknowledged=histogram(fate.answered_s - fate.due_s for fate in acknowledged if fate.answered_s is not None),
        shown=histogram(shown),
        position_age=histogram(age_s for reader in readers for age_s in reader.position_age_s),
        unseen=sum(1 for fate in acknowledged for r in readers if not r.resyncs and fate.id not in r.seq_of_call),
        gaps=sum(watcher.gaps for watcher in readers),
        resyncs=sum(watcher.resyncs for watcher in watchers),
        cuts=sum(watcher.cuts for watcher in watchers),
        screens=len(watchers),
        fates=phones.fates,
        positions=positions,
    )


def milliseconds(histogram: HdrHistogram) -> dict[float, float]:
    """Percentile → milliseconds; empty where nothing was measured."""
    if not histogram.get_total_count():
        return {}
    return {p: histogram.get_value_at_percentile(p) / 1_000 for p in PERCENTILES}
