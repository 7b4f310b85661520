"""Keys and sessions, by their digests."""

from datetime import datetime
from hashlib import sha256

from asyncpg import Record

from dispatch.model import UnitId
from dispatch.store.db import Connection


def digest(secret: str) -> bytes:
    """A plain SHA-256 is enough for secrets that are themselves 256 random bits; it would not be for passwords."""
    return sha256(secret.encode()).digest()


async def add_key(
    db: Connection, *, secret: str, name: str, role: str, at: datetime, unit_id: UnitId | None = None
) -> None:
    """`unit_id`: whose device it is; given for the role `device` and for no other. Raises Conflict where the name is
    taken, NotFound where there is no such unit."""
    await db.execute(
        "insert into api_key (digest, name, role, created_at, unit_id) values ($1, $2, $3, $4, $5)",
        digest(secret),
        name,
        role,
        at,
        unit_id,
    )


async def revoke_key(db: Connection, *, name: str, at: datetime) -> bool:
    status = await db.execute("update api_key set revoked_at = $2 where name = $1 and revoked_at is null", name, at)
    return bool(status == "UPDATE 1")


async def keys(db: Connection) -> list[Record]:
    return await db.fetch("select name, role, unit_id, created_at, revoked_at from api_key order by name")


async def by_key(db: Connection, *, secret: str) -> Record | None:
    return await db.fetchrow(
        "select name, role, unit_id from api_key where digest = $1 and revoked_at is null", digest(secret)
    )


async def add_session(db: Connection, *, secret: str, name: str, role: str, expires_at: datetime) -> None:
    await db.execute(
        "insert into session (digest, name, role, expires_at) values ($1, $2, $3, $4)",
        digest(secret),
        name,
        role,
        expires_at,
    )
    await db.execute("delete from session where expires_at < now() - interval '1 day'")


async def by_session(db: Connection, *, secret: str, at: datetime) -> Record | None:
    return await db.fetchrow("select name, role from session where digest = $1 and expires_at > $2", digest(secret), at)


async def end_session(db: Connection, *, secret: str) -> None:
    await db.execute("delete from session where digest = $1", digest(secret))
