"""Plots of the study. Matplotlib is optional: the service imports nothing from here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h3.api.basic_str as h3  # type: ignore[import-untyped]
import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dispatch.evaluate.comparison import fewer, share, tally
from dispatch.evaluate.outcome import Outcome
from dispatch.evaluate.policies import ambulances_of
from dispatch.evaluate.report import SHIFTS_A_DAY
from dispatch.evaluate.resting import Resting
from dispatch.evaluate.study import Load, Study
from dispatch.policy.units.coverage import Floats

# The palette of Okabe and Ito, distinguishable with colour blindness.
COLOURS = {"line": "#000000", "road": "#0072B2", "coverage": "#D55E00", "shared": "#009E73"}
MARKS = {"": "o", "move": "s", "shared": "D"}
TARGET = "#888888"
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.dpi": 110,
}


def look(code: str) -> tuple[str, str]:
    """Colour by how a unit is chosen, marker by how idle units are moved."""
    choice, _, moving = code.partition("+")
    return COLOURS.get(moving, COLOURS[choice]), MARKS[moving]


def late_by_load(study: Study, file: Path, *, target_s: float) -> None:
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(9, 4.2))
        width = 0.11
        middle = (len(study.policies) - 1) / 2
        for place, policy in enumerate(study.policies):
            colour, mark = look(policy.code)
            for panel, medical in ((axes[0], None), (axes[1], True)):
                found = [
                    share(tally(study.outcomes[load.name][policy.code], target_s=target_s, medical=medical))
                    for load in study.loads
                ]
                x = np.arange(len(study.loads)) + (place - middle) * width
                y = 100 * np.array([e.value for e in found])
                off = 100 * np.abs(np.array([[e.low, e.high] for e in found]).T) - y
                panel.errorbar(x, y, np.abs(off), fmt=mark, color=colour, ms=4.5, lw=1.1, capsize=2, label=policy.label)
        for panel, title in ((axes[0], "All priority-1 calls"), (axes[1], "Medical priority-1 calls")):
            panel.set_xticks(range(len(study.loads)), [f"{load.name}\n{load.per_day:,.0f}/day" for load in study.loads])
            panel.set_ylim(bottom=0)
            panel.grid(axis="x", visible=False)
            panel.set_title(title, loc="left", fontsize=10)
        axes[0].set_ylabel(f"reached after {target_s / 60:g} min or never, %")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=3, fontsize=8)
        figure.tight_layout(rect=(0, 0.16, 1, 1))
        _save(figure, file)


def response_times(study: Study, load: str, file: Path, *, target_s: float, codes: Sequence[str]) -> None:
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True)
        for panel, medical, title in ((axes[0], True, "Medical"), (axes[1], False, "Police, fire, traffic and others")):
            for policy in (p for p in study.policies if p.code in codes):
                colour, _ = look(policy.code)
                minutes = _minutes(study.outcomes[load][policy.code], medical=medical)
                y = 100 * np.arange(1, len(minutes) + 1) / len(minutes)
                panel.plot(minutes, y, color=colour, lw=1.4, label=policy.label)
            panel.axvline(target_s / 60, color=TARGET, lw=1)
            panel.text(target_s / 60, 101, f"{target_s / 60:g} min", color=TARGET, fontsize=8, ha="center")
            panel.set(xlim=(0, 40), ylim=(0, 100), xlabel="minutes from the call to the first unit")
            panel.set_title(f"{title}, priority 1", loc="left", fontsize=10, pad=14)
        axes[0].set_ylabel("reached by then, %")
        axes[1].legend(loc="lower right", fontsize=8)
        figure.tight_layout()
        _save(figure, file)


def moves_and_gain(study: Study, load: Load, base: Sequence[Outcome], file: Path, *, target_s: float) -> None:
    """`study` is of one policy with increasing thresholds for moves; `base` the same days without moves."""
    with mpl.rc_context(STYLE):
        figure, panel = plt.subplots(figsize=(5.6, 3.8))
        without, ambulances = tally(base, target_s=target_s), ambulances_of(study.city)
        for policy in study.policies:
            outcomes = study.outcomes[load.name][policy.code]
            found = fewer(tally(outcomes, target_s=target_s), without)
            moves = sum(o.moves for o in outcomes) / load.days / ambulances / SHIFTS_A_DAY
            off = 100 * np.array([[found.value - found.low], [found.high - found.value]])
            panel.errorbar(moves, 100 * found.value, off, fmt="D", color=COLOURS["coverage"], ms=5, lw=1.1, capsize=2)
            panel.annotate(policy.label, (moves, 0), (-8, 4), textcoords="offset points", fontsize=7.5, rotation=90)
        panel.axhline(0, color=TARGET, lw=1)
        panel.set_xlim(left=0)
        panel.set_ylim(bottom=min(0, panel.get_ylim()[0]))
        panel.set(xlabel="moves of an ambulance in a shift of 12 hours", ylabel="fewer late priority-1 arrivals, %")
        panel.set_title("What a move must gain, and what all moves gain", loc="left", fontsize=10)
        figure.tight_layout()
        _save(figure, file)


def coverage_map(study: Study, resting: Sequence[Resting], file: Path) -> None:
    """The share of calls for advanced life support that is expected to be reached in time, by cell."""
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        figure, axes = plt.subplots(1, len(resting), figsize=(4.4 * len(resting), 5.6), sharex=True, sharey=True)
        panels = list(np.atleast_1d(axes))
        demand = study.places.demand
        kept = _with_calls(demand.total)
        borders = [np.array(h3.cell_to_boundary(demand.cells[i]))[:, ::-1] for i in kept.tolist()]
        drawn = None
        for panel, at_rest in zip(panels, resting, strict=True):
            shown = PolyCollection(borders, array=100 * at_rest.covered[kept], cmap="viridis", edgecolors="none")
            shown.set_clim(0, 100)
            panel.add_collection(shown)
            _outlines(panel, study)
            lats, lons = np.array([(p.lat, p.lon) for p in at_rest.points]).T
            panel.plot(lons, lats, "o", ms=4.5, mfc="#D55E00", mec="white", mew=0.8)
            panel.set_title(f"{at_rest.name}\n{100 * at_rest.share:.0f} % expected in time", loc="left", fontsize=10)
            panel.set(xlim=_middle(demand.lons, demand.total), ylim=_middle(demand.lats, demand.total), aspect="equal")
            panel.set_axis_off()
            drawn = shown
        if drawn is not None:
            figure.colorbar(drawn, ax=panels, shrink=0.6, label="calls expected to be reached in time, %")
        _save(figure, file)


def _outlines(panel: Axes, study: Study) -> None:
    for parish in study.city.parishes:
        for polygon in getattr(parish.polygon, "geoms", [parish.polygon]):
            panel.plot(*np.array(polygon.exterior.coords).T, color="#999999", lw=0.4)


def _with_calls(total: Floats) -> NDArray[np.int64]:
    """Positions of the cells that together contain 99.5 % of the calls: the rest is mountains."""
    order = np.argsort(-total, kind="stable")
    before = np.cumsum(total[order]) - total[order]
    kept: NDArray[np.int64] = order[before < 0.995 * total.sum()]
    return kept


def _middle(degrees: Floats, weight: Floats) -> tuple[float, float]:
    """The range that contains 98 % of the calls, with a margin."""
    order = np.argsort(degrees)
    upto = np.cumsum(weight[order]) / weight.sum()
    low, high = degrees[order][np.searchsorted(upto, [0.01, 0.99])].tolist()
    return low - 0.03, high + 0.03


def _minutes(outcomes: Sequence[Outcome], *, medical: bool) -> Floats:
    """Sorted; calls that were never reached count as infinite."""
    found = [o.response_s[(o.priority == 1) & (o.medical == medical)] for o in outcomes]
    minutes: Floats = np.sort(np.nan_to_num(np.concatenate(found), nan=np.inf)) / 60
    return minutes


def _save(figure: Figure, file: Path) -> None:
    figure.savefig(file, metadata={"Software": None}, bbox_inches="tight")
    plt.close(figure)
