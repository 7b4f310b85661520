"""`dispatch intervals`: interval statistics as a table on the terminal or as CSV."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dispatch.errors import DispatchError
from dispatch.settings import Settings
from dispatch.store.db import Connection
from dispatch.tools.commands import UNUSABLE, CityOption, err
from dispatch.tools.fleet_commands import StateOption, WithDatabase

if TYPE_CHECKING:
    from rich.table import Table

    from dispatch.model.city import City
    from dispatch.store.watch.intervals import Figures

GROUPS = ("agency", "parish", "priority", "nature")


def intervals_command(settings: Callable[..., Settings], with_database: WithDatabase) -> Callable[..., None]:
    """The command; it uses the command line's functions to open the database."""

    def intervals(
        since: Annotated[
            str | None,
            typer.Option("--from", help="Start: a date or time in the city's time zone (default: a day before --to)."),
        ] = None,
        until: Annotated[str | None, typer.Option("--to", help="End, exclusive (default: now).")] = None,
        by: Annotated[str, typer.Option(help=", ".join(GROUPS))] = GROUPS[0],
        csv: Annotated[bool, typer.Option("--csv", help="Print CSV, with seconds as numbers.")] = False,
        state: StateOption = None,
        city: CityOption = None,
    ) -> None:
        """Print the median and 90th percentile of every interval, its target and the share that met the target."""
        from rich.console import Console

        from dispatch.api.intervals import as_csv, period, rounded
        from dispatch.city import CityError, load_city
        from dispatch.store.watch.intervals import Grouping, figures

        if by not in GROUPS:
            _unusable(f"--by must be one of {', '.join(GROUPS)}, not {by!r}")
        chosen = settings(state=state, city=city)
        try:
            quito = load_city(chosen.city)
            begin, end = period(_moment("--from", since, quito), _moment("--to", until, quito), now=datetime.now(UTC))
        except (CityError, DispatchError) as error:
            problems = getattr(error, "errors", ())
            _unusable("; ".join([str(error), *(f"{p.field} {p.problem}" for p in problems)]))

        async def ask(db: Connection) -> "list[Figures]":
            return await figures(db, city=quito, since=begin, until=end, by=Grouping(by))

        found = [rounded(each) for each in with_database(chosen, ask)]
        if csv:
            print(as_csv(found), end="")
        else:
            Console().print(table(found, quito, by=by, begin=begin, end=end))

    return intervals


def table(found: "Sequence[Figures]", city: "City", *, by: str, begin: datetime, end: datetime) -> "Table":
    from rich.table import Table

    span = " – ".join(f"{moment.astimezone(city.zone):%Y-%m-%d %H:%M}" for moment in (begin, end))
    shown = Table("interval", by, title=f"{city.name}, {span}", title_justify="left")
    for column in ("count", "median", "90th", "target", "met"):
        shown.add_column(column, justify="right")
    before = None
    for each in found:
        if before not in {None, each.interval}:
            shown.add_section()
        met, wanted = each.met, each.target_share
        missed = met is not None and wanted is not None and met < wanted
        shown.add_row(
            "" if each.interval == before else str(each.interval),
            _name(each.group, city, by),
            f"{each.count:,}",
            _elapsed(each.median_s),
            _elapsed(each.p90_s),
            _elapsed(each.target_s) + ("" if wanted is None else f" for {wanted:.0%}"),
            "-" if met is None else f"[bold red]{met:.0%}[/]" if missed else f"{met:.0%}",
        )
        before = each.interval
    return shown


def _name(group: str | int | None, city: "City", by: str) -> str:
    names = {p.code: p.name for p in city.parishes} if by == "parish" else {}
    return "-" if group is None else names.get(str(group), str(group))


def _elapsed(seconds: float | None) -> str:
    """Minutes and seconds, and hours if there are any."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def _moment(option: str, text: str | None, city: "City") -> datetime | None:
    """Without a zone it is in the city's time zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=city.zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        _unusable(f"{option} must look like 2026-03-01 or 2026-03-01T08:30, not {text!r}")


def _unusable(why: str) -> NoReturn:
    err.print(f"[bold red]✗[/] {why}", highlight=False)
    raise SystemExit(UNUSABLE)
