"""Keys, by their digests. Every change is announced, so that all nodes drop what they remember."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from asyncpg import Record

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.model import UnitId
from dispatch.model.secret import BOOTSTRAP, CONSOLE, key_name_fault
from dispatch.store.db import Connection

CHANNEL = "access"


@dataclass(frozen=True, slots=True, eq=False)
class Holder:
    """The holder of a key or session. `unit_id`: the unit that the key is bound to. `key`: digest of the key itself, or
    of the key that the session was made with, None if it was made with the service's own link. `session` and
    `expires_at` are of a session only; `last_used_at` is the last stored time."""

    name: str
    role: str
    unit_id: UnitId | None
    key: bytes | None
    session: UUID | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


def digest(secret: str) -> bytes:
    """A plain SHA-256 is enough for secrets of 256 random bits; it would not be for passwords."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def announce(db: Connection) -> None:
    """To all nodes, with the commit: a key or a session has changed."""
    await db.execute("select pg_notify($1, '')", CHANNEL)


async def add_key(
    db: Connection, *, secret: str, name: str, role: str, at: datetime, unit_id: UnitId | None = None
) -> None:
    """`unit_id`: the unit of a device or crew. Raises Invalid for a name that isn't allowed, Conflict if it exists,
    NotFound if there is no such unit."""
    if (fault := key_name_fault(name)) is not None:
        raise Invalid(fault)
    await _insert(db, secret=secret, name=name, role=role, at=at, unit_id=unit_id)


async def bind_key(db: Connection, *, name: str, unit_id: UnitId) -> None:
    """Bind the key of a crew or device to a unit. In a transaction. Raises NotFound if there is no such key or unit,
    Conflict if the key has another role."""
    role = await db.fetchval("select role from api_key where name = $1 and revoked_at is null for update", name)
    if role is None:
        raise NotFound(f"no active key is named {name!r}")
    if role not in {"crew", "device"}:
        raise Conflict(f"{name!r} has the role {role}; only keys of the roles crew and device are bound to a unit")
    await db.execute("update api_key set unit_id = $2 where name = $1", name, unit_id)
    await announce(db)


async def revoke_key(db: Connection, *, name: str, at: datetime) -> bool:
    """Also deletes the sessions that were made with it and the links that it made. In a transaction. False if no active
    key has that name."""
    key = await db.fetchval(
        "update api_key set revoked_at = $2 where name = $1 and revoked_at is null returning digest", name, at
    )
    if key is None:
        return False
    await _end_all_of(db, key=key, name=name)
    await announce(db)
    return True


async def keys(db: Connection) -> list[Record]:
    return await db.fetch("select name, role, unit_id, created_at, revoked_at from api_key order by name")


async def holder(db: Connection, *, key: bytes) -> Holder | None:
    row = await db.fetchrow("select name, role, unit_id from api_key where digest = $1 and revoked_at is null", key)
    return Holder(row["name"], row["role"], row["unit_id"], key) if row else None


async def good_keys(db: Connection, *, digests: Iterable[bytes]) -> set[bytes]:
    """Those that are active."""
    rows = await db.fetch("select digest from api_key where digest = any($1) and revoked_at is null", list(digests))
    return {row["digest"] for row in rows}


async def put_bootstrap(db: Connection, *, secret: str, at: datetime, replace: bool) -> bool:
    """Store the administrator's key of the settings like any other key. In a transaction. `replace`: replace an
    existing one, which is revoked and kept under another name. Returns whether the secret is an active key now."""
    await db.execute("lock table api_key in share row exclusive mode")
    known = await db.fetchrow("select revoked_at from api_key where digest = $1", digest(secret))
    if known is not None:
        return known["revoked_at"] is None
    old = await db.fetchrow("select digest, created_at from api_key where name = $1", BOOTSTRAP)
    if old is not None:
        if not replace:
            return False
        await _end_all_of(db, key=old["digest"], name=BOOTSTRAP)
        name = f"{BOOTSTRAP} of {old['created_at']:%F %T} {old['digest'].hex()[:6]}"
        await db.execute(
            "update api_key set name = $2, revoked_at = coalesce(revoked_at, $3) where digest = $1",
            old["digest"],
            name,
            at,
        )
        await announce(db)
    await _insert(db, secret=secret, name=BOOTSTRAP, role="admin", at=at, unit_id=None)
    return True


async def put_demo(db: Connection, *, secret: str, name: str, at: datetime) -> None:
    """The key of a service's simulated city: a new one at each start, under the same name. In a transaction."""
    old = await db.fetchval("select digest from api_key where name = $1 for update", name)
    if old is not None:
        await _end_all_of(db, key=old, name=name)
        await db.execute("delete from api_key where digest = $1", old)
        await announce(db)
    await _insert(db, secret=secret, name=name, role="admin", at=at, unit_id=None)


async def _insert(db: Connection, *, secret: str, name: str, role: str, at: datetime, unit_id: UnitId | None) -> None:
    await db.execute(
        "insert into api_key (digest, name, role, created_at, unit_id) values ($1, $2, $3, $4, $5)",
        digest(secret),
        name,
        role,
        at,
        unit_id,
    )


async def _end_all_of(db: Connection, *, key: bytes, name: str) -> None:
    """Includes sessions made by a node of the previous version, which only contain the key's name."""
    await db.execute(
        "delete from session where key_digest = $1 or (key_digest is null and name = $2 and name <> $3)",
        key,
        name,
        CONSOLE,
    )
    await db.execute("delete from sign_in_link where key_digest = $1 and not of_setting", key)
