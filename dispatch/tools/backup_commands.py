"""`dispatch backup`, `restore`, `backup-key` and `replaced`: copies of everything, and what they leave behind."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from dispatch.errors import DispatchError
from dispatch.settings import Settings
from dispatch.store.database import Database
from dispatch.store.db import Connection, domain_errors
from dispatch.tools.commands import err

T = TypeVar("T")

StateOption = Annotated[Path | None, typer.Option("--state", help="Folder of the embedded PostgreSQL.")]


class WithServer(Protocol):
    def __call__(
        self, settings: Settings, act: Callable[[Database], Coroutine[Any, Any, T]], *, beside: bool = True
    ) -> T: ...


class Connected(Protocol):
    async def __call__(self, database: Database, act: Callable[[Connection], Coroutine[Any, Any, T]]) -> T: ...


def backup_commands(
    app: typer.Typer, settings: Callable[..., Settings], with_server: WithServer, connected: Connected
) -> None:
    """Add them to the command line, on a database as it opens it."""

    @app.command()
    def backup(
        file: Annotated[Path, typer.Argument(help="Written whole, then named so; readable by you alone.")],
        encrypt_to: Annotated[
            list[str] | None,
            typer.Option(
                help="A public key, age1…, or a file of such; may be repeated. Made by `dispatch backup-key`."
            ),
        ] = None,
        state: StateOption = None,
    ) -> None:
        """One consistent moment of everything, taken while the room works."""
        from dispatch.store.backup import dump
        from dispatch.store.dump_programs import BackupError

        async def doing(database: Database) -> int:
            if not file.parent.is_dir():
                raise BackupError(f"{file.parent} is not a folder")
            return await asyncio.to_thread(dump, database.owner_url, file, encrypt_to=encrypt_to or ())

        size = with_server(settings(state=state), doing)
        how = ", encrypted" if encrypt_to else ""
        err.print(f"{file} holds everything up to now{how}: {size:,} bytes.", highlight=False)

    @app.command("backup-key")
    def backup_key(
        file: Annotated[Path, typer.Argument(help="For the secret half; it must not exist yet.")],
    ) -> None:
        """Make a pair of keys for encrypted backups: prints the public half, for --encrypt-to."""
        from dispatch.store.sealed import make_identity

        try:
            print(make_identity(file))
        except DispatchError as error:
            err.print(f"[bold red]✗[/] {error}", highlight=False)
            raise typer.Exit(1) from error
        err.print(f"{file} opens backups made for it: keep it away from them and from this machine.", highlight=False)

    @app.command()
    def restore(
        file: Annotated[Path, typer.Argument(help="A file that `dispatch backup` made.")],
        state: StateOption = None,
        replace: Annotated[
            bool, typer.Option(help="Though there is something; that is kept, under another name.")
        ] = False,
        identity: Annotated[Path | None, typer.Option(help="The file with the key of an encrypted backup.")] = None,
    ) -> None:
        """Put a backup in place, whole or not at all; with no service running on it."""
        from dispatch.store.backup import contents
        from dispatch.store.backup import restore as put_back

        async def doing(database: Database) -> None:
            old = await put_back(database.owner_url, file, replace=replace, identity=identity)
            found = await connected(database, contents)
            if old:
                err.print(
                    f"What was there is kept in the database {old}, with all that callers said. When it is no longer "
                    f"needed: dispatch replaced purge {old}",
                    highlight=False,
                    soft_wrap=True,
                )
            err.print(
                f"{found.incidents:,} incidents, {found.calls:,} calls, {found.units:,} units, journal up to "
                f"{found.seq:,}{' without a gap' if not found.gaps else f', {found.gaps} events missing'}.",
                highlight=False,
            )

        with_server(settings(state=state), doing, beside=False)

    app.add_typer(_replaced_commands(settings, with_server), name="replaced")


def _replaced_commands(settings: Callable[..., Settings], with_server: WithServer) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Databases that `dispatch restore --replace` left aside.")

    @commands.command("list")
    def list_replaced(state: StateOption = None) -> None:
        """Their names, when they were left and how large they are."""
        from dispatch.store.replaced import Replaced, replaced

        async def doing(database: Database) -> list[Replaced]:
            with domain_errors():
                db = await asyncpg.connect(database.owner_url)
                try:
                    return await replaced(db)
                finally:
                    await db.close()

        table = Table("database", "left aside (UTC)", "bytes", "")
        for one in with_server(settings(state=state), doing):
            remark = "" if one.is_whole else "of an interrupted restore"
            table.add_row(one.name, f"{one.at:%F %T}", f"{one.size:,}", remark)
        Console().print(table)

    @commands.command("purge")
    def purge_replaced(
        name: Annotated[str, typer.Argument(help="As `dispatch replaced list` names it.")], state: StateOption = None
    ) -> None:
        """Drop one for good."""
        from dispatch.store.replaced import purge

        with_server(settings(state=state), lambda database: purge(database.owner_url, name=name))
        err.print(f"{name} is gone.", highlight=False)

    return commands
