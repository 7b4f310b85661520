"""scripts/load_test: load tests with calls, screens and units."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from dispatch.city import CityError, load_city
from dispatch.simulation.service import is_loopback
from scripts.load import report
from scripts.load.bench import RAMP_S, Bench, ramp_table
from scripts.load.deflate import COMPARED_S, compare, deflate_table
from scripts.load.figures import figures
from scripts.load.machine import command
from scripts.load.profiles import Profile, profiles, steady
from scripts.load.restart import restart_table, restarts
from scripts.load.run import Refused
from scripts.load.suite import reports
from scripts.load.summary import reach
from scripts.open_files import ENOUGH, allow_open_files

QUITO = Path(__file__).resolve().parents[2] / "data" / "quito"
OTHERS = ("capacity", "deflate", "restart", "reports")
FILES_BESIDES_SCREENS = 1_000
console = Console(stderr=True)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    what: Annotated[
        str,
        typer.Argument(
            help="A profile: day, peak, flood, earthquake, screens, fleet, hour. Or: capacity (rising rate), deflate "
            "(without and with compression), restart (with many past incidents), reports (all; about twelve minutes).",
        ),
    ],
    url: Annotated[
        str | None, typer.Option(help="URL of a running service. Without it, one is started for this run.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar="DISPATCH_KEY", help="An administrator's key of that service.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, max=1_500, help="Duration of the profile; the rates stay.")
    ] = None,
    squeeze: Annotated[float | None, typer.Option(min=1, help="Factor by which time is compressed.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.01, max=5_000, help="Use this steady rate instead, calls per second.")
    ] = None,
    screens: Annotated[int | None, typer.Option(min=1, max=10_000)] = None,
    deflate: Annotated[bool, typer.Option("--deflate", help="Let the screens request permessage-deflate.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers; the same seed gives the same calls.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the reports and their CSV files.")] = None,
    part: Annotated[float, typer.Option(min=0.02, max=1, help="Share of each run's duration, for a quick look.")] = 1.0,
    with_peers: Annotated[bool, typer.Option("--peers/--no-peers", help="Measure the bare peers too.")] = False,
    allow_remote: Annotated[bool, typer.Option(help="Allow the load to be sent to another machine.")] = False,
    city: Annotated[Path, typer.Option(envvar="DISPATCH_CITY", help="Folder with the city's data.")] = QUITO,
) -> None:
    """Run a load test. Exit code 1: an acknowledged call was not shown, a sequence had a gap, or a screen was
    disconnected; 2: the test could not be run."""
    profile = profiles().get(what)
    if profile is None and what not in OTHERS:
        _give_up(f"no profile {what!r}; there are {', '.join([*profiles(), *OTHERS])}")
    if url is not None and not is_loopback(url) and not allow_remote:
        _give_up(f"{url} is another machine; load is sent there only with --allow-remote")
    if url is not None and not key:
        _give_up("no API key; set DISPATCH_KEY to an administrator's key of that service")
    if url is not None and what in {"deflate", "restart", "reports"}:
        _give_up(f"{what} starts its own services and takes no --url")
    try:
        bench = Bench(load_city(city), city, seed=seed, url=url, key=key)
    except CityError as error:
        _give_up(str(error))
    if profile is not None:
        profile = replace(
            profile if minutes is None else profile.lasting(minutes * 60),
            rate=steady(rate) if rate else profile.rate,
            squeeze=squeeze or (1.0 if minutes else profile.squeeze),
            screens=screens or profile.screens,
        )
    _allow_files(profile.screens if profile else max(p.screens for p in profiles().values()))
    task = _profile(bench, profile, out, deflate, with_peers) if profile else _other(bench, what, out, part)
    # If terminated from outside, it stops its service as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            faults = runner.run(task)
    except (Refused, RuntimeError) as error:
        _give_up(str(error))
    raise SystemExit(1 if faults else 0)


async def _profile(bench: Bench, profile: Profile, out: Path | None, deflate: bool, with_peers: bool) -> list[str]:
    """Returns the faults of the run."""
    done = await bench.one(profile, deflate=deflate)
    beside = await bench.peers() if with_peers else []
    rows = [*figures(done), *((f"peer: {name}, a second", f"{rate:,.0f}") for name, rate in beside)]
    rows += [("[bold red]fault", fault) for fault in done.outcome.faults]
    _show(f"{profile.name}: {profile.about}", (("figure", "value"), rows))
    if out:
        console.print(f"{report.write(out, done, command=command(), peers=beside).name} written", style="dim")
    return done.outcome.faults


async def _other(bench: Bench, what: str, out: Path | None, part: float) -> list[str]:
    if what == "reports":
        folder = out or Path("docs/load")
        found = await reports(
            bench, folder, command=command(), part=part, say=lambda name: console.print(f"{name} …", style="dim")
        )
        _show("goals and measurements", reach(found))
        return [f"{name}: {fault}" for name, done in found.runs.items() for fault in done.outcome.faults]
    titles = {"capacity": "capacity, on 10 screens", "deflate": "permessage-deflate off and on"}
    title, table = titles.get(what, "restart with a long past"), await _table(bench, what, part)
    _show(title, table)
    if out:
        report.both(out, what, title, table, command=command())
    return []


async def _table(bench: Bench, what: str, part: float) -> report.Table:
    if what == "capacity":
        return ramp_table(await bench.ramp(seconds=RAMP_S * part))
    if what == "deflate":
        return deflate_table(await compare(bench, seconds=COMPARED_S * part))
    return restart_table(await restarts(bench.city, bench.city_folder))


def _show(title: str, table: report.Table) -> None:
    heads, rows = table
    shown = Table(*heads[:1], title=title, title_justify="left")
    for head in heads[1:]:
        shown.add_column(head, justify="right")
    for row in rows:
        shown.add_row(*row)
    Console().print(shown)


def _allow_files(screens: int) -> None:
    """A screen is an open file here and in the service, which inherits this process's limit."""
    needed = screens + FILES_BESIDES_SCREENS
    allowed = allow_open_files(max(needed, ENOUGH))
    if allowed < needed:
        _give_up(
            f"{screens:,} screens need {needed:,} open files, but {allowed:,} are allowed; raise it with ulimit -n"
        )


def _give_up(why: str) -> NoReturn:
    console.print(why, style="bold red", highlight=False, markup=False)
    raise SystemExit(2)


if __name__ == "__main__":
    app(prog_name="scripts/load_test")
