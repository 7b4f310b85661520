"""Calls, and the reports that make them."""

from dataclasses import dataclass, fields, replace
from datetime import datetime

from asyncpg import Record

from dispatch.errors import NotFound
from dispatch.model import Call, Caller, CallId, Channel, IncidentId, Report
from dispatch.model.call import Told
from dispatch.model.report_key import ReportKey
from dispatch.model.wire import decode, encode
from dispatch.store.backward_compat import decode_of_all, encode_for_all
from dispatch.store.db import Connection
from dispatch.store.unnest import columns, unnest
from geo import Fix, Location, Source

# By name, so that a column added by a newer node changes no statement, not even a prepared one.
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
    "sender": "text",
    "own": "json",
    "installation": "text",
}
COLUMNS = ", ".join(TYPES)
# For a call stored by a node before schema 7, the sender is that of its first report; such a node accepted `manual`
# from apps and gateways.
SELECT = f"""
    select {", ".join(name for name in TYPES if name not in ("sender", "own"))},
        coalesce(sender, sent_by, '') as sender, own, sender is null and from_desk is not true as manual_is_reported
    from call left join lateral (
        select received_by as sent_by, received_by in ('bootstrap', 'consola') or exists (
            select from api_key where api_key.name = received_by and role in ('dispatcher', 'admin')) as from_desk
        from report where call.sender is null and report.call_id = call.id order by report.received_at limit 1
    ) as first on true
"""  # noqa: S608
CALLER = ("number", "name", "imei", "imsi", "language", "installation")
# A row of SELECT as JSON in the shape of StoredCall.
AS_JSON = f"""json_build_object({", ".join(f"'{name}', {name}" for name in TYPES if name not in CALLER)},
    'caller', json_build_object({", ".join(f"'{name}', {name}" for name in CALLER)}),
    'manual_is_reported', manual_is_reported)"""
RECEIPT_TYPES = {
    "id": "uuid",
    "call_id": "uuid",
    "channel": "text",
    "flaws": "json",
    "received_at": "timestamptz",
    "received_by": "text",
    "answer": "json",
    "digest": "bytea",
}
RECEIPT_COLUMNS = ", ".join(RECEIPT_TYPES)


@dataclass(frozen=True, slots=True)
class StoredCall(Call):
    manual_is_reported: bool = False

    def call(self) -> Call:
        values = {field.name: getattr(self, field.name) for field in fields(Call)}
        return _reported(Call(**values)) if self.manual_is_reported else Call(**values)


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
    call = Call(
        id=CallId(row["id"]),
        incident_id=IncidentId(row["incident_id"]),
        channel=Channel(row["channel"]),
        caller=Caller(row["number"], row["name"], row["imei"], row["imsi"], row["language"], row["installation"]),
        nature=row["nature"],
        text=row["text"],
        civic=decode(row["civic"], dict[str, str]) if row["civic"] else None,
        fixes=decode_of_all(row["fixes"], tuple[Fix, ...]),
        location=decode_of_all(row["location"], Location),
        received_at=row["received_at"],
        likeness=row["likeness"],
        linked_from=IncidentId(row["linked_from"]) if row["linked_from"] is not None else None,
        sender=row["sender"],
        own=decode(row["own"], Told) if row["own"] else None,
    )
    return _reported(call) if row["manual_is_reported"] else call


def from_json(text: str) -> list[Call]:
    """Of an array of AS_JSON."""
    return [stored.call() for stored in decode_of_all(text, list[StoredCall])]


def _reported(call: Call) -> Call:
    def said(source: Source | None) -> Source | None:
        return Source.REPORTED if source is Source.MANUAL else source

    fixes = tuple(replace(fix, source=said(fix.source) or fix.source) for fix in call.fixes)
    return replace(call, fixes=fixes, location=replace(call.location, source=said(call.location.source)))


async def get(db: Connection, *, call_id: CallId) -> Call:
    row = await db.fetchrow(f"{SELECT} where id = $1", call_id)
    if row is None:
        raise NotFound(f"no call {call_id}")
    return to_call(row)


async def sent(db: Connection, *, call_id: CallId, sender: str) -> Call:
    """The sender's own call with that id, or the one that its report with that id became part of. Raises NotFound, the
    same for another sender's call as for none."""
    row = await db.fetchrow(
        f"""{SELECT} where coalesce(sender, sent_by) = $2 and id = any(array(
               select $1::uuid union select call_id from report where report.id = $1 and received_by = $2))
           order by id = $1 desc, received_at desc limit 1""",  # noqa: S608
        call_id,
        sender,
    )
    if row is None:
        raise NotFound(f"no call {call_id}")
    return to_call(row)


async def lock(db: Connection, *, call_id: CallId) -> Call:
    """The call, locked until the transaction ends; its incident must have been locked before. Raises NotFound."""
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
        encode_for_all(call.fixes),
        encode_for_all(call.location),
        call.received_at,
        call.likeness,
        call.linked_from,
        call.sender,
        encode(call.own) if call.own else None,
        caller.installation,
    )


async def channels(db: Connection, *, incident_id: IncidentId) -> list[Channel]:
    """Of all reports of an incident's calls, in the order of their first arrival."""
    rows = await db.fetch(
        """select r.channel from report r join call c on c.id = r.call_id where c.incident_id = $1
           group by r.channel order by min(r.received_at)""",
        incident_id,
    )
    return [Channel(row["channel"]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`key`: by which a repeated report is recognised."""

    report: Report
    key: ReportKey
    call_id: CallId
    at: datetime
    answer: str


def receipt_values(receipt: Receipt) -> tuple[object, ...]:
    report, key = receipt.report, receipt.key
    flaws = encode(report.flaws)
    return (
        key.id,
        receipt.call_id,
        report.channel,
        flaws,
        receipt.at,
        key.sender,
        receipt.answer,
        key.content,
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
