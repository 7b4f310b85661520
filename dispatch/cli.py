"""Run the dispatch service and manage its database, keys, city data and fleet."""

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
from dispatch.simulation.command import simulate
from dispatch.store.database import Database, prepare
from dispatch.store.db import Connection, connection, open_pool
from dispatch.store.embedded import EmbeddedPostgres, EmbeddedPostgresError, StateInUse, default_state
from dispatch.store.migrate import MigrationError
from dispatch.telemetry.tracing import TracingError
from dispatch.tools.backup_commands import backup_commands
from dispatch.tools.commands import locate, parishes
from dispatch.tools.fleet_commands import fleet_commands
from dispatch.tools.intervals import intervals_command
from dispatch.tools.roads import roads
from dispatch.tools.session_commands import session_commands, sign_in_link_command
from dispatch.travel.unusable import TravelError
from geo import CellTableError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
keys = typer.Typer(no_args_is_help=True, help="API keys of apps, devices, crews and dispatchers.")
app.add_typer(keys, name="keys")
app.command()(locate)
app.command()(evaluate)
app.command()(simulate)
app.add_typer(parishes, name="parishes")
app.add_typer(roads, name="roads")

T = TypeVar("T")

# Errors in settings and input: printed as a message, without a traceback.
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

StateOption = Annotated[Path | None, typer.Option("--state", help="State folder with the embedded PostgreSQL.")]
CityOption = Annotated[Path | None, typer.Option("--city", help="Folder with the city's data.")]


@app.command()
def run(
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: loopback only).")] = None,
    state: StateOption = None,
    city: CityOption = None,
    demo: Annotated[bool | None, typer.Option("--demo/--no-demo", help="Run the simulated city too.")] = None,
) -> None:
    """Start the service and, unless --no-demo is given, the simulated city."""
    # Disabled until all long-lived objects exist; `serve` then collects once and enables it again.
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
    """Apply all pending migrations to the database."""
    applied = _with_server(_settings(state=state), prepare)
    err.print("\n".join(applied) or "The schema is up to date.")


@keys.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Name of the holder; recorded with every change made with this key.")],
    role: Annotated[str, typer.Option(help="intake, gateway, crew, fleet, dispatcher, admin or device")],
    unit: Annotated[str | None, typer.Option(help="The unit of the key; only for the roles crew and device.")] = None,
    state: StateOption = None,
) -> None:
    """Create a key and print it. It can't be printed again: only its digest is stored."""
    from dispatch.api.access import Role
    from dispatch.model import UnitId
    from dispatch.store import access
    from dispatch.store.units import units

    if role not in set(Role):
        _fail(f"--role must be one of {', '.join(Role)}, not {role!r}")
    if (role in {Role.CREW, Role.DEVICE}) != (unit is not None):
        _fail("--unit is required for the roles crew and device, and not allowed for others")
    secret = secrets.token_urlsafe(32)

    async def add(db: Connection) -> None:
        unit_id = (await units.get(db, unit_id=UnitId(unit))).id if unit is not None else None
        await access.add_key(db, secret=secret, name=name, role=role, at=datetime.now(UTC), unit_id=unit_id)

    _with_database(_settings(state=state), add)
    print(secret)


@keys.command("bind")
def bind_key(name: str, unit: str, state: StateOption = None) -> None:
    """Bind a key of the role crew or device to another unit. It no longer acts for the unit before."""
    from dispatch.model import UnitId
    from dispatch.store import access
    from dispatch.store.units import units

    async def bind(db: Connection) -> None:
        async with db.transaction():
            unit_id = (await units.get(db, unit_id=UnitId(unit))).id
            await access.bind_key(db, name=name, unit_id=unit_id)

    _with_database(_settings(state=state), bind)


@keys.command("revoke")
def revoke_key(name: str, state: StateOption = None) -> None:
    """Revoke a key on all nodes. Its sessions end and their WebSockets are closed."""
    from dispatch.store import access

    async def revoke(db: Connection) -> bool:
        async with db.transaction():
            return await access.revoke_key(db, name=name, at=datetime.now(UTC))

    if not _with_database(_settings(state=state), revoke):
        _fail(f"no active key is named {name!r}")


@keys.command("list")
def list_keys(state: StateOption = None) -> None:
    """List all keys, including revoked ones."""
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
    return _with_server(settings, lambda database: _connected(database, act))


async def _connected(database: Database, act: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
    await prepare(database)
    pool = await open_pool(database.url, size=2)
    try:
        async with connection(pool) as db:
            return await act(db)
    finally:
        await pool.close()


def _with_server(settings: Settings, act: Callable[[Database], Coroutine[Any, Any, T]], *, beside: bool = True) -> T:
    """`beside`: a service may be running on this state folder; its PostgreSQL is used."""
    from dispatch.app import database_of

    async def doing() -> T:
        async with AsyncExitStack() as rooms:
            try:
                database = await database_of(settings, rooms)
            except StateInUse:
                if not beside:
                    raise
                server = await asyncio.to_thread(EmbeddedPostgres(settings.state or default_state()).beside)
                database = Database(server.application_dsn, server.dsn)
            return await act(database)

    try:
        return asyncio.run(doing())
    except KNOWN as error:
        _fail(error)


def _fail(error: object) -> NoReturn:
    err.print(f"[bold red]✗[/] {escape(str(error))}", highlight=False)
    sys.exit(1)


backup_commands(app, _settings, _with_server, _connected)
app.add_typer(fleet_commands(_settings, _with_database), name="fleet")
app.add_typer(session_commands(_settings, _with_database), name="sessions")
app.command("sign-in-link")(sign_in_link_command(_settings, _with_database))
app.command("intervals")(intervals_command(_settings, _with_database))


def main() -> None:
    app()
