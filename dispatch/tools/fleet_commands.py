"""`dispatch fleet`: the units as a table, out of the database and into it. A service that runs on it learns at once."""

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

FileArgument = Annotated[typer.FileBinaryRead, typer.Argument(help="CSV, however Excel saved it; `-`: standard input.")]
StateOption = Annotated[Path | None, typer.Option("--state", help="Folder of the embedded PostgreSQL.")]
ACTOR = "command line"


class WithDatabase(Protocol):
    def __call__(self, settings: Settings, act: Callable[[Connection], Coroutine[Any, Any, T]]) -> T: ...


def fleet_commands(settings: Callable[..., Settings], with_database: WithDatabase) -> typer.Typer:
    """The commands, on a database as the command line opens it."""
    fleet = typer.Typer(no_args_is_help=True, help="The fleet as a table: take it out, check one, put it in.")

    @fleet.command("export")
    def export(
        out: Annotated[Path | None, typer.Option("-o", "--out", help="Without it, standard output.")] = None,
        excel: Annotated[bool, typer.Option("--excel", help="So that Excel opens it by a double click.")] = False,
        state: StateOption = None,
    ) -> None:
        """All units, a line each."""
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
        """Whether a table fits the city, as though all its units were new. Exit code: 1 when anything is wrong, 2 when
        it can't be read."""
        table = _read(file, _city(settings(city=city)), json=json)
        units = _or_tell(partial(table.units, {}, at=datetime.now(UTC)), json=json)
        _say(json, f"{len(units)} units; nothing is wrong.", units=len(units))

    @fleet.command("import")
    def import_(
        file: FileArgument,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
        remove_missing: Annotated[
            bool, typer.Option("--remove-missing", help="Take out the units that the table doesn't name.")
        ] = False,
        state: StateOption = None,
        city: CityOption = None,
        json: JsonOption = False,
    ) -> None:
        """All or nothing: its units are added, or changed where they are there; what they do stays.

        Exit code: 1 when anything is wrong, 2 when it can't be read."""
        from dataclasses import asdict

        chosen = settings(state=state, city=city)
        table = _read(file, _city(chosen), json=json)
        wanted = partial(table.units, at=datetime.now(UTC))
        put = partial(_put, wanted=wanted, remove_missing=remove_missing, dry_run=dry_run)
        done = _or_tell(partial(_raised, with_database(chosen, put)), json=json)
        said = f"{done.added} added, {done.changed} changed, {done.unchanged} as they were, {done.removed} removed"
        _say(json, f"{said}; nothing was written." if dry_run else f"{said}.", **asdict(done))

    return fleet


async def _put(db: Connection, **how: Any) -> Any:
    """What was done, or the error: to raise it is for where it can be told."""
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
