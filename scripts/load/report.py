"""The report of a run: an HTML page with plots, and the figures as CSV."""

import base64
import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from scripts.load.figures import Done, figures
from scripts.load.machine import machine
from scripts.load.plots import Second, png, seconds

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Headers and rows."""

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#10151b}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem;border-bottom:1px solid #d5dde5;text-align:right}
td:first-child,th:first-child{text-align:left}img{width:100%}code{background:#eef2f6;padding:.1rem .3rem}
.bad{color:#b42318;font-weight:600}"""


def write(folder: Path, done: Done, *, command: str, peers: Sequence[tuple[str, float]] = ()) -> Path:
    """`<profile>.html`, `<profile>.csv` (the figures) and `<profile>-seconds.csv` (each second); returns the page."""
    name = done.profile.name
    rows = [*figures(done), *((f"peer: {peer}, a second", f"{rate:,.0f}") for peer, rate in peers)]
    _csv(folder / f"{name}.csv", ("figure", "value"), rows)
    _csv(folder / f"{name}-seconds.csv", Second._fields, seconds(done.outcome))
    plot = base64.b64encode(png(done)).decode()
    image = f"<img alt='percentiles, each second, cost' src='data:image/png;base64,{plot}'>"
    title = f"{name}: {done.profile.about}"
    return page(
        folder, name, title, (("figure", "value"), rows), command=command, faults=done.outcome.faults, end=image
    )


def page(
    folder: Path, name: str, title: str, table: Table, *, command: str, faults: Sequence[str] = (), end: str = ""
) -> Path:
    """`<name>.html` of one table; `end` is HTML."""
    folder.mkdir(parents=True, exist_ok=True)
    heads, rows = table
    bad = "".join(f"<p class=bad>{escape(fault)}</p>" for fault in faults)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}' for cell in row)}" for row in rows)
    text = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(name)}</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1><p><code>{escape(command)}</code><br>"
        f"{escape(machine())}; load generator and PostgreSQL on the same machine; {datetime.now(UTC):%Y-%m-%d}</p>"
        f"{bad}<table><tr>{''.join(f'<th>{escape(head)}' for head in heads)}{body}</table>{end}\n"
    )
    place = folder / f"{name}.html"
    place.write_text(text, encoding="utf-8")
    return place


def both(folder: Path, name: str, title: str, table: Table, *, command: str) -> Path:
    """A table as a page and as CSV."""
    place = page(folder, name, title, table, command=command)
    _csv(folder / f"{name}.csv", *table)
    return place


def _csv(place: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([heads, *rows])
