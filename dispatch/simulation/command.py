"""`dispatch simulate`. What it needs is imported only when it runs: the service starts without it."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from dispatch.settings import QUITO

err = Console(stderr=True)


def simulate(
    url: Annotated[str, typer.Option(help="The service.")] = "http://127.0.0.1:8000",
    key: Annotated[
        str | None,
        typer.Option(
            envvar=["DISPATCH_KEY", "DISPATCH_BOOTSTRAP_KEY"], help="An API key of it; better given as DISPATCH_KEY."
        ),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.0001, max=2000, help="Calls a second.")] = 0.1,
    seed: Annotated[int, typer.Option(help="The same seed, the same calls.")] = 1,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Seconds; left out: until interrupted.")] = None,
    screens: Annotated[int, typer.Option(min=0, max=500, help="Screens that watch, and must see every call.")] = 2,
    dispatch: Annotated[bool, typer.Option(help="A dispatcher that assigns what is recommended.")] = True,
    crews: Annotated[bool, typer.Option(help="Crews that drive, arrive, work and come free.")] = True,
    by_hour: Annotated[
        bool | None,
        typer.Option("--by-hour/--steady", help="Busy and quiet hours as in life; steady where a duration is given."),
    ] = None,
    misuse: Annotated[
        float, typer.Option(min=0, max=1, help="Share of silent and prank calls (0.486 of all in 2019).")
    ] = 0.06,
    pace: Annotated[float, typer.Option(min=0.1, max=100, help="Work at the scene so many times shorter.")] = 4.0,
    patience: Annotated[
        tuple[float, float], typer.Option(help="Seconds that the dispatcher waits before it assigns: least, most.")
    ] = (20.0, 60.0),
    left: Annotated[float, typer.Option(min=0, max=1, help="Share of incidents left to a person for longer.")] = 0.25,
    state: Annotated[
        Path | None, typer.Option(envvar="DISPATCH_STATE", help="State folder of the service, for its key.")
    ] = None,
    city: Annotated[
        Path | None, typer.Option(envvar="DISPATCH_CITY", help="Folder of the city's data; left out: Quito's.")
    ] = None,
    until_stdin_closes: Annotated[bool, typer.Option(help="End when standard input does: with the parent.")] = False,
    allow_remote: Annotated[bool, typer.Option(help="Let made-up emergencies go to another machine.")] = False,
) -> None:
    """Simulate a city against a running service: callers, crews, a dispatcher and screens.

    Exit code 1: a call that was acknowledged is missing on a screen; 2: it could not begin."""
    from dispatch.city import CityError, load_city
    from dispatch.simulation.day import Options, Refused
    from dispatch.simulation.dispatcher import Patience
    from dispatch.simulation.running import run
    from dispatch.simulation.service import is_loopback

    if not is_loopback(url) and not allow_remote:
        _give_up(f"{url} is another machine: made-up emergencies stay on this one, unless --allow-remote.")
    key = key or _local_key(state)
    if not key:
        _give_up("No key: set DISPATCH_KEY to one that the service knows.")
    if not 0 <= patience[0] <= patience[1]:
        _give_up("--patience takes the least and the most seconds, in this order.")
    try:
        known = load_city(city or QUITO)
    except CityError as error:
        _give_up(str(error))
    options = Options(
        url=url,
        key=key,
        rate=rate,
        seed=seed,
        duration_s=duration,
        screens=screens,
        dispatch=dispatch,
        crews=crews,
        by_hour=duration is None if by_hour is None else by_hour,
        misuse=misuse,
        pace=pace,
        patience=Patience(*patience, left),
    )

    try:
        day = run(known, options, until_stdin_closes=until_stdin_closes, console=err)
    except Refused as error:
        _give_up(str(error))
    err.print(day.summary.table(day.screens))
    raise SystemExit(1 if day.summary.failed(day.screens) else 0)


def _local_key(state: Path | None) -> str | None:
    """The key that a service on this machine keeps in its state folder, where we may read it."""
    from dispatch.store.embedded import KEY_FILE, default_state

    try:
        return ((state or default_state()) / KEY_FILE).read_text().strip()
    except OSError:
        return None


def _give_up(why: str) -> NoReturn:
    err.print(why, style="bold red", highlight=False, markup=False)
    raise SystemExit(2)
