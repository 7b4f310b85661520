"""`dispatch simulate`. Its dependencies are imported only when it runs, so the service starts without them."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from dispatch.settings import QUITO

err = Console(stderr=True)


def simulate(
    url: Annotated[str, typer.Option(help="Base URL of the service.")] = "http://127.0.0.1:8000",
    key: Annotated[
        str | None,
        typer.Option(
            envvar=["DISPATCH_KEY", "DISPATCH_BOOTSTRAP_KEY"],
            help="An API key of the service; preferably set DISPATCH_KEY instead.",
        ),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.0001, max=2000, help="Calls per second.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers; the same seed gives the same calls.")] = 1,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Seconds; without it, until interrupted.")] = None,
    screens: Annotated[int, typer.Option(min=0, max=500, help="Number of screens; each must receive every call.")] = 2,
    dispatch: Annotated[bool, typer.Option(help="Simulate a dispatcher who assigns the recommended units.")] = True,
    crews: Annotated[bool, typer.Option(help="Simulate crews that drive, arrive, work and become available.")] = True,
    by_hour: Annotated[
        bool | None,
        typer.Option(
            "--by-hour/--steady", help="Vary the rate by the hour of the day; steady where a duration is given."
        ),
    ] = None,
    misuse: Annotated[
        float, typer.Option(min=0, max=1, help="Share of silent and prank calls (0.486 in Quito in 2019).")
    ] = 0.06,
    pace: Annotated[
        float, typer.Option(min=0.1, max=100, help="Factor by which work at the scene is shortened.")
    ] = 4.0,
    patience: Annotated[
        tuple[float, float], typer.Option(help="Seconds that the dispatcher waits before it assigns: minimum, maximum.")
    ] = (20.0, 60.0),
    left: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of incidents that the simulated dispatcher leaves to a person for longer."
        ),
    ] = 0.25,
    state: Annotated[
        Path | None, typer.Option(envvar="DISPATCH_STATE", help="State folder of the service, where its key is.")
    ] = None,
    city: Annotated[
        Path | None, typer.Option(envvar="DISPATCH_CITY", help="Folder with the city's data (default: Quito).")
    ] = None,
    until_stdin_closes: Annotated[
        bool, typer.Option(help="End when standard input is closed, that is, with the parent process.")
    ] = False,
    allow_remote: Annotated[
        bool, typer.Option(help="Allow simulated emergencies to be sent to another machine.")
    ] = False,
) -> None:
    """Simulate a city against a running service: callers, crews, a dispatcher and screens.

    Exit code 1: an acknowledged call is missing on a screen; 2: the simulation could not start."""
    from dispatch.city import CityError, load_city
    from dispatch.simulation.day import Options, Refused
    from dispatch.simulation.dispatcher import Patience
    from dispatch.simulation.running import run
    from dispatch.simulation.service import is_loopback

    if not is_loopback(url) and not allow_remote:
        _give_up(f"{url} is another machine; simulated emergencies are sent there only with --allow-remote.")
    key = key or _local_key(state)
    if not key:
        _give_up("No API key; set DISPATCH_KEY to a key of the service.")
    if not 0 <= patience[0] <= patience[1]:
        _give_up("--patience needs the minimum and the maximum of seconds, in this order.")
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
    """The key in the state folder of a service on this machine, if it is readable."""
    from dispatch.store.embedded import KEY_FILE, default_state

    try:
        return ((state or default_state()) / KEY_FILE).read_text().strip()
    except OSError:
        return None


def _give_up(why: str) -> NoReturn:
    err.print(why, style="bold red", highlight=False, markup=False)
    raise SystemExit(2)
