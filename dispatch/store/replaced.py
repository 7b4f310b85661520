"""Replaced databases: kept by `dispatch restore --replace`, full copies with personal data, until they are purged."""

from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from dispatch.errors import Conflict, NotFound
from dispatch.store.backup import of_database, quoted
from dispatch.store.db import Connection, domain_errors


@dataclass(frozen=True, slots=True)
class Replaced:
    """`size`: bytes on disk; `is_whole` False: begun by an interrupted restore."""

    name: str
    at: datetime
    size: int
    is_whole: bool


async def replaced(db: Connection) -> list[Replaced]:
    """Those of the connected database, oldest first."""
    rows = await db.fetch(
        r"""select datname, found[1] = 'before' as is_whole, found[2] as at, pg_database_size(oid) as size
            from pg_database,
                regexp_match(substr(datname, length(current_database()) + 1),
                             '^_(before|restoring)_(\d{8}_\d{6})$') as found
            where starts_with(datname, current_database()) and found is not null order by found[2]"""
    )
    return [
        Replaced(
            row["datname"],
            datetime.strptime(row["at"], "%Y%m%d_%H%M%S").replace(tzinfo=UTC),
            row["size"],
            row["is_whole"],
        )
        for row in rows
    ]


async def purge(url: str, *, name: str) -> None:
    """Drop a replaced database permanently. Raises NotFound for any other database, Conflict for one in use."""
    with domain_errors():
        db = await asyncpg.connect(url)
        try:
            if name not in {one.name for one in await replaced(db)}:
                raise NotFound(f"{name} is not a replaced database; `dispatch replaced list` lists them")
        finally:
            await db.close()
        maintenance = await asyncpg.connect(of_database(url, "postgres"))
        try:
            await maintenance.execute(f"drop database {quoted(name)}")
        except asyncpg.ObjectInUseError as error:
            raise Conflict(f"{name} still has connections; close them first") from error
        finally:
            await maintenance.close()
