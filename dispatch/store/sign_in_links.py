"""Sign-in links, valid once, by the digests of their codes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.store.access import digest
from dispatch.store.db import Connection

# A used or expired link is kept this long, to tell which of the two it was.
REMEMBERED = timedelta(days=2)


class NoLink(StrEnum):
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Link:
    """`key`: digest of the key that made it, None if the service did."""

    key: bytes | None


async def add(
    db: Connection, *, code: str, key: bytes | None, at: datetime, expires_at: datetime, of_setting: bool = False
) -> None:
    """`of_setting`: the same code is added at every start; a used one stays used."""
    await db.execute(
        """insert into sign_in_link (digest, key_digest, created_at, expires_at, of_setting)
           values ($1, $2, $3, $4, $5)
           on conflict (digest) do update set expires_at = excluded.expires_at where sign_in_link.used_at is null""",
        digest(code),
        key,
        at,
        expires_at,
        of_setting,
    )
    await db.execute("delete from sign_in_link where expires_at < $1 and not of_setting", at - REMEMBERED)


async def use(db: Connection, *, code: str, at: datetime) -> Link | NoLink:
    """Of several concurrent uses, at any nodes, only one succeeds."""
    row = await db.fetchrow(
        """update sign_in_link set used_at = $2
           where digest = $1 and used_at is null and expires_at > $2
             and (key_digest is null
                  or exists (select from api_key where api_key.digest = key_digest and revoked_at is null))
           returning key_digest""",
        digest(code),
        at,
    )
    if row is not None:
        return Link(row["key_digest"])
    used = await db.fetchrow("select used_at is not null from sign_in_link where digest = $1", digest(code))
    return NoLink.UNKNOWN if used is None else NoLink.USED if used[0] else NoLink.EXPIRED
