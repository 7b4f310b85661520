"""The result of a run: histograms of the delays, and errors."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scripts.load.phones import Fate, Phones
from scripts.load.watchers import Watcher

# A dev package, which `scripts/load_test --help` must not need.
if TYPE_CHECKING:
    from hdrh.histogram import HdrHistogram

LONGEST_US, DIGITS = 120_000_000, 3
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)


def histogram(seconds: Iterable[float] | NDArray[np.float64]) -> "HdrHistogram":
    """Of microseconds, to three significant digits."""
    from hdrh.histogram import HdrHistogram

    found = HdrHistogram(1, LONGEST_US, DIGITS)
    values = np.asarray(seconds if isinstance(seconds, np.ndarray) else list(seconds), dtype=float)
    microseconds, counts = np.unique(np.clip(np.rint(values * 1e6), 1, LONGEST_US).astype(int), return_counts=True)
    for value, count in zip(microseconds.tolist(), counts.tolist(), strict=True):
        found.record_value(value, count)
    return found


@dataclass(slots=True)
class Outcome:
    """For every call from its due time: to its acknowledgement, to each screen that received its event (`shown`).
    `spread`: from the first screen to each; `late`: from due to sent, the generator's own delay. `unseen`: acknowledged
    calls that a reading screen never received. `generator_cores`: processor use of the generator, in cores."""

    sent: int
    statuses: Counter[int]
    seconds: float
    acknowledged: "HdrHistogram"
    shown: "HdrHistogram"
    spread: "HdrHistogram"
    late: "HdrHistogram"
    position_age: "HdrHistogram"
    unseen: int
    gaps: int
    resyncs: int
    cuts: int
    screens: int
    messages: int
    bytes: int
    snapshot_bytes: int
    generator_cores: float
    fates: Sequence[Fate] = field(repr=False, default=())
    positions: tuple[int, int, int] = (0, 0, 0)
    """Sent, accepted, failed."""
    left_open: int = 0
    """Incidents that could not be closed."""

    @property
    def rate(self) -> float:
        """Calls acknowledged a second, until the last answer."""
        return float(self.acknowledged.get_total_count()) / max(self.seconds, 1e-9)

    @property
    def faults(self) -> list[str]:
        found = {
            "acknowledged calls missing on a screen": self.unseen,
            "gaps in a screen's sequence": self.gaps,
            "screens cut": self.cuts,
            "incidents that could not be closed": self.left_open,
        }
        return [f"{count:,} {what}" for what, count in found.items() if count]


def outcome(
    phones: Phones,
    watchers: Sequence[Watcher],
    *,
    seconds: float,
    positions: tuple[int, int, int],
    generator_cores: float,
    left_open: int,
) -> Outcome:
    acknowledged = [fate for fate in phones.fates if fate.acknowledged and fate.answered_s is not None]
    readers = [watcher for watcher in watchers if watcher.reads]
    shown, spread = _shown(acknowledged, readers, watchers)
    return Outcome(
        sent=len(phones.fates),
        statuses=phones.statuses(),
        seconds=seconds,
        acknowledged=histogram(fate.answered_s - fate.due_s for fate in acknowledged if fate.answered_s is not None),
        shown=histogram(shown),
        spread=histogram(spread),
        late=histogram(fate.sent_s - fate.due_s for fate in phones.fates),
        position_age=histogram(age_s for reader in readers for age_s in reader.position_age_s),
        unseen=sum(1 for fate in acknowledged for r in readers if not r.resyncs and fate.id not in r.seq_of_call),
        gaps=sum(watcher.gaps for watcher in readers),
        resyncs=sum(watcher.resyncs for watcher in watchers),
        cuts=sum(watcher.cuts for watcher in watchers),
        screens=len(watchers),
        messages=sum(watcher.messages for watcher in watchers),
        bytes=sum(watcher.bytes for watcher in watchers),
        snapshot_bytes=max((watcher.snapshot_bytes for watcher in watchers), default=0),
        generator_cores=generator_cores,
        left_open=left_open,
        fates=phones.fates,
        positions=positions,
    )


def _shown(
    acknowledged: Sequence[Fate], readers: Sequence[Watcher], watchers: Sequence[Watcher]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds, of each call on each screen: since it was due, since the first screen received it."""
    seq_of_call: dict[str, int] = {}
    for reader in readers:
        seq_of_call |= reader.seq_of_call
    told = [(seq_of_call[fate.id], fate.due_s) for fate in acknowledged if fate.id in seq_of_call]
    if not told:
        return np.array([]), np.array([])
    seqs, due_s = (np.array(column) for column in zip(*told, strict=True))
    at_s = np.full((len(watchers), len(told)), np.nan)
    for row, watcher in zip(at_s, watchers, strict=True):
        place = np.searchsorted(watcher.seqs, seqs)
        had = place < len(watcher.seqs)
        row[had] = np.array(watcher.shown_s)[place[had]]
    shown, spread = at_s - due_s, at_s - np.fmin.reduce(at_s, axis=0)
    return shown[~np.isnan(shown)], spread[~np.isnan(spread)]


def milliseconds(histogram: "HdrHistogram") -> dict[float, float]:
    """Percentile → milliseconds; empty if nothing was measured."""
    if not histogram.get_total_count():
        return {}
    return {p: histogram.get_value_at_percentile(p) / 1_000 for p in PERCENTILES}
