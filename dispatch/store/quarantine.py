"""Reports that could not be read, kept as they came."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record

from dispatch.errors import NotFound
from dispatch.model import QuarantineItem
from dispatch.store.db import Connection

EXCERPT = 400
ITEMS = "select id, at, door, problem, substring(raw for 1600) as head, size, handled_at, handled_by from quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Bytes that came through a door and made no report. `size` is what was sent, `raw` what of it was kept."""

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
    found: bytes | None = await db.fetchval("select raw from quarantine where id = $1", item_id)
    if found is None:
        raise NotFound(f"no quarantined report {item_id}")
    return found


async def open_ones(db: Connection) -> list[QuarantineItem]:
    return [to_item(row) for row in await db.fetch(f"{ITEMS} where handled_at is null order by id")]


async def handle(db: Connection, *, item_id: int, at: datetime, by: str) -> bool:
    """Whether it was still open."""
    status = await db.execute(
        "update quarantine set handled_at = $2, handled_by = $3 where id = $1 and handled_at is null", item_id, at, by
    )
    return bool(status == "UPDATE 1")
