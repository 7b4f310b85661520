"""The journal: what happened, in the order in which it was committed."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from dispatch.model import Event, IncidentId, NewEvent, Seq
from dispatch.model.wire import encode
from dispatch.store.db import Connection
from dispatch.store.forward_compat import event_of

CHANNEL = "journal"
# Who holds this lock decides which incident calls belong to; nobody else does meanwhile, on whichever node.
DECIDING = 0x4341_4C4C  # "CALL"
# An event's last field, whose value the database gives.
SEQ = ',"seq":'


class Entry(NamedTuple):
    """An event and its one serialisation, which goes to the store and to every screen."""

    event: Event
    body: str


async def append(db: Connection, *, new_events: Sequence[NewEvent]) -> list[Entry]:
    """The last act of a transaction: from here to the commit nobody else appends, so order of seq = order of commit.

    The database gives the numbers and completes the bodies with them, in one statement."""
    bodies = [encode(new_event).removesuffix("}") + SEQ for new_event in new_events]
    last = await db.fetchval(
        """with head as (update journal_head set seq = seq + $1 returning seq),
           added as (
               insert into journal (seq, at, kind, incident_id, body)
               select head.seq - $1 + number, at, kind, incident_id,
                   (body || (head.seq - $1 + number)::text || '}')::json
               from head, unnest($2::timestamptz[], $3::text[], $4::bigint[], $5::text[]) with ordinality
                   as event (at, kind, incident_id, body, number))
           select seq, pg_notify($6, seq::text) from head""",
        len(new_events),
        [h.at for h in new_events],
        [h.kind for h in new_events],
        [h.incident.id if h.incident else None for h in new_events],
        bodies,
        CHANNEL,
    )
    first = last - len(new_events) + 1
    numbered = zip(new_events, bodies, range(first, last + 1), strict=True)
    return [Entry(_numbered(new_event, Seq(seq)), f"{body}{seq}}}") for new_event, body, seq in numbered]


def _numbered(new_event: NewEvent, seq: Seq) -> Event:
    return Event(**{field.name: getattr(new_event, field.name) for field in fields(NewEvent)}, seq=seq)


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


async def head(db: Connection) -> Seq:
    return Seq(await db.fetchval("select seq from journal_head"))


async def after(db: Connection, *, seq: int, limit: int) -> list[Entry]:
    rows = await db.fetch("select body from journal where seq > $1 order by seq limit $2", seq, limit)
    return [Entry(event_of(r["body"]), r["body"]) for r in rows]


async def of_incident(db: Connection, *, incident_id: IncidentId) -> list[Event]:
    rows = await db.fetch("select body from journal where incident_id = $1 order by seq", incident_id)
    return [event_of(r["body"]) for r in rows]
