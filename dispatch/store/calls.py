"""Calls, and the reports that make them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from dispatch.errors import NotFound
from dispatch.model import Call, Caller, CallId, Channel, IncidentId, Report
from dispatch.model.wire import decode, encode
from dispatch.store.db import Connection
from geo import Fix, Location


def to_call(row: Record) -> Call:
    return Call(
        id=CallId(row["id"]),
        incident_id=IncidentId(row["incident_id"]),
        channel=Channel(row["channel"]),
        caller=Caller(row["number"], row["name"], row["imei"], row["imsi"], row["language"]),
        nature=row["nature"],
        text=row["text"],
        civic=decode(row["civic"], dict[str, str]) if row["civic"] else None,
        fixes=decode(row["fixes"], tuple[Fix, ...]),
        location=decode(row["location"], Location),
        received_at=row["received_at"],
        likeness=row["likeness"],
        linked_from=IncidentId(row["linked_from"]) if row["linked_from"] is not None else None,
    )


async def answered(db: Connection, *, report_id: UUID) -> str | None:
    """The answer that this report got when it came first, as JSON."""
    answer: str | None = await db.fetchval("select answer from report where id = $1", report_id)
    return answer


async def get(db: Connection, *, call_id: CallId) -> Call:
    row = await db.fetchrow("select * from call where id = $1", call_id)
    if row is None:
        raise NotFound(f"no call {call_id}")
    return to_call(row)


async def lock(db: Connection, *, call_id: CallId) -> Call:
    """The call, ours alone until the transaction ends; its incident must have been locked before. Raises NotFound."""
    await db.execute("select id from call where id = $1 for update", call_id)
    return await get(db, call_id=call_id)


async def of_incident(db: Connection, *, incident_id: IncidentId) -> list[Call]:
    rows = await db.fetch("select * from call where incident_id = $1 order by received_at, id", incident_id)
    return [to_call(row) for row in rows]


async def of_phone(db: Connection, *, caller: Caller, since: datetime) -> list[Call]:
    """Calls that may be of the same phone, newest first; whether they are is decided by the model, not by SQL."""
    rows = await db.fetch(
        """select * from call where received_at >= $1 and (number = $2 or imei = $3 or imsi = $4)
           order by received_at desc limit 20""",
        since,
        caller.number,
        caller.imei,
        caller.imsi,
    )
    return [to_call(row) for row in rows]


async def add(db: Connection, *, call: Call) -> None:
    await db.execute(
        """insert into call (id, incident_id, channel, number, name, imei, imsi, language, nature, text, civic,
               fixes, location, received_at, likeness, linked_from)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)""",
        *_values(call),
    )


async def save(db: Connection, *, call: Call) -> None:
    await db.execute(
        """update call set incident_id = $2, channel = $3, number = $4, name = $5, imei = $6, imsi = $7, language = $8,
               nature = $9, text = $10, civic = $11, fixes = $12, location = $13, received_at = $14, likeness = $15,
               linked_from = $16
           where id = $1""",
        *_values(call),
    )


def _values(call: Call) -> tuple[object, ...]:
    caller = call.caller
    return (
        call.id,
        call.incident_id,
        call.channel,
        caller.number,
        caller.name,
        caller.imei,
        caller.imsi,
        caller.language,
        call.nature,
        call.text,
        encode(call.civic) if call.civic else None,
        encode(call.fixes),
        encode(call.location),
        call.received_at,
        call.likeness,
        call.linked_from,
    )


async def move_to_incident(db: Connection, *, source: IncidentId, target: IncidentId) -> int:
    """All calls of one incident now belong to another, and remember which was their first; returns how many."""
    status = await db.execute(
        "update call set incident_id = $2, linked_from = coalesce(linked_from, $1) where incident_id = $1",
        source,
        target,
    )
    return _count(status)


async def give_back(db: Connection, *, source: IncidentId, holder: IncidentId) -> int:
    """The calls that an incident had before it was linked, and those that were linked into it before, belong to it
    again; returns how many."""
    status = await db.execute(
        """with recursive joined(id) as (
               select $1::bigint union select i.id from incident i join joined on i.linked_to = joined.id)
           update call set incident_id = $1, linked_from = nullif(linked_from, $1)
           where incident_id = $2 and linked_from in (select id from joined)""",
        source,
        holder,
    )
    return _count(status)


async def channels(db: Connection, *, incident_id: IncidentId) -> list[Channel]:
    """Of all reports of an incident's calls, in the order in which they first came."""
    rows = await db.fetch(
        """select r.channel from report r join call c on c.id = r.call_id where c.incident_id = $1
           group by r.channel order by min(r.received_at)""",
        incident_id,
    )
    return [Channel(row["channel"]) for row in rows]


def _count(status: str) -> int:
    return int(status.rsplit(maxsplit=1)[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    report: Report
    call_id: CallId
    at: datetime
    by: str
    answer: str


async def receipt(db: Connection, *, receipt: Receipt) -> None:
    await db.execute(
        """insert into report (id, call_id, channel, flaws, received_at, received_by, answer)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        receipt.report.id,
        receipt.call_id,
        receipt.report.channel,
        list(receipt.report.flaws),
        receipt.at,
        receipt.by,
        receipt.answer,
    )


async def flaws(db: Connection, *, incident_id: IncidentId) -> dict[CallId, list[str]]:
    rows = await db.fetch(
        """select r.call_id, f from report r join call c on c.id = r.call_id, unnest(r.flaws) f
           where c.incident_id = $1 order by r.received_at""",
        incident_id,
    )
    found: dict[CallId, list[str]] = {}
    for row in rows:
        found.setdefault(CallId(row["call_id"]), []).append(row["f"])
    return found
