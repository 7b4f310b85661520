"""Prints the faults of a layer as a table or as JSON."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dispatch.tools.faults import Fault, Severity, wrong
from dispatch.tools.layer_import import Imported

_UNBOUND = 250


def console_for_tables() -> Console:
    """A file or pipe has no width to fit."""
    console = Console()
    return console if console.is_terminal else Console(width=_UNBOUND)


def print_faults(faults: Sequence[Fault], console: Console) -> None:
    if faults:
        table = Table("where", "kind", "what", "lat, lon", box=None, header_style="bold")
        for fault in faults:
            style = "yellow" if fault.severity is Severity.NOTICE else "red"
            place = "" if fault.lat is None else f"{fault.lat:.6f}, {fault.lon:.6f}"
            table.add_row(Text(fault.where), Text(fault.kind, style), Text(fault.what), Text(place))
        console.print(table)
    console.print(summary(faults), highlight=False)


def print_taken(taken: Sequence[str], console: Console) -> None:
    for line in taken:
        console.print(f"taken: {line}", highlight=False, markup=False, soft_wrap=True)


def summary(faults: Sequence[Fault]) -> str:
    count = len(wrong(faults))
    notices = len(faults) - count
    return f"{count} faults, {notices} notices." if faults else "No faults."


def as_json(faults: Sequence[Fault], **more: object) -> str:
    """`ok`: there are no faults; every fault has all fields, null if it has no place or area."""
    body = {"ok": not wrong(faults), **more, "faults": [fault.to_json() for fault in faults]}
    return json.dumps(body, ensure_ascii=False, indent=2)


def print_import(imported: Imported, *, json: bool) -> None:
    done = imported.installed
    if json:
        files = {"installed": str(done.path), "missing": done.missing} if done else {"installed": None, "missing": ()}
        print(as_json(imported.remaining, taken=imported.taken, changes=imported.changes, **files))
        return
    console = console_for_tables()
    print_taken(imported.taken, console)
    for change in imported.changes:
        console.print(f"mended: {change}", highlight=False, markup=False, soft_wrap=True)
    print_faults(imported.remaining, console)
    if done is None:
        console.print("Not installed.")
        return
    kept = f"; the previous one is {done.before}" if done.before else ""
    console.print(f"Installed as {done.path}{kept}.", highlight=False, markup=False, soft_wrap=True)
    if done.missing:
        console.print(f"The city still lacks {', '.join(done.missing)}.", highlight=False, markup=False, soft_wrap=True)
