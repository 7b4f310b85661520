"""The figures of a run, as text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scripts.load.meter import Cost, Meter
from scripts.load.outcome import Outcome, milliseconds
from scripts.load.profiles import Profile

# A dev package, which `scripts/load_test --help` must not need.
if TYPE_CHECKING:
    from hdrh.histogram import HdrHistogram


@dataclass(frozen=True, slots=True)
class Done:
    """A finished run. `meter` None: the service was not started here."""

    profile: Profile
    outcome: Outcome
    meter: Meter | None


def figures(done: Done) -> list[tuple[str, str]]:
    outcome, meter = done.outcome, done.meter
    sent, accepted, failed = outcome.positions
    statuses = ", ".join(f"{count:,} x {status or 'no answer'}" for status, count in sorted(outcome.statuses.items()))
    found = [
        ("calls sent", f"{outcome.sent:,} in {outcome.seconds:.1f} s"),
        ("answers", statuses or "-"),
        ("acknowledged a second", f"{outcome.rate:,.1f}"),
        ("due to acknowledged, ms", worded(outcome.acknowledged)),
        (f"due to shown on {outcome.screens:,} screens, ms", worded(outcome.shown)),
        ("first screen to each, ms", worded(outcome.spread)),
        ("due to sent (the generator's own delay), ms", worded(outcome.late)),
        ("acknowledged, missing on a screen", f"{outcome.unseen:,}"),
        ("gaps · resyncs · cut screens", f"{outcome.gaps:,} · {outcome.resyncs:,} · {outcome.cuts:,}"),
        ("messages to screens", f"{outcome.messages:,}, {outcome.bytes / 1e6:,.1f} MB"),
        ("positions taken", f"{accepted:,} of {sent:,} ({accepted / outcome.seconds:,.0f}/s), {failed:,} failed"),
        ("age of a unit's position on a screen, ms", worded(outcome.position_age)),
        ("generator, cores busy", f"mean {outcome.generator_cores:.2f}"),
    ]
    return found + (_costs(outcome, meter) if meter is not None and meter.service else [])


def _costs(outcome: Outcome, meter: Meter) -> list[tuple[str, str]]:
    slope = meter.mb_an_hour
    found = [
        ("service, cores busy", _busy(meter.service)),
        ("PostgreSQL, cores busy", _busy(meter.postgres)),
        (
            "service, resident MB",
            f"first {meter.service[0].mb:.0f}, last {meter.service[-1].mb:.0f}, most {meter.most_mb:.0f}",
        ),
        ("its slope in the second half, MB an hour", "-" if slope is None else f"{slope:+,.0f}"),
    ]
    if outcome.rate:
        # A sample is a second, so their sum is processor seconds.
        used_s = sum(cost.cores for cost in meter.service)
        per_call = used_s / max(1, outcome.acknowledged.get_total_count()) * 1_000
        found.append(("service, processor ms per call, all included", f"{per_call:.2f}"))
    return found


def _busy(costs: list[Cost]) -> str:
    cores = np.array([cost.cores for cost in costs])
    return f"mean {cores.mean():.2f}, most {cores.max():.2f}"


def worded(histogram: "HdrHistogram") -> str:
    return " · ".join(f"p{p:g} {value:,.1f}" for p, value in milliseconds(histogram).items()) or "-"
