"""`dispatch sessions` and `dispatch sign-in-link`."""

import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from dispatch.settings import Settings
from dispatch.store.db import Connection
from dispatch.tools.commands import UNUSABLE, err
from dispatch.tools.fleet_commands import StateOption, WithDatabase


def session_commands(settings: Callable[..., Settings], with_database: WithDatabase) -> typer.Typer:
    """The commands; they use the command line's functions to open the database."""
    commands = typer.Typer(no_args_is_help=True, help="Sessions of the console: list or end them.")

    @commands.command("list")
    def list_sessions(state: StateOption = None) -> None:
        """List the active sessions, newest first."""
        from dispatch.store import sessions

        table = Table("id", "name", "role", "by key", "since", "last used", "until")

        async def page(db: Connection) -> list[sessions.SessionRow]:
            return await sessions.page(db, at=datetime.now(UTC))

        for one in with_database(settings(state=state), page):
            used = f"{one.last_used_at:%F %R}" if one.last_used_at else ""
            since, until = f"{one.created_at:%F %R}", f"{one.expires_at:%F %R}"
            table.add_row(str(one.id), one.name, one.role, one.key or "", since, used, until)
        Console(width=None if sys.stdout.isatty() else 200).print(table)

    @commands.command("end")
    def end_session(
        id: Annotated[UUID, typer.Argument(help="Session id, as in `dispatch sessions list`.")],
        state: StateOption = None,
    ) -> None:
        """End a session and close its WebSockets, at every node, within a second."""
        from dispatch.store import sessions

        async def end(db: Connection) -> int:
            async with db.transaction():
                return await sessions.end(db, ids=[id])

        if not with_database(settings(state=state), end):
            err.print(f"[bold red]✗[/] there is no active session {id}", highlight=False)
            sys.exit(UNUSABLE)

    return commands


def sign_in_link_command(settings: Callable[..., Settings], with_database: WithDatabase) -> Callable[..., None]:
    def sign_in_link(
        url: Annotated[str | None, typer.Option(help="Public URL of the console.")] = None,
        state: StateOption = None,
    ) -> None:
        """Create and print a link that signs in at the console once, as a dispatcher."""
        from dispatch.store import sign_in_links

        given = settings(state=state)
        code, now = secrets.token_urlsafe(24), datetime.now(UTC)
        until = now + timedelta(minutes=given.sign_in_link_minutes)

        async def add(db: Connection) -> None:
            await sign_in_links.add(db, code=code, key=None, at=now, expires_at=until)

        with_database(given, add)
        console = (url or f"http://127.0.0.1:{given.port}").rstrip("/")
        print(f"{console}/#code={code}")
        err.print(f"Valid once, until {until:%F %R} UTC.", highlight=False)

    return sign_in_link
