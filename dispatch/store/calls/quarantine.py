"""Unreadable reports, kept as raw bytes."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record

from dispatch.errors import NotFound
from dispatch.model import QuarantineItem, QuarantineSender
from dispatch.store.db import Connection

EXCERPT = 400
ITEMS = "select id, at, door, problem, substring(raw for 1600) as head, size, handled_at, handled_by from quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Bytes that arrived at an endpoint and could not be parsed. `size` is what was sent, `raw` what of it was kept."""

    door: str
    content_type: str | None
    raw: bytes
    size: int
    problem: str


def to_item(row: Record) -> QuarantineItem:
    return QuarantineItem(
        id=row["id"],
        at=row["at"],
        door=row["door"],
        problem=row["problem"],
        excerpt=row["head"].decode(errors="replace").replace("\x00", "\ufffd")[:EXCERPT],
        size=row["size"],
        handled_at=row["handled_at"],
        handled_by=row["handled_by"],
    )


async def add(db: Connection, *, unread: Unread, at: datetime, by: str) -> QuarantineItem:
    item_id = await db.fetchval(
        """insert into quarantine (at, door, content_type, received_by, problem, raw, size)
           values ($1, $2, $3, $4, $5, $6, $7) returning id""",
        at,
        unread.door,
        unread.content_type,
        by,
        unread.problem,
        unread.raw,
        unread.size,
    )
    return await get(db, item_id=item_id)


async def get(db: Connection, *, item_id: int) -> QuarantineItem:
    row = await db.fetchrow(f"{ITEMS} where id = $1", item_id)
    if row is None:
        raise NotFound(f"no quarantined report {item_id}")
    return to_item(row)


async def raw(db: Connection, *, item_id: int) -> bytes:
    """Raises NotFound, also if it was deleted since."""
    found: bytes | None = await db.fetchval("select raw from quarantine where id = $1 and purged_at is null", item_id)
    if found is None:
        raise NotFound(f"no quarantined report {item_id}, or its body was deleted some days after it was handled")
    return found


async def has_room(db: Connection, *, sender: str, size: int, most: int, most_bytes: int) -> bool:
    """Whether this sender may have one more item of `size` bytes. Holds a lock for this name on all nodes until the
    transaction ends."""
    row = await db.fetchrow(
        """insert into quarantine_sender as known (sender, items, bytes) values ($1, 0, 0)
           on conflict (sender) do update set items = known.items returning items, bytes""",
        sender,
    )
    assert row is not None
    return bool(row["items"] < most and row["bytes"] + size <= most_bytes)


async def count_not_kept(db: Connection, *, sender: str, at: datetime) -> None:
    await db.execute(
        "update quarantine_sender set not_kept = not_kept + 1, not_kept_at = $2 where sender = $1", sender, at
    )


async def count_open(db: Connection) -> int:
    """In a transaction that has added or handled one: as of its commit."""
    return int(await db.fetchval("select open from quarantine_count"))


async def senders(db: Connection) -> list[QuarantineSender]:
    rows = await db.fetch(
        """select sender, items, bytes, not_kept, not_kept_at from quarantine_sender
           where items > 0 or not_kept > 0 order by items desc, sender limit 100"""
    )
    return [QuarantineSender(**row) for row in rows]


async def page(db: Connection, *, before: int | None, limit: int) -> list[QuarantineItem]:
    """Unhandled items, newest first."""
    return [
        to_item(row)
        for row in await db.fetch(
            f"{ITEMS} where handled_at is null and id < coalesce($1, 9223372036854775807) order by id desc limit $2",
            before,
            limit,
        )
    ]


async def handle(db: Connection, *, item_id: int, at: datetime, by: str) -> bool:
    """Whether it was still open."""
    status = await db.execute(
        "update quarantine set handled_at = $2, handled_by = $3 where id = $1 and handled_at is null", item_id, at, by
    )
    return bool(status == "UPDATE 1")


async def purge(db: Connection, *, before: datetime, at: datetime, limit: int) -> int:
    """Delete the bodies of some items handled before then, except those that another node is deleting; returns their
    number."""
    status = await db.execute(
        """update quarantine set raw = '', purged_at = $2 where id in (
               select id from quarantine where handled_at < $1 and purged_at is null
               order by id limit $3 for update skip locked)""",
        before,
        at,
        limit,
    )
    return int(status.removeprefix("UPDATE "))
