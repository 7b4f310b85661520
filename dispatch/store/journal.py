"""The journal: what happened, in the order in which it was committed."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from dispatch.model import Event, Happening, IncidentId, Seq
from dispatch.model.wire import encode
from dispatch.store.db import Connection
from dispatch.store.newer import event_of

CHANNEL = "journal"
DECIDING = 0x4341_4C4C  # "CALL"


class Entry(NamedTuple):
    """An event and its one serialisation, which goes to the store and to every screen."""

    event: Event
    body: str


async def append(db: Connection, *, happenings: Sequence[Happening]) -> list[Entry]:
    """The last act of a transaction: from here to the commit nobody else appends, so order of seq = order of commit."""
    last = await db.fetchval("update journal_head set seq = seq + $1 returning seq", len(happenings))
    entries = [_numbered(h, Seq(seq)) for seq, h in enumerate(happenings, last - len(happenings) + 1)]
    await db.execute(
        """with told as (
               insert into journal (seq, at, kind, incident_id, body)
               select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::bigint[], $5::json[])
           ) select pg_notify($6, $7)""",
        [e.event.seq for e in entries],
        [e.event.at for e in entries],
        [e.event.kind for e in entries],
        [e.event.incident.id if e.event.incident else None for e in entries],
        [e.body for e in entries],
        CHANNEL,
        str(last),
    )
    return entries


def _numbered(happening: Happening, seq: Seq) -> Entry:
    event = Event(**{f.name: getattr(happening, f.name) for f in fields(Happening)}, seq=seq)
    return Entry(event, encode(event))


def in_short(entries: Sequence[Entry]) -> dict[str, Any]:
    """For a log: from where to where, which kinds, and of which calls and incidents. Nothing of what they say."""
    calls = {str(e.event.data["call_id"]): None for e in entries if "call_id" in e.event.data}
    incidents = {e.event.incident.id: None for e in entries if e.event.incident is not None}
    return {
        "seq": [entries[0].event.seq, entries[-1].event.seq],
        "kinds": sorted({e.event.kind for e in entries}),
        "calls": list(calls),
        "incidents": list(incidents),
    }


async def queue_up(db: Connection) -> None:
    """Until this transaction ends nobody else decides which incident a call belongs to, on whichever node."""
    await db.execute("select pg_advisory_xact_lock($1)", DECIDING)


async def head(db: Connection) -> Seq:
    return Seq(await db.fetchval("select seq from journal_head"))


async def after(db: Connection, *, seq: int, limit: int) -> list[Entry]:
    rows = await db.fetch("select body from journal where seq > $1 order by seq limit $2", seq, limit)
    return [Entry(event_of(r["body"]), r["body"]) for r in rows]


async def of_incident(db: Connection, *, incident_id: IncidentId) -> list[Event]:
    rows = await db.fetch("select body from journal where incident_id = $1 order by seq", incident_id)
    return [event_of(r["body"]) for r in rows]
