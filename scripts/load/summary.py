"""Goals beside measurements: the first page of the reports' folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from scripts.load.bench import is_good, ramp_table
from scripts.load.deflate import deflate_table
from scripts.load.figures import Done, figures
from scripts.load.machine import machine
from scripts.load.outcome import milliseconds
from scripts.load.report import Table
from scripts.load.restart import Restarts, restart_table

# A dev package, which `scripts/load_test --help` must not need.
if TYPE_CHECKING:
    from hdrh.histogram import HdrHistogram

INSERT_PEER = "FastAPI, one durable insert each"


@dataclass(slots=True)
class Found:
    """All results of one session; missing ones were not measured."""

    runs: dict[str, Done] = field(default_factory=dict)
    steps: list[Done] = field(default_factory=list)
    restarts: Restarts | None = None
    deflate: list[tuple[bool, Done]] = field(default_factory=list)
    peers: Sequence[tuple[str, float]] = ()


def write(folder: Path, found: Found, *, command: str) -> Path:
    place = folder / "README.md"
    parts = [
        "# Load, as measured",
        f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}. All figures are generated. [Method](../load.md).",
        f"{machine()}; load generator, service and PostgreSQL on the same machine.",
        "## Goals and measurements",
        markdown(reach(found)),
        "## Bare peers, in the same session",
        markdown((("peer", "a second"), [(name, f"{rate:,.0f}") for name, rate in found.peers])),
        *(_capacity(found.steps) if found.steps else ()),
        *(("## Restart", markdown(restart_table(found.restarts))) if found.restarts else ()),
        *(("## permessage-deflate", markdown(deflate_table(found.deflate))) if found.deflate else ()),
    ]
    for name, done in found.runs.items():
        parts += [
            f"## {name}: {done.profile.about}",
            f"[report with plots]({name}.html) · [figures]({name}.csv) · [each second]({name}-seconds.csv)",
            *(f"**{fault}**" for fault in done.outcome.faults),
            markdown((("figure", "value"), figures(done))),
        ]
    folder.mkdir(parents=True, exist_ok=True)
    place.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return place


def markdown(table: Table) -> str:
    heads, rows = table
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def reach(found: Found) -> Table:
    runs, peers = found.runs, dict(found.peers)
    rows = [*_calls(runs, peers), *_screens(runs), *_fleet(runs), *_memory(runs), *_restart(found.restarts)]
    return ("", "goal", "measured", "reached"), rows


def _calls(runs: Mapping[str, Done], peers: Mapping[str, float]) -> list[tuple[str, str, str, str]]:
    rows = []
    if flood := runs.get("flood"):
        rate = flood.outcome.rate
        said = f"{rate:,.0f}/s over {flood.outcome.seconds:.0f} s"
        if peer := peers.get(INSERT_PEER):
            said += f", {rate / peer:.2f} of a bare FastAPI insert"
        kept = rate >= 0.99 * flood.profile.rate(0) and is_good(flood.outcome)
        rows.append(("full calls, 10 screens", "2,000/s for 60 s", said, _kept(kept)))
    if peak := runs.get("peak"):
        rows += [
            _within("200 calls/s, 200 screens: due to shown, p50", 5, peak.outcome.shown, 50.0),
            _within("200 calls/s, 200 screens: due to shown, p99", 25, peak.outcome.shown, 99.0),
        ]
    return rows


def _screens(runs: Mapping[str, Done]) -> list[tuple[str, str, str, str]]:
    if not (done := runs.get("screens")):
        return []
    screens = f"{done.outcome.screens:,} screens"
    return [
        _within(f"one event to {screens}: from due, p99", 150, done.outcome.shown, 99.0),
        _within(f"one event to {screens}: from the first screen, p99", 150, done.outcome.spread, 99.0),
    ]


def _fleet(runs: Mapping[str, Done]) -> list[tuple[str, str, str, str]]:
    if not (done := runs.get("fleet")):
        return []
    _, accepted, _ = done.outcome.positions
    rate = accepted / done.outcome.seconds
    # The last batches are still under way at the end.
    kept = _kept(rate >= 0.98 * done.profile.units * done.profile.moving_hz)
    return [
        ("positions taken", "20,000/s", f"{rate:,.0f}/s", kept),
        _within("age of a position on a screen, p99", 1_000, done.outcome.position_age, 99.0),
    ]


def _memory(runs: Mapping[str, Done]) -> list[tuple[str, str, str, str]]:
    most = [(done.meter.most_mb, name) for name, done in runs.items() if done.meter]
    rows = []
    if most:
        mb, name = max(most)
        rows.append(("memory of the service, most in any run", "500 MB", f"{mb:,.0f} MB ({name})", _kept(mb <= 500)))
    hour = runs.get("hour")
    if hour and hour.meter and (slope := hour.meter.mb_an_hour) is not None:
        said = f"{slope:+,.0f} MB an hour, over {hour.outcome.seconds / 60:.0f} min"
        rows.append(("memory with as many incidents closed as opened", "flat", said, "see its plot"))
    return rows


def _restart(found: Restarts | None) -> list[tuple[str, str, str, str]]:
    if found is None:
        return []
    slowest = max(median(found.after_stop), median(found.after_kill))
    what = f"restart with {found.past:,} past incidents, {found.open_ones:,} open"
    return [
        (what, "3 s", f"{median(found.after_kill):.2f} s; with its PostgreSQL {slowest:.2f} s", _kept(slowest <= 3))
    ]


def _capacity(steps: list[Done]) -> tuple[str, str, str]:
    good = [done.profile.rate(0) for done in steps if is_good(done.outcome)]
    said = f"Highest sustained rate: {max(good):g} calls/s." if good else "No step was sustained."
    return "## Capacity, on 10 screens", said, markdown(ramp_table(steps))


def _within(what: str, reach_ms: float, found: "HdrHistogram", percentile: float) -> tuple[str, str, str, str]:
    value = milliseconds(found).get(percentile)
    said = "-" if value is None else f"{value:,.1f} ms"
    return what, f"{reach_ms:,.0f} ms", said, _kept(value is not None and value <= reach_ms)


def _kept(kept: bool) -> str:
    return "yes" if kept else "no"
