"""`dispatch sessions` and `dispatch sign-in-link`: who is signed in, and letting somebody in."""

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
    """The commands, on a database as the command line opens it."""
    commands = typer.Typer(no_args_is_help=True, help="Who is signed in at the console, by a key or by a link.")

    @commands.command("list")
    def list_sessions(state: StateOption = None) -> None:
        """Those that have not ended, the newest first."""
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
    def end_session(id: Annotated[UUID, typer.Argument(help="As `list` shows it.")], state: StateOption = None) -> None:
        """With its WebSockets, at every node, within a second."""
        from dispatch.store import sessions

        async def end(db: Connection) -> int:
            async with db.transaction():
                return await sessions.end(db, ids=[id])

        if not with_database(settings(state=state), end):
            err.print(f"[bold red]✗[/] no session {id}", highlight=False)
            sys.exit(UNUSABLE)

    return commands


def sign_in_link_command(settings: Callable[..., Settings], with_database: WithDatabase) -> Callable[..., None]:
    def sign_in_link(
        url: Annotated[str | None, typer.Option(help="Address of the console as its users see it.")] = None,
        state: StateOption = None,
    ) -> None:
        """Make a link that signs in at the console, as a dispatcher, once; and print it."""
        from dispatch.store import sign_in_links

        given = settings(state=state)
        code, now = secrets.token_urlsafe(24), datetime.now(UTC)
        until = now + timedelta(minutes=given.sign_in_link_minutes)

        async def add(db: Connection) -> None:
            await sign_in_links.add(db, code=code, key=None, at=now, expires_at=until)

        with_database(given, add)
        console = (url or f"http://127.0.0.1:{given.port}").rstrip("/")
        print(f"{console}/#code={code}")
        err.print(f"Good once, until {until:%F %R} UTC.", highlight=False)

    return sign_in_link
