"""`dispatch fleet`: export and import the units as a table. A service that runs on the database is notified at once."""

import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol, TypeVar

import typer

from dispatch.errors import DispatchError, FieldProblem, Malformed, TooLarge
from dispatch.settings import Settings
from dispatch.store.db import Connection
from dispatch.tools.commands import SOMETHING_WRONG, UNUSABLE, CityOption, JsonOption, err

if TYPE_CHECKING:
    from dispatch.exchange.fleet_csv import FleetTable
    from dispatch.model.city import City

T = TypeVar("T")

FileArgument = Annotated[
    typer.FileBinaryRead, typer.Argument(help="CSV file, in any form that Excel saves; `-` for standard input.")
]
StateOption = Annotated[Path | None, typer.Option("--state", help="State folder with the embedded PostgreSQL.")]
ACTOR = "command line"


class WithDatabase(Protocol):
    def __call__(self, settings: Settings, act: Callable[[Connection], Coroutine[Any, Any, T]]) -> T: ...


def fleet_commands(settings: Callable[..., Settings], with_database: WithDatabase) -> typer.Typer:
    """The commands; they use the command line's functions to open the database."""
    fleet = typer.Typer(no_args_is_help=True, help="Export, check or import the fleet as a table.")

    @fleet.command("export")
    def export(
        out: Annotated[
            Path | None, typer.Option("-o", "--out", help="Output file. Without it, standard output.")
        ] = None,
        excel: Annotated[
            bool, typer.Option("--excel", help="Write it so that Excel opens it correctly by double click.")
        ] = False,
        state: StateOption = None,
    ) -> None:
        """Write all units as CSV, one per line."""
        from dispatch.exchange.fleet_csv import write_fleet
        from dispatch.store.units import units

        raw = write_fleet(with_database(settings(state=state), units.every), excel=excel).encode()
        if out is None:
            sys.stdout.buffer.write(raw)
            sys.stdout.buffer.flush()
        else:
            out.write_bytes(raw)

    @fleet.command("check")
    def check(file: FileArgument, city: CityOption = None, json: JsonOption = False) -> None:
        """Check a table against the city's data, as if all its units were new. Exit code: 1 if there are errors, 2 if
        it can't be read."""
        table = _read(file, _city(settings(city=city)), json=json)
        units = _or_tell(partial(table.units, {}, at=datetime.now(UTC)), json=json)
        _say(json, f"{len(units)} units; no errors.", units=len(units))

    @fleet.command("import")
    def import_(
        file: FileArgument,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Print what would be done, and change nothing.")
        ] = False,
        remove_missing: Annotated[
            bool, typer.Option("--remove-missing", help="Remove the units that are not in the table.")
        ] = False,
        state: StateOption = None,
        city: CityOption = None,
        json: JsonOption = False,
    ) -> None:
        """Add the units of a table, or change those that exist; all of it or nothing. Their status stays.

        Exit code: 1 if there are errors, 2 if the table can't be read."""
        from dataclasses import asdict

        chosen = settings(state=state, city=city)
        table = _read(file, _city(chosen), json=json)
        wanted = partial(table.units, at=datetime.now(UTC))
        put = partial(_put, wanted=wanted, remove_missing=remove_missing, dry_run=dry_run)
        done = _or_tell(partial(_raised, with_database(chosen, put)), json=json)
        said = f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged, {done.removed} removed"
        _say(json, f"{said} (dry run, nothing was written)." if dry_run else f"{said}.", **asdict(done))

    return fleet


async def _put(db: Connection, **how: Any) -> Any:
    """The result, or the error, which the caller prints."""
    from dispatch.desk.desk import Transaction
    from dispatch.desk.units.fleet import put
    from dispatch.store import journal

    try:
        async with db.transaction():
            doing = Transaction(db, ACTOR, datetime.now(UTC))
            done = await put(doing, **how)
            if doing.told:
                await journal.append(db, new_events=doing.told)
    except DispatchError as error:
        return error
    return done


def _raised(value: Any) -> Any:
    if isinstance(value, DispatchError):
        raise value
    return value


def _city(settings: Settings) -> "City":
    from dispatch.city import CityError, load_city

    try:
        return load_city(settings.city)
    except CityError as error:
        _tell([FieldProblem("city", str(error))])
        raise SystemExit(UNUSABLE) from None


def _read(file: typer.FileBinaryRead, city: "City", *, json: bool) -> "FleetTable":
    from dispatch.exchange.fleet_csv import FleetTable

    table: FleetTable = _or_tell(partial(FleetTable.read, file.read(), city), json=json)
    if table.table.encoding != "utf-8" and not json:
        err.print(f"read as {table.table.encoding}", highlight=False)
    return table


def _or_tell(do: Callable[[], T], *, json: bool) -> T:
    try:
        return do()
    except DispatchError as error:
        problems = error.errors or (FieldProblem("", error.detail),)
        if json:
            _print_json(
                ok=False, detail=error.detail, errors=[{"field": p.field, "problem": p.problem} for p in problems]
            )
        else:
            _tell(problems)
        _end(error)


def _tell(problems: Any) -> None:
    for problem in problems:
        where = f"{problem.field}: " if problem.field else ""
        err.print("✗", f"{where}{problem.problem}", style="bold red", highlight=False, markup=False, soft_wrap=True)


def _end(error: DispatchError) -> NoReturn:
    raise SystemExit(UNUSABLE if isinstance(error, Malformed | TooLarge) else SOMETHING_WRONG) from None


def _say(json: bool, text: str, **fields: Any) -> None:
    if json:
        _print_json(ok=True, **fields)
    else:
        print(text)


def _print_json(**fields: Any) -> None:
    from json import dumps

    print(dumps(fields, ensure_ascii=False, indent=2))
