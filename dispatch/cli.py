"""The command line."""

import asyncio
import gc
import secrets
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dispatch.city import CityError
from dispatch.errors import DispatchError
from dispatch.evaluate.command import evaluate
from dispatch.settings import Settings
from dispatch.store.db import Connection, connection, open_pool
from dispatch.store.embedded import EmbeddedPostgres, EmbeddedPostgresError, StateInUse, default_state
from dispatch.store.migrate import MigrationError, migrate
from dispatch.tools.commands import locate, parishes
from dispatch.tools.fleet_commands import fleet_commands
from dispatch.tools.intervals import intervals_command
from dispatch.tools.roads import roads
from dispatch.tracing import TracingError
from dispatch.travel.unusable import TravelError
from geo import CellTableError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
keys = typer.Typer(no_args_is_help=True, help="Keys of clients: apps, crews' devices, dispatchers.")
app.add_typer(keys, name="keys")
app.command()(locate)
app.command()(evaluate)
app.add_typer(parishes, name="parishes")
app.add_typer(roads, name="roads")

T = TypeVar("T")

# What can be wrong with what we are given to run with: told in a sentence, without a traceback.
KNOWN = (
    EmbeddedPostgresError,
    MigrationError,
    TracingError,
    DispatchError,
    CityError,
    CellTableError,
    TravelError,
)

err = Console(stderr=True)

StateOption = Annotated[Path | None, typer.Option("--state", help="Folder of the embedded PostgreSQL.")]
CityOption = Annotated[Path | None, typer.Option("--city", help="Folder of the city's data.")]


@app.command()
def run(
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; this machine only by default.")] = None,
    state: StateOption = None,
    city: CityOption = None,
    demo: Annotated[bool | None, typer.Option("--demo/--no-demo", help="The simulated city.")] = None,
) -> None:
    """Start the service, and the simulated city beside it."""
    # Until all that stays is there: `serve` looks for garbage once, and from then on as ever.
    gc.disable()
    import uvloop

    from dispatch.serve import serve

    settings = _settings(port=port, host=host, state=state, city=city, demo=demo)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            raise SystemExit(runner.run(serve(settings)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise SystemExit(0) from None
    except KNOWN as error:
        _fail(error)


@app.command(name="migrate")
def migrate_command(state: StateOption = None) -> None:
    """Bring the database to the newest schema, and end."""

    async def apply(db: Connection) -> list[str]:
        return await migrate(db)

    applied = _with_database(_settings(state=state), apply)
    err.print("\n".join(applied) or "The schema is up to date.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Written whole, then named so; readable by you alone.")],
    state: StateOption = None,
) -> None:
    """One consistent moment of everything, taken while the room works."""
    from dispatch.store.backup import dump

    if not file.parent.is_dir():
        _fail(f"{file.parent} is not a folder")

    async def doing(url: str) -> int:
        return await asyncio.to_thread(dump, url, file)

    size = _with_url(_settings(state=state), doing)
    err.print(f"{file} holds everything up to now: {size:,} bytes.", highlight=False)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `dispatch backup` made.")],
    state: StateOption = None,
    replace: Annotated[bool, typer.Option(help="Though there is something; that is kept, under another name.")] = False,
) -> None:
    """Put a backup in place, whole or not at all; with no service running on it."""
    from dispatch.store.backup import contents
    from dispatch.store.backup import restore as put_back

    async def doing(url: str) -> None:
        old = await put_back(url, file, replace=replace)
        found = await _connected(url, contents)
        if old:
            err.print(f"What was there is kept in the database {old}.", highlight=False)
        err.print(
            f"{found.incidents:,} incidents, {found.calls:,} calls, {found.units:,} units, journal up to {found.seq:,}"
            f"{' without a gap' if not found.gaps else f', {found.gaps} events missing'}.",
            highlight=False,
        )

    _with_url(_settings(state=state), doing, beside=False)


@keys.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Whose key it is; stands beside every act.")],
    role: Annotated[str, typer.Option(help="intake, gateway, crew, dispatcher, admin or device")],
    unit: Annotated[str | None, typer.Option(help="For the role device: the unit whose positions it tells.")] = None,
    state: StateOption = None,
) -> None:
    """Make a key and print it, once: only its digest is kept."""
    from dispatch.api.access import Role
    from dispatch.model import UnitId
    from dispatch.store import access, units

    if role not in set(Role):
        _fail(f"--role must be one of {', '.join(Role)}, not {role!r}")
    if (role == Role.DEVICE) != (unit is not None):
        _fail("--role device goes with --unit, and no other role does")
    secret = secrets.token_urlsafe(32)

    async def add(db: Connection) -> None:
        unit_id = (await units.get(db, unit_id=UnitId(unit))).id if unit is not None else None
        await access.add_key(db, secret=secret, name=name, role=role, at=datetime.now(UTC), unit_id=unit_id)

    _with_database(_settings(state=state), add)
    print(secret)


@keys.command("revoke")
def revoke_key(name: str, state: StateOption = None) -> None:
    """From now on this key opens nothing."""
    from dispatch.store import access

    async def revoke(db: Connection) -> bool:
        return await access.revoke_key(db, name=name, at=datetime.now(UTC))

    if not _with_database(_settings(state=state), revoke):
        _fail(f"no key {name!r} that is in use")


@keys.command("list")
def list_keys(state: StateOption = None) -> None:
    from dispatch.store import access

    table = Table("name", "role", "unit", "made", "revoked")
    for row in _with_database(_settings(state=state), access.keys):
        table.add_row(
            row["name"], row["role"], row["unit_id"], f"{row['created_at']:%F %T}", f"{row['revoked_at'] or ''}"
        )
    Console().print(table)


def _settings(**given: Any) -> Settings:
    try:
        return Settings.from_env(**given)
    except ValueError as error:
        _fail(error)


def _with_database(settings: Settings, act: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
    return _with_url(settings, lambda url: _connected(url, act))


async def _connected(url: str, act: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
    pool = await open_pool(url, size=2)
    try:
        async with connection(pool) as db:
            await migrate(db)
            return await act(db)
    finally:
        await pool.close()


def _with_url(settings: Settings, act: Callable[[str], Coroutine[Any, Any, T]], *, beside: bool = True) -> T:
    """`beside`: a service that runs on this state is no hindrance; what it talks to will do for us too."""
    from dispatch.app import database_url

    async def doing() -> T:
        async with AsyncExitStack() as rooms:
            try:
                url = await database_url(settings, rooms)
            except StateInUse:
                if not beside:
                    raise
                url = (await asyncio.to_thread(EmbeddedPostgres(settings.state or default_state()).beside)).dsn
            return await act(url)

    try:
        return asyncio.run(doing())
    except KNOWN as error:
        _fail(error)


def _fail(error: object) -> NoReturn:
    err.print(f"[bold red]✗[/] {escape(str(error))}", highlight=False)
    sys.exit(1)


app.add_typer(fleet_commands(_settings, _with_database), name="fleet")
app.command("intervals")(intervals_command(_settings, _with_database))


def main() -> None:
    app()
