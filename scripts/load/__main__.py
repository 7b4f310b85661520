"""scripts/load_test: calls, screens and units in the numbers of a bad day, and what the service makes of them."""

import asyncio
import resource
import shlex
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from dispatch.city import CityError, load_city
from dispatch.model.city import City
from dispatch.store.embedded import EmbeddedPostgres
from scripts.load import peers, report
from scripts.load.meter import Meter
from scripts.load.outcome import Outcome, milliseconds
from scripts.load.profiles import Profile, profiles, steady
from scripts.load.run import Refused, run
from scripts.own_service import own_service
from scripts.simulation.service import is_loopback

QUITO = Path(__file__).resolve().parents[2] / "data" / "quito"
RAMP = (50.0, 100.0, 200.0, 300.0, 450.0, 650.0, 900.0, 1_300.0, 1_800.0, 2_500.0)
RAMP_S, GOOD_SHARE, GOOD_P99_MS = 10.0, 0.999, 1_000.0
console = Console(stderr=True)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    profile: Annotated[str, typer.Argument(help="day, peak, flood, earthquake, screens, fleet, or capacity: a ramp.")],
    url: Annotated[str | None, typer.Option(help="A running service; left out: one of its own, for this run.")] = None,
    key: Annotated[str | None, typer.Option(envvar="DISPATCH_KEY", help="An administrator's key of that one.")] = None,
    squeeze: Annotated[float | None, typer.Option(min=1, help="So many times quicker than life.")] = None,
    seconds: Annotated[float | None, typer.Option(min=1, max=90_000, help="End the calls after so many.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.01, max=5_000, help="Another steady rate, calls a second.")
    ] = None,
    screens: Annotated[int | None, typer.Option(min=1, max=10_000)] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same calls.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the report and its CSV.")] = None,
    with_peers: Annotated[bool, typer.Option("--peers/--no-peers", help="Measure the bare peers too.")] = False,
    allow_remote: Annotated[bool, typer.Option(help="Let this load go to another machine.")] = False,
    city: Annotated[Path, typer.Option(envvar="DISPATCH_CITY", help="Folder of the city's data.")] = QUITO,
) -> None:
    """Calls, screens and units in the numbers of a bad day. Exit code 1: something acknowledged was not shown, or a
    sequence had a gap; 2: it could not be run."""
    chosen = profiles().get(profile)
    if chosen is None and profile != "capacity":
        _give_up(f"no profile {profile!r}; there are {', '.join(profiles())} and capacity")
    if url is not None and not is_loopback(url) and not allow_remote:
        _give_up(f"{url} is another machine: the load stays on this one, unless --allow-remote")
    if url is not None and not key:
        _give_up("no key: set DISPATCH_KEY to one of an administrator of that service")
    _allow_many_files()
    try:
        quito = load_city(city)
    except CityError as error:
        _give_up(str(error))
    if chosen is not None:
        # A whole day or hour is for --squeeze 1; by default it is lived in a minute or two.
        squeeze = squeeze or {"day": 720.0, "earthquake": 30.0}.get(profile, 1.0)
        chosen = replace(chosen, rate=steady(rate) if rate else chosen.rate, screens=screens or chosen.screens)
    bench = Bench(quito, url=url, key=key, seed=seed, squeeze=squeeze or 1.0, limit_s=seconds, out=out)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            faults = runner.run(bench.one(chosen, with_peers=with_peers) if chosen else bench.ramp())
    except Refused as error:
        _give_up(str(error))
    raise SystemExit(1 if faults else 0)


class Bench:
    def __init__(
        self,
        city: City,
        *,
        url: str | None,
        key: str | None,
        seed: int,
        squeeze: float,
        limit_s: float | None,
        out: Path | None,
    ) -> None:
        self._city, self._url, self._key, self._seed = city, url, key, seed
        self._squeeze, self._limit_s, self._out = squeeze, limit_s, out

    async def one(self, profile: Profile, *, with_peers: bool) -> list[str]:
        """Its faults. Raises Refused."""
        async with AsyncExitStack() as stack:
            url, key, meter = await self._service(stack)
            outcome = await self._run(profile, url, key, meter)
            beside = await self._peers(meter) if with_peers and meter else []
        _show(profile, outcome, meter, beside)
        if self._out:
            command = shlex.join(["scripts/load_test", *sys.argv[1:]])
            place = report.write(self._out, profile, outcome, meter, command=command, peers=beside)
            console.print(f"{place.name} written", style="dim")
        return outcome.faults

    async def ramp(self) -> list[str]:
        """Step by step up, until not all are acknowledged in good time."""
        table = Table(
            "calls/s", "acknowledged/s", "p50 ms", "p99 ms", "answers", title="capacity", title_justify="left"
        )
        faults: list[str] = []
        async with AsyncExitStack() as stack:
            url, key, meter = await self._service(stack)
            for rate in RAMP:
                profile = Profile("capacity", f"{rate:g} calls/s", steady(rate), self._limit_s or RAMP_S, screens=10)
                outcome = await self._run(profile, url, key, meter)
                found, count = milliseconds(outcome.acknowledged), outcome.acknowledged.get_total_count()
                table.add_row(
                    f"{rate:g}",
                    f"{outcome.rate:.0f}",
                    f"{found.get(50.0, 0):.1f}",
                    f"{found.get(99.0, 0):.1f}",
                    " ".join(f"{n}x{status}" for status, n in sorted(outcome.statuses.items())),
                )
                faults += outcome.faults
                if count < outcome.sent * GOOD_SHARE or found.get(99.0, 0) > GOOD_P99_MS:
                    break
        Console().print(table)
        return faults

    async def _service(self, stack: AsyncExitStack) -> tuple[str, str, Meter | None]:
        if self._url is not None:
            return self._url, self._key or "", None
        console.print("starting a service of our own …", style="dim")
        try:
            service = await stack.enter_async_context(own_service("--city", str(self._city_folder())))
        except RuntimeError as error:
            raise Refused(str(error)) from error
        meter = Meter(service.pid, service.state)
        return service.url, service.key, meter

    def _city_folder(self) -> Path:
        return QUITO

    async def _run(self, profile: Profile, url: str, key: str, meter: Meter | None) -> Outcome:
        metering = asyncio.create_task(meter.watch()) if meter else None
        try:
            return await run(
                self._city, profile, url=url, key=key, seed=self._seed, squeeze=self._squeeze, limit_s=self._limit_s
            )
        finally:
            if metering:
                metering.cancel()
                with suppress(asyncio.CancelledError):
                    await metering

    async def _peers(self, meter: Meter) -> list[tuple[str, float]]:
        beside = await asyncio.to_thread(EmbeddedPostgres(meter.state / "state").beside)
        return await peers.measure(beside.dsn)


def _show(profile: Profile, outcome: Outcome, meter: Meter | None, beside: list[tuple[str, float]]) -> None:
    table = Table(title=f"{profile.name}: {profile.about}", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for name, value in report.rows(outcome, meter):
        table.add_row(name, value)
    for name, rate in beside:
        table.add_row(f"peer: {name}, a second", f"{rate:,.0f}")
    for fault in outcome.faults:
        table.add_row("[bold red]fault", fault)
    Console().print(table)


def _allow_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _give_up(why: str) -> NoReturn:
    console.print(why, style="bold red", highlight=False, markup=False)
    raise SystemExit(2)


if __name__ == "__main__":
    app(prog_name="scripts/load_test")
