"""A run on paper: one HTML page with its plots in it, and the figures beside it as CSV."""

import base64
import csv
import io
import platform
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram

from scripts.load.meter import Meter
from scripts.load.outcome import Outcome, milliseconds
from scripts.load.profiles import Profile

INK, DIM, ACK, SHOWN, COST = "#10151b", "#5b6b7b", "#1f6feb", "#d9822b", "#2f9e63"
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#10151b}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem;border-bottom:1px solid #d5dde5;text-align:right}
td:first-child,th:first-child{text-align:left}img{width:100%}code{background:#eef2f6;padding:.1rem .3rem}
.bad{color:#b42318;font-weight:600}"""


def machine() -> str:
    """Processor and cores; no name and no path of it."""
    cpu = platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
        cores = sum(line.startswith("processor") for line in lines)
    except (OSError, StopIteration):
        return cpu
    return f"{cpu}, {cores} cores, Python {platform.python_version()}"


def rows(outcome: Outcome, meter: Meter | None) -> list[tuple[str, str]]:
    """What a reader wants to know, worded."""
    sent, accepted, failed = outcome.positions
    statuses = ", ".join(f"{count:,} x {status or 'no answer'}" for status, count in sorted(outcome.statuses.items()))
    found = [
        ("calls sent", f"{outcome.sent:,} in {outcome.seconds:.1f} s"),
        ("answers", statuses or "-"),
        ("acknowledged a second", f"{outcome.rate:,.1f}"),
        ("due to acknowledged, ms", worded(outcome.acknowledged)),
        (f"due to shown on {outcome.screens:,} screens, ms", worded(outcome.shown)),
        ("acknowledged, missing on a screen", f"{outcome.unseen:,}"),
        ("gaps · resyncs · cut screens", f"{outcome.gaps:,} · {outcome.resyncs:,} · {outcome.cuts:,}"),
        ("positions taken", f"{accepted:,} of {sent:,} ({accepted / outcome.seconds:,.0f}/s), {failed:,} failed"),
        ("age of a unit's position on a screen, ms", worded(outcome.position_age)),
    ]
    if meter is not None and meter.service:
        service, postgres = np.array(meter.service), np.array(meter.postgres)
        found += [
            ("service, cores busy", f"mean {service[:, 1].mean():.2f}, most {service[:, 1].max():.2f}"),
            ("PostgreSQL, cores busy", f"mean {postgres[:, 1].mean():.2f}, most {postgres[:, 1].max():.2f}"),
            (
                "service, resident MB",
                f"first {service[0, 2]:.0f}, last {service[-1, 2]:.0f}, most {service[:, 2].max():.0f}",
            ),
        ]
        if outcome.rate:
            per_call = service[:, 1].sum() / max(1, outcome.acknowledged.get_total_count()) * 1_000
            found.append(("service, processor ms per call, all included", f"{per_call:.2f}"))
    return found


def worded(histogram: HdrHistogram) -> str:
    return " · ".join(f"p{p:g} {value:,.1f}" for p, value in milliseconds(histogram).items()) or "-"


def write(
    folder: Path,
    profile: Profile,
    outcome: Outcome,
    meter: Meter | None,
    *,
    command: str,
    peers: Sequence[tuple[str, float]] = (),
) -> Path:
    """`<profile>.html`, `<profile>.csv` (the figures) and `<profile>-seconds.csv` (each second); returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = rows(outcome, meter)
    figures += [(f"peer: {name}, a second", f"{rate:,.0f}") for name, rate in peers]
    with (folder / f"{profile.name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("figure", "value"), *figures])
    with (folder / f"{profile.name}-seconds.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("second", "due", "acknowledged", "p50_ms", "p99_ms"), *_seconds(outcome)])
    faults = "".join(f"<p class=bad>{escape(fault)}</p>" for fault in outcome.faults)
    table = "".join(f"<tr><td>{escape(name)}<td>{escape(value)}" for name, value in figures)
    plot = base64.b64encode(_plot(outcome, meter)).decode()
    page = (
        f"<!doctype html><meta charset=utf-8><title>{escape(profile.name)}</title><style>{STYLE}</style>"
        f"<h1>{escape(profile.name)}: {escape(profile.about)}</h1><p><code>{escape(command)}</code><br>"
        f"{escape(machine())}; load generator and PostgreSQL on the same machine; {datetime.now(UTC):%Y-%m-%d}</p>"
        f"{faults}<table>{table}</table><img alt='percentiles, each second, cost' src='data:image/png;base64,{plot}'>"
    )
    place = folder / f"{profile.name}.html"
    place.write_text(page, encoding="utf-8")
    return place


def _seconds(outcome: Outcome) -> Iterator[tuple[int, int, int, float | None, float | None]]:
    """For each second: calls due in it, how many of those were acknowledged, and how long that took."""
    if not outcome.fates:
        return
    began_s = min(fate.due_s for fate in outcome.fates)
    due: defaultdict[int, int] = defaultdict(int)
    taken: defaultdict[int, list[float]] = defaultdict(list)
    for fate in outcome.fates:
        second = int(fate.due_s - began_s)
        due[second] += 1
        if fate.acknowledged and fate.answered_s is not None:
            taken[second].append((fate.answered_s - fate.due_s) * 1_000)
    for second in range(max(due) + 1):
        values = taken.get(second)
        p50, p99 = np.percentile(values, (50, 99)) if values else (None, None)
        yield second, due[second], len(values or ()), _round(p50), _round(p99)


def _round(value: Any) -> float | None:
    return None if value is None else round(float(value), 2)


def _plot(outcome: Outcome, meter: Meter | None) -> bytes:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (percentile, time, cost) = plt.subplots(3, 1, figsize=(10, 11), layout="constrained")
    nines = np.concatenate([np.linspace(0, 0.9, 40), 1 - np.logspace(-1, -4, 60)])
    for name, colour, found in (("acknowledged", ACK, outcome.acknowledged), ("on screens", SHOWN, outcome.shown)):
        if found.get_total_count():
            values = [found.get_value_at_percentile(float(p) * 100) / 1_000 for p in nines]
            percentile.plot(1 / (1 - nines), values, color=colour, label=name)
    percentile.set(xscale="log", yscale="log", xlabel="percentile", ylabel="ms since the call was due")
    percentile.set_xticks([2, 10, 100, 1_000, 10_000], ["50", "90", "99", "99.9", "99.99"])
    seconds = list(_seconds(outcome))
    if seconds:
        at = [row[0] for row in seconds]
        time.plot(at, [row[1] for row in seconds], color=DIM, label="calls due in this second")
        time.plot(at, [row[2] for row in seconds], color=ACK, label="of those acknowledged")
        late = time.twinx()
        late.plot(at, [row[4] for row in seconds], color=SHOWN, linewidth=1)
        late.set_ylabel("p99 to acknowledged, ms", color=SHOWN)
    time.set(xlabel="seconds", ylabel="calls", ylim=(0, None))
    if meter is not None and meter.service:
        for name, colour, samples in (("service", COST, meter.service), ("PostgreSQL", DIM, meter.postgres)):
            cost.plot([s[0] for s in samples], [s[1] for s in samples], color=colour, label=f"{name}, cores busy")
        memory = cost.twinx()
        memory.plot([s[0] for s in meter.service], [s[2] for s in meter.service], color=ACK, linestyle=":")
        memory.set_ylabel("service, resident MB", color=ACK)
        memory.set_ylim(0, None)
    cost.set(xlabel="seconds", ylabel="cores", ylim=(0, None))
    for axes in (percentile, time, cost):
        axes.grid(color="#e3e9ef", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, loc="upper left")
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=90)
    plt.close(figure)
    return image.getvalue()
