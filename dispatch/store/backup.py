"""Backup of the whole database while the service runs, and restore, complete or not at all; by PostgreSQL's own
programs."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from dispatch.errors import Conflict
from dispatch.store import dump_programs, sealed
from dispatch.store.db import Connection, domain_errors
from dispatch.store.dump_programs import BackupError

FORMAT = b"PGDMP"


@dataclass(frozen=True, slots=True)
class Contents:
    """Figures by which two databases can be compared. `gaps`: events missing in the journal."""

    calls: int
    incidents: int
    units: int
    seq: int
    gaps: int


def dump(url: str, file: Path, *, encrypt_to: Sequence[str] = ()) -> int:
    """A consistent copy of the database, written beside `file` and renamed when complete; returns its bytes. Blocks.

    Only its owner may read it, because it contains personal data. `encrypt_to`: public keys of age, or files of them;
    no plain text is then written to disk. Raises BackupError, SealError, Unavailable."""
    to = sealed.recipients(encrypt_to)
    handle, making = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(handle)
    try:
        dump_programs.dump(url, Path(making), through=partial(sealed.seal, to=to) if to else None)
        Path(making).replace(file)
    except OSError as error:
        raise BackupError(f"the backup can't be written: {error.strerror or error}") from error
    finally:
        Path(making).unlink(missing_ok=True)
    return file.stat().st_size


async def restore(url: str, file: Path, *, replace: bool, identity: Path | None = None) -> str | None:
    """Restore a dump, completely or not at all. Into a database that isn't empty only with `replace`: the new one is
    made beside it and renamed when it is complete; the old one is kept, and its new name is returned.

    `identity`: the file with the secret key of an encrypted one. All of it is read and verified before anything is
    restored. Raises BackupError for a file that isn't a dump; SealError for one that is damaged or has another key;
    Conflict if the database is in use, or isn't empty."""
    through = _opened(file, identity)
    with domain_errors():
        db = await asyncpg.connect(url)
        try:
            await _refuse_in_use(db)
            if not await _holds_something(db):
                dump_programs.fill(url, file, through=through)
                return None
            name: str = await db.fetchval("select current_database()")
        finally:
            await db.close()
        if not replace:
            raise Conflict(
                f"the database {name} is not empty; use --replace to restore the backup and keep the old database"
            )
        return await _replace(url, name, file, through)


async def contents(db: Connection) -> Contents:
    row = await db.fetchrow(
        """select (select count(*) from call) as calls, (select count(*) from incident) as incidents,
               (select count(*) from unit where removed_at is null) as units, (select seq from journal_head) as seq,
               (select seq from journal_head) - (select count(*) from journal) as gaps"""
    )
    assert row is not None
    return Contents(**row)


def _opened(file: Path, identity: Path | None) -> "partial[None] | None":
    """A function that passes the decrypted file to pg_restore; None for a file that it can read directly."""
    if _is_dump(file):
        return None
    if not sealed.is_sealed(file):
        raise BackupError(f"{file} is not a backup made by this service")
    if identity is None:
        raise BackupError(f"{file} is encrypted; name the file with its key with --identity")
    by = sealed.identities(identity)
    sealed.check(file, by=by)
    return partial(sealed.unseal, file, by=by)


async def _replace(url: str, name: str, file: Path, through: Any) -> str:
    moment = f"{datetime.now(UTC):%Y%m%d_%H%M%S}"
    making, old = f"{name}_restoring_{moment}", f"{name}_before_{moment}"
    maintenance = await asyncpg.connect(of_database(url, "postgres"))
    try:
        await maintenance.execute(f"create database {quoted(making)}")
        try:
            dump_programs.fill(of_database(url, making), file, through=through)
        except BaseException:
            await maintenance.execute(f"drop database {quoted(making)}")
            raise
        await maintenance.execute(f"alter database {quoted(name)} rename to {quoted(old)}")
        await maintenance.execute(f"alter database {quoted(making)} rename to {quoted(name)}")
    finally:
        await maintenance.close()
    return old


async def _refuse_in_use(db: Connection) -> None:
    # For sessions of other roles, a role that is no superuser sees the user, but not their kind.
    others = await db.fetchval(
        """select count(*) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and usesysid is not null
               and coalesce(backend_type, 'client backend') = 'client backend'"""
    )
    if others:
        raise Conflict(f"{others} connection(s) use this database; stop its services first")


async def _holds_something(db: Connection) -> bool:
    found: bool = await db.fetchval("select exists (select from pg_tables where schemaname = 'public')")
    return found


def _is_dump(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(FORMAT)) == FORMAT
    except OSError as error:
        raise BackupError(f"{file} can't be read: {error.strerror}") from error


def of_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(name)}"))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
