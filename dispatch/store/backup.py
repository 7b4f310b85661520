"""A copy of everything, taken while the room works, and put back whole or not at all: by PostgreSQL's own programs."""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from dispatch.errors import Conflict, DispatchError, Unavailable
from dispatch.store.db import Connection, domain_errors
from dispatch.store.embedded.programs import client_programs

FORMAT = b"PGDMP"


class BackupError(DispatchError):
    """What PostgreSQL's program said; nothing was changed by it."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds, in numbers that two can be compared by. `gaps`: events missing in the journal."""

    calls: int
    incidents: int
    units: int
    seq: int
    gaps: int


def dump(url: str, file: Path) -> int:
    """One consistent moment of the database, written beside `file` and then named so; returns its bytes. Blocks.

    Only its owner may read it: it holds what citizens said. Raises BackupError, Unavailable."""
    handle, making = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(handle)
    try:
        _run(["pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={making}"], url)
        with Path(making).open("rb") as written:
            os.fsync(written.fileno())
        Path(making).replace(file)
    finally:
        Path(making).unlink(missing_ok=True)
    return file.stat().st_size


async def restore(url: str, file: Path, *, replace: bool) -> str | None:
    """Put a dump back, whole or not at all. Into a database that isn't empty only with `replace`: the new one is made
    beside it and takes its name when it is complete; the old one stays, and its name is returned.

    Raises BackupError for a file that isn't a dump; Conflict where somebody uses the database, or it isn't empty."""
    if not _is_dump(file):
        raise BackupError(f"{file} is not a backup of ours")
    with domain_errors():
        db = await asyncpg.connect(url)
        try:
            await _refuse_in_use(db)
            if not await _holds_something(db):
                _run(["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", str(file)], url, into=True)
                return None
            name: str = await db.fetchval("select current_database()")
        finally:
            await db.close()
        if not replace:
            raise Conflict(
                f"the database {name} isn't empty; --replace puts the backup in its place and keeps the old one"
            )
        return await _replace(url, name, file)


async def contents(db: Connection) -> Contents:
    row = await db.fetchrow(
        """select (select count(*) from call) as calls, (select count(*) from incident) as incidents,
               (select count(*) from unit where removed_at is null) as units, (select seq from journal_head) as seq,
               (select seq from journal_head) - (select count(*) from journal) as gaps"""
    )
    assert row is not None
    return Contents(**row)


async def _replace(url: str, name: str, file: Path) -> str:
    moment = f"{datetime.now(UTC):%Y%m%d_%H%M%S}"
    making, old = f"{name}_restoring_{moment}", f"{name}_before_{moment}"
    maintenance = await asyncpg.connect(_of_database(url, "postgres"))
    try:
        await maintenance.execute(f"create database {_quoted(making)}")
        try:
            command = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", str(file)]
            _run(command, _of_database(url, making), into=True)
        except BaseException:
            await maintenance.execute(f"drop database {_quoted(making)}")
            raise
        await maintenance.execute(f"alter database {_quoted(name)} rename to {_quoted(old)}")
        await maintenance.execute(f"alter database {_quoted(making)} rename to {_quoted(name)}")
    finally:
        await maintenance.close()
    return old


async def _refuse_in_use(db: Connection) -> None:
    others = await db.fetchval(
        """select count(*) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""
    )
    if others:
        raise Conflict(f"{others} connection(s) use this database: stop the services on it first")


async def _holds_something(db: Connection) -> bool:
    found: bool = await db.fetchval("select exists (select from pg_tables where schemaname = 'public')")
    return found


def _is_dump(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(FORMAT)) == FORMAT
    except OSError as error:
        raise BackupError(f"{file} can't be read: {error.strerror}") from error


def _run(command: list[str], url: str, *, into: bool = False) -> None:
    """The password goes by the environment: a command line is for everybody to see."""
    place = urlsplit(url)
    host = place.netloc.rpartition("@")[2]
    bare = urlunsplit(place._replace(netloc=f"{quote(place.username or '')}@{host}" if place.username else host))
    env: dict[str, Any] = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "HOME") if name in os.environ}
    if place.password:
        env["PGPASSWORD"] = place.password
    program = client_programs() / command[0]
    words = [str(program), *command[1:], f"--dbname={bare}"]
    ran = subprocess.run(words, capture_output=True, check=False, env=env | {"LC_ALL": "C"})
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip()[-1_000:]
        if "connection to server" in said:
            raise Unavailable(f"the database is not reachable: {said}")
        raise BackupError(f"{'restoring' if into else 'the backup'} failed, and nothing was changed: {said}")


def _of_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(name)}"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
