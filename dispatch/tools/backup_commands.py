"""`dispatch backup`, `restore`, `backup-key` and `replaced`."""

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

StateOption = Annotated[Path | None, typer.Option("--state", help="State folder with the embedded PostgreSQL.")]


class WithServer(Protocol):
    def __call__(
        self, settings: Settings, act: Callable[[Database], Coroutine[Any, Any, T]], *, beside: bool = True
    ) -> T: ...


class Connected(Protocol):
    async def __call__(self, database: Database, act: Callable[[Connection], Coroutine[Any, Any, T]]) -> T: ...


def backup_commands(
    app: typer.Typer, settings: Callable[..., Settings], with_server: WithServer, connected: Connected
) -> None:
    """Add them to the command line; they use its functions to open the database."""

    @app.command()
    def backup(
        file: Annotated[Path, typer.Argument(help="File to write. It appears when complete, readable by you only.")],
        encrypt_to: Annotated[
            list[str] | None,
            typer.Option(help="Public age key, or a file with such keys; may be repeated. See `dispatch backup-key`."),
        ] = None,
        state: StateOption = None,
    ) -> None:
        """Write a consistent copy of the whole database. The service keeps running."""
        from dispatch.store.backup import dump
        from dispatch.store.dump_programs import BackupError

        async def doing(database: Database) -> int:
            if not file.parent.is_dir():
                raise BackupError(f"{file.parent} is not a folder")
            return await asyncio.to_thread(dump, database.owner_url, file, encrypt_to=encrypt_to or ())

        size = with_server(settings(state=state), doing)
        how = ", encrypted" if encrypt_to else ""
        err.print(f"{file} is a complete backup{how}: {size:,} bytes.", highlight=False)

    @app.command("backup-key")
    def backup_key(
        file: Annotated[Path, typer.Argument(help="File for the secret key; it must not exist yet.")],
    ) -> None:
        """Create a key pair for encrypted backups and print the public key, for --encrypt-to."""
        from dispatch.store.sealed import make_identity

        try:
            print(make_identity(file))
        except DispatchError as error:
            err.print(f"[bold red]✗[/] {error}", highlight=False)
            raise typer.Exit(1) from error
        err.print(
            f"{file} decrypts the backups made for it; keep it apart from them and from this machine.", highlight=False
        )

    @app.command()
    def restore(
        file: Annotated[Path, typer.Argument(help="A file that `dispatch backup` made.")],
        state: StateOption = None,
        replace: Annotated[
            bool,
            typer.Option(help="Restore even if the database is not empty; the old one is kept under another name."),
        ] = False,
        identity: Annotated[Path | None, typer.Option(help="File with the secret key of an encrypted backup.")] = None,
    ) -> None:
        """Restore a backup, completely or not at all. No service may be running on the database."""
        from dispatch.store.backup import contents
        from dispatch.store.backup import restore as put_back

        async def doing(database: Database) -> None:
            old = await put_back(database.owner_url, file, replace=replace, identity=identity)
            found = await connected(database, contents)
            if old:
                err.print(
                    f"The old database, with all personal data, is kept as {old}. When it is no longer needed: "
                    f"dispatch replaced purge {old}",
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
    commands = typer.Typer(no_args_is_help=True, help="Replaced databases: those kept by `dispatch restore --replace`.")

    @commands.command("list")
    def list_replaced(state: StateOption = None) -> None:
        """List the replaced databases, with time and size."""
        from dispatch.store.replaced import Replaced, replaced

        async def doing(database: Database) -> list[Replaced]:
            with domain_errors():
                db = await asyncpg.connect(database.owner_url)
                try:
                    return await replaced(db)
                finally:
                    await db.close()

        table = Table("database", "replaced at (UTC)", "bytes", "")
        for one in with_server(settings(state=state), doing):
            remark = "" if one.is_whole else "of an interrupted restore"
            table.add_row(one.name, f"{one.at:%F %T}", f"{one.size:,}", remark)
        Console().print(table)

    @commands.command("purge")
    def purge_replaced(
        name: Annotated[str, typer.Argument(help="Name, as in `dispatch replaced list`.")], state: StateOption = None
    ) -> None:
        """Drop a replaced database. This can't be undone."""
        from dispatch.store.replaced import purge

        with_server(settings(state=state), lambda database: purge(database.owner_url, name=name))
        err.print(f"{name} was dropped.", highlight=False)

    return commands
