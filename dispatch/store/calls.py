"""Calls, and the reports that make them."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record

from dispatch.errors import NotFound
from dispatch.model import Call, Caller, CallId, Channel, IncidentId, Report
from dispatch.model.wire import decode, encode
from dispatch.store.db import Connection
from dispatch.store.unnest import columns, unnest
from geo import Fix, Location

# By name: a column that a newer node adds changes nothing here, not even a statement that is prepared already.
TYPES = {
    "id": "uuid",
    "incident_id": "bigint",
    "channel": "text",
    "number": "text",
    "name": "text",
    "imei": "text",
    "imsi": "text",
    "language": "text",
    "nature": "text",
    "text": "text",
    "civic": "json",
    "fixes": "json",
    "location": "json",
    "received_at": "timestamptz",
    "likeness": "float8",
    "linked_from": "bigint",
}
CALLER = ("number", "name", "imei", "imsi", "language")
COLUMNS = ", ".join(TYPES)
SELECT = f"select {COLUMNS} from call"  # noqa: S608
# A row of a call as JSON in the shape of the model.
AS_JSON = f"""json_build_object({", ".join(f"'{name}', {name}" for name in TYPES if name not in CALLER)},
    'caller', json_build_object({", ".join(f"'{name}', {name}" for name in CALLER)}))"""
RECEIPT_TYPES = {
    "id": "uuid",
    "call_id": "uuid",
    "channel": "text",
    "flaws": "json",
    "received_at": "timestamptz",
    "received_by": "text",
    "answer": "json",
}
RECEIPT_COLUMNS = ", ".join(RECEIPT_TYPES)


def insert_sql(first: int = 1) -> str:
    """Parameters: the columns of `values`, numbered from `first` on."""
    return f"insert into call ({COLUMNS}) select * from {unnest(TYPES, first)}"  # noqa: S608


def update_sql(first: int = 1) -> str:
    changed = COLUMNS.removeprefix("id, ")
    change = ", ".join(f"u.{name}" for name in TYPES if name != "id")
    return f"update call set ({changed}) = row({change}) from {unnest(TYPES, first)} where call.id = u.id"  # noqa: S608


def insert_receipts_sql(first: int = 1) -> str:
    """Parameters: the columns of `receipt_values`."""
    chosen = RECEIPT_COLUMNS.replace("flaws", "array(select json_array_elements_text(u.flaws))")
    return f"insert into report ({RECEIPT_COLUMNS}) select {chosen} from {unnest(RECEIPT_TYPES, first)}"  # noqa: S608


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


async def get(db: Connection, *, call_id: CallId) -> Call:
    row = await db.fetchrow(f"{SELECT} where id = $1", call_id)
    if row is None:
        raise NotFound(f"no call {call_id}")
    return to_call(row)


async def lock(db: Connection, *, call_id: CallId) -> Call:
    """The call, ours alone until the transaction ends; its incident must have been locked before. Raises NotFound."""
    await db.execute("select id from call where id = $1 for update", call_id)
    return await get(db, call_id=call_id)


async def of_incident(db: Connection, *, incident_id: IncidentId) -> list[Call]:
    rows = await db.fetch(f"{SELECT} where incident_id = $1 order by received_at, id", incident_id)
    return [to_call(row) for row in rows]


async def save(db: Connection, *, call: Call) -> None:
    await db.execute(update_sql(), *columns([values(call)]))


def values(call: Call) -> tuple[object, ...]:
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


async def channels(db: Connection, *, incident_id: IncidentId) -> list[Channel]:
    """Of all reports of an incident's calls, in the order in which they first came."""
    rows = await db.fetch(
        """select r.channel from report r join call c on c.id = r.call_id where c.incident_id = $1
           group by r.channel order by min(r.received_at)""",
        incident_id,
    )
    return [Channel(row["channel"]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    report: Report
    call_id: CallId
    at: datetime
    by: str
    answer: str


def receipt_values(receipt: Receipt) -> tuple[object, ...]:
    report = receipt.report
    flaws = encode(report.flaws)
    return (report.id, receipt.call_id, report.channel, flaws, receipt.at, receipt.by, receipt.answer)


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
