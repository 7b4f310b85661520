"""Calls, and the reports that make them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from dispatch.errors import NotFound
from dispatch.model import Call, Caller, CallId, Channel, IncidentId, Report, Seq
from dispatch.model.call import Told
from dispatch.model.report_key import ReportKey
from dispatch.model.wire import decode, encode
from dispatch.store.db import Connection
from dispatch.store.older import decode_of_all, encode_for_all
from geo import Fix, Location, Source

# By name: a column that a newer node adds changes nothing here, not even a statement that is prepared already.
# Of a call that a node of before schema 7 took, its first report says who sent it; from an app or a gateway such a node
# took `manual` as it came.
SELECT = """
    select id, incident_id, channel, number, name, imei, imsi, language, nature, text, civic, fixes, location,
        received_at, likeness, linked_from, coalesce(sender, sent_by, '') as sender, own,
        sender is null and from_desk is not true as manual_is_reported
    from call left join lateral (
        select received_by as sent_by, received_by in ('bootstrap', 'consola') or exists (
            select from api_key where api_key.name = received_by and role in ('dispatcher', 'admin')) as from_desk
        from report where call.sender is null and report.call_id = call.id order by report.received_at limit 1
    ) as first on true
"""


def to_call(row: Record) -> Call:
    call = _as_stored(row)
    return _reported(call) if row["manual_is_reported"] else call


def _reported(call: Call) -> Call:
    def said(source: Source | None) -> Source | None:
        return Source.REPORTED if source is Source.MANUAL else source

    fixes = tuple(replace(fix, source=said(fix.source) or fix.source) for fix in call.fixes)
    return replace(call, fixes=fixes, location=replace(call.location, source=said(call.location.source)))


def _as_stored(row: Record) -> Call:
    return Call(
        id=CallId(row["id"]),
        incident_id=IncidentId(row["incident_id"]),
        channel=Channel(row["channel"]),
        caller=Caller(row["number"], row["name"], row["imei"], row["imsi"], row["language"]),
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


@dataclass(frozen=True, slots=True)
class Begun:
    """`head` of the journal; the answers that reports got when they came first, as JSON; `used`: ids that a report or a
    call has; `numbers` of incidents that nobody else will be given."""

    head: Seq
    answered: dict[ReportKey, str]
    used: set[UUID]
    numbers: list[IncidentId]

    def known_as(self, key: ReportKey) -> ReportKey:
        """The key under which this report is stored: of one stored before digests were, sender and id must do."""
        without = key._replace(content=b"")
        return without if without in self.answered else key


async def begin(db: Connection, *, report_ids: Sequence[UUID], numbers: int) -> Begun:
    """All that must be known before calls can be taken together, in one question."""
    row = await db.fetchrow(
        """select (select seq from journal_head) as head,
               array(select id from report where id = any($1) order by id, received_by, digest) as ids,
               array(select received_by from report where id = any($1) order by id, received_by, digest) as senders,
               array(select digest from report where id = any($1) order by id, received_by, digest) as digests,
               array(select answer::text from report where id = any($1) order by id, received_by, digest) as answers,
               array(select id from call where id = any($1)) as calls,
               array(select nextval(pg_get_serial_sequence('incident', 'id')) from generate_series(1, $2))
                   as numbers""",
        report_ids,
        max(numbers, 0),
    )
    assert row is not None
    keys = map(ReportKey, row["senders"], row["ids"], row["digests"])
    answered = dict(zip(keys, row["answers"], strict=True))
    used = {*row["ids"], *row["calls"]}
    return Begun(Seq(row["head"]), answered, used, [IncidentId(number) for number in row["numbers"]])


async def get(db: Connection, *, call_id: CallId) -> Call:
    row = await db.fetchrow(f"{SELECT} where id = $1", call_id)
    if row is None:
        raise NotFound(f"no call {call_id}")
    return to_call(row)


async def sent(db: Connection, *, call_id: CallId, sender: str) -> Call:
    """The sender's own call of that id, or the one that its report of that id went into. Raises NotFound, the same for
    a call that is another's as for none."""
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
    """The call, ours alone until the transaction ends; its incident must have been locked before. Raises NotFound."""
    await db.execute("select id from call where id = $1 for update", call_id)
    return await get(db, call_id=call_id)


async def of_incident(db: Connection, *, incident_id: IncidentId) -> list[Call]:
    rows = await db.fetch(f"{SELECT} where incident_id = $1 order by received_at, id", incident_id)
    return [to_call(row) for row in rows]


async def of_phones(db: Connection, *, callers: Iterable[Caller], since: datetime) -> list[Call]:
    """Calls that may be of one of these phones, newest first; whether they are is for the model to decide, not SQL."""
    numbers, imeis, imsis = (
        {getattr(caller, name) for caller in callers} - {None} for name in ("number", "imei", "imsi")
    )
    rows = await db.fetch(
        f"""{SELECT} where received_at >= $1 and (number = any($2) or imei = any($3) or imsi = any($4))
           order by received_at desc limit 1000""",
        since,
        list(numbers),
        list(imeis),
        list(imsis),
    )
    return [to_call(row) for row in rows]


async def add(db: Connection, *, calls: Sequence[Call]) -> None:
    """All in one statement."""
    await db.execute(
        """insert into call (id, incident_id, channel, number, name, imei, imsi, language, nature, text, civic,
               fixes, location, received_at, likeness, linked_from, sender, own)
           select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
               $8::text[], $9::text[], $10::text[], $11::json[], $12::json[], $13::json[], $14::timestamptz[],
               $15::float8[], $16::bigint[], $17::text[], $18::json[])""",
        *map(list, zip(*map(_values, calls), strict=True)),
    )


async def save(db: Connection, *, call: Call) -> None:
    await db.execute(
        """update call set incident_id = $2, channel = $3, number = $4, name = $5, imei = $6, imsi = $7, language = $8,
               nature = $9, text = $10, civic = $11, fixes = $12, location = $13, received_at = $14, likeness = $15,
               linked_from = $16, sender = $17, own = $18
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
        encode_for_all(call.fixes),
        encode_for_all(call.location),
        call.received_at,
        call.likeness,
        call.linked_from,
        call.sender,
        encode(call.own) if call.own else None,
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
    """`key`: by which the report is known when it comes again."""

    report: Report
    key: ReportKey
    call_id: CallId
    at: datetime
    answer: str


async def receipts(db: Connection, *, receipts: Sequence[Receipt]) -> None:
    """All in one statement; lists within come as JSON, for arrays of arrays are something else to SQL."""
    await db.execute(
        """insert into report (id, call_id, channel, flaws, received_at, received_by, answer, digest)
           select id, call_id, channel, array(select json_array_elements_text(flaws)), received_at, received_by, answer,
               digest
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::json[], $5::timestamptz[], $6::text[], $7::json[],
               $8::bytea[]) as r (id, call_id, channel, flaws, received_at, received_by, answer, digest)""",
        [r.key.id for r in receipts],
        [r.call_id for r in receipts],
        [r.report.channel for r in receipts],
        [encode(r.report.flaws) for r in receipts],
        [r.at for r in receipts],
        [r.key.sender for r in receipts],
        [r.answer for r in receipts],
        [r.key.content for r in receipts],
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
