"""`dispatch evaluate`. Its dependencies are imported only when it runs, so the service starts without them."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from dispatch.settings import Settings

if TYPE_CHECKING:
    from dispatch.evaluate.study import Load

err = Console(stderr=True)

# Incidents a day, for an invented fleet. docs/evaluation.md gives the reasons for `typical`, from the number of calls
# and the published response times; the others are fractions and multiples of it.
TYPICAL = "typical"
RESPONSE_S = 720.0
NODES = 30_000
LOADS = {"light": 350.0, TYPICAL: 700.0, "busy": 1_000.0, "overload": 1_500.0}


def evaluate(
    days: Annotated[
        int, typer.Option(min=2, help="Days to simulate at the typical load; other loads get a third of them.")
    ] = 30,
    seed: Annotated[int, typer.Option(help="Seed of the calls, their noise and the generated streets.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for report.md and its plots.")] = Path("evaluation"),
    load: Annotated[
        list[str] | None, typer.Option(help="A load besides the typical one (light, busy, overload); may be repeated.")
    ] = None,
    target_s: Annotated[
        float | None, typer.Option(min=60, help="Seconds after which a priority-1 arrival counts as late.")
    ] = None,
    city: Annotated[Path | None, typer.Option("--city", help="Folder with the city's data.")] = None,
    roads: Annotated[
        Path | None, typer.Option(help="A file made by `dispatch roads build`; without it, generated streets.")
    ] = None,
    nodes: Annotated[int, typer.Option(min=500, help="Number of crossings of the generated streets.")] = NODES,
) -> None:
    """Compare policies on simulated days: closest by line, by road, coverage-aware; with and without move-up.

    All policies get the same calls. To simulate a year: --days 365 --load typical."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from dispatch.city import CityError, load_city
    from dispatch.evaluate.evaluation import evaluate_city, steps, write
    from dispatch.model import Interval
    from dispatch.travel.unusable import TravelError

    if find_spec("matplotlib") is None:
        _fail("the plots need matplotlib, which is not installed: pip install matplotlib")
    loads = _loads(days, load)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    try:
        known = load_city(_folder(city))
        with Progress(*columns, console=err, transient=True) as bar:
            task = bar.add_task("", total=steps(known, loads, typical=TYPICAL))
            found = evaluate_city(
                known,
                loads,
                typical=TYPICAL,
                seed=seed,
                roads=roads,
                nodes=nodes,
                progress=lambda doing, further: bar.update(task, advance=further, description=doing),
            )
    except (CityError, TravelError) as error:
        _fail(error)
    response = known.target(Interval.RESPONSE, priority=1)
    late_s = target_s or (response.seconds if response else RESPONSE_S)
    write(
        found,
        out,
        target_s=late_s,
        command=_command(days, seed, out, load, target_s=target_s, city=city, roads=roads, nodes=nodes),
    )
    err.print(str(out / "report.md"), highlight=False, markup=False, soft_wrap=True)


def _loads(days: int, names: list[str] | None) -> "tuple[Load, ...]":
    from dispatch.evaluate.study import Load

    wanted = {*(names or LOADS), TYPICAL}
    unknown = ", ".join(sorted(wanted - LOADS.keys()))
    if unknown:
        _fail(f"no load {unknown}; there are {', '.join(LOADS)}")
    return tuple(
        Load(name, per_day, days if name == TYPICAL else max(2, days // 3))
        for name, per_day in LOADS.items()
        if name in wanted
    )


def _command(days: int, seed: int, out: Path, load: list[str] | None, **others: float | Path | None) -> str:
    """The command that reproduces the report."""
    some = "".join(f" --load {name}" for name in load or ())
    for name, value in others.items():
        if value is not None and (name, value) != ("nodes", NODES):
            some += f" --{name.replace('_', '-')} {value}"
    return f"dispatch evaluate --days {days} --seed {seed} --out {out}{some}"


def _folder(city: Path | None) -> Path:
    try:
        return Settings.from_env(city=city).city
    except ValueError as error:
        _fail(error)


def _fail(error: object) -> NoReturn:
    err.print("✗", str(error), style="bold red", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(2)
