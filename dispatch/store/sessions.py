"""Sessions of signed-in users, by the digests of their cookies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from dispatch.store.access import Holder, announce
from dispatch.store.db import Connection

# How often the use of a session is recorded.
NOTED_EVERY = timedelta(minutes=1)
# Valid while the key is that made it, or that made its link.
GOOD = """from session left join api_key on api_key.digest = session.key_digest
          where session.expires_at > $2 and api_key.revoked_at is null"""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """`key`: name of the key that it was made with, or that made its link; null for a link of the service.
    `last_used_at` is to the minute."""

    id: UUID
    name: str
    role: str
    key: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime


async def add(
    db: Connection, *, session: bytes, name: str, role: str, key: bytes | None, at: datetime, expires_at: datetime
) -> None:
    """`session`: digest of the cookie."""
    await db.execute(
        """insert into session (digest, name, role, key_digest, created_at, last_used_at, expires_at)
           values ($1, $2, $3, $4, $5, $5, $6)""",
        session,
        name,
        role,
        key,
        at,
        expires_at,
    )
    await db.execute("delete from session where expires_at < $1", at - timedelta(days=1))


async def holder(db: Connection, *, session: bytes, at: datetime) -> Holder | None:
    row = await db.fetchrow(
        f"""select session.name, session.role, unit_id, key_digest, id, expires_at, last_used_at
            {GOOD} and session.digest = $1""",
        session,
        at,
    )
    if row is None:
        return None
    return Holder(*row)


async def good(db: Connection, *, digests: Iterable[bytes], at: datetime) -> set[bytes]:
    """Those that are neither ended nor expired, nor made with a revoked key."""
    rows = await db.fetch(f"select session.digest {GOOD} and session.digest = any($1)", list(digests), at)
    return {row["digest"] for row in rows}


async def note_used(db: Connection, *, digests: Iterable[bytes], at: datetime) -> None:
    """If the last record is a minute old or more. Skips sessions locked by another transaction."""
    await db.execute(
        """update session set last_used_at = $2 where digest in (
               select digest from session where digest = any($1) and (last_used_at is null or last_used_at < $3)
               for update skip locked)""",
        list(digests),
        at,
        at - NOTED_EVERY,
    )


async def page(
    db: Connection, *, at: datetime, key: bytes | None = None, session: UUID | None = None
) -> list[SessionRow]:
    """Valid sessions, newest first: all, or the one with that id and those made with that key."""
    rows = await db.fetch(
        """select id, session.name, session.role, api_key.name as key, session.created_at, last_used_at, expires_at
           from session left join api_key on api_key.digest = session.key_digest
           where expires_at > $1 and api_key.revoked_at is null
             and (($2::bytea is null and $3::uuid is null)
                  or id = $3 or (api_key.digest = $2 and api_key.name = session.name))
           order by session.created_at desc, id limit 1000""",
        at,
        key,
        session,
    )
    return [SessionRow(*row) for row in rows]


async def end(db: Connection, *, ids: Iterable[UUID] = (), digests: Iterable[bytes] = ()) -> int:
    """In a transaction. Returns the number of ended sessions."""
    status = await db.execute("delete from session where id = any($1) or digest = any($2)", list(ids), list(digests))
    await announce(db)
    return int(status.rpartition(" ")[2])
