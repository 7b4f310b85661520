"""Plots of a run: percentiles, each second, and cost."""

import io
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from scripts.load.figures import Done
from scripts.load.meter import Meter
from scripts.load.outcome import Outcome

DIM, ACK, SHOWN, COST = "#5b6b7b", "#1f6feb", "#d9822b", "#2f9e63"


class Second(NamedTuple):
    """Calls due in it, how many of those were acknowledged, and the delay; None if none was."""

    second: int
    due: int
    acknowledged: int
    p50_ms: float | None
    p99_ms: float | None


def seconds(outcome: Outcome) -> Iterator[Second]:
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
        p50, p99 = (round(float(p), 2) for p in np.percentile(values, (50, 99))) if values else (None, None)
        yield Second(second, due[second], len(values or ()), p50, p99)


def png(done: Done) -> bytes:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(3, 1, figsize=(10, 11), layout="constrained")
    _percentiles(axes[0], done.outcome)
    _each_second(axes[1], list(seconds(done.outcome)))
    _cost(axes[2], done.meter)
    for each in axes:
        each.grid(color="#e3e9ef", linewidth=0.6)
        each.spines[["top", "right"]].set_visible(False)
        if each.get_legend_handles_labels()[0]:
            each.legend(frameon=False, loc="upper left")
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=90, metadata={"Software": None})
    plt.close(figure)
    return image.getvalue()


def _percentiles(axes: Any, outcome: Outcome) -> None:
    parts = np.concatenate([np.linspace(0, 0.9, 40), 1 - np.logspace(-1, -4, 60)])
    drawn = (
        ("acknowledged", ACK, outcome.acknowledged),
        ("on screens", SHOWN, outcome.shown),
        ("age of positions on screens", COST, outcome.position_age),
    )
    for name, colour, found in drawn:
        if found.get_total_count():
            values = [found.get_value_at_percentile(float(part) * 100) / 1_000 for part in parts]
            axes.plot(1 / (1 - parts), values, color=colour, label=name)
    axes.set(xscale="log", yscale="log", xlabel="percentile", ylabel="ms since it was due")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.set_xticks([2, 10, 100, 1_000, 10_000], ["50", "90", "99", "99.9", "99.99"])


def _each_second(axes: Any, rows: list[Second]) -> None:
    if rows:
        at = [row.second for row in rows]
        axes.plot(at, [row.due for row in rows], color=DIM, label="calls due in this second")
        axes.plot(at, [row.acknowledged for row in rows], color=ACK, linestyle="--", label="of those acknowledged")
        late = axes.twinx()
        late.plot(at, [row.p99_ms for row in rows], color=SHOWN, linewidth=1, marker="." if len(at) < 100 else "")
        late.set_ylabel("p99 to acknowledged, ms", color=SHOWN)
        late.set_ylim(0, None)
    axes.set(xlabel="seconds", ylabel="calls", ylim=(0, None))


def _cost(axes: Any, meter: Meter | None) -> None:
    if meter is not None and meter.service:
        for name, colour, costs in (("service", COST, meter.service), ("PostgreSQL", DIM, meter.postgres)):
            axes.plot([c.at_s for c in costs], [c.cores for c in costs], color=colour, label=f"{name}, cores busy")
        memory = axes.twinx()
        memory.plot([c.at_s for c in meter.service], [c.mb for c in meter.service], color=ACK, linestyle=":")
        memory.set_ylabel("service, resident MB", color=ACK)
        memory.set_ylim(0, None)
    axes.set(xlabel="seconds", ylabel="cores", ylim=(0, axes.get_ylim()[1] * 1.3))
