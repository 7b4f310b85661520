"""The journal: all events, in the order of the commits."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

from dispatch.model import Event, EventKind, IncidentId, NewEvent, Seq, UnitId
from dispatch.model.wire import encode
from dispatch.store.db import Connection
from dispatch.store.forward_compat import event_of

CHANNEL = "journal"
# A late status of a unit that was on no incident is looked for among so many of the newest events.
RECENT_EVENTS = 1_000
# Who holds this lock decides which incident calls belong to; nobody else does meanwhile, on whichever node.
DECIDING = 0x4341_4C4C  # "CALL"
# The last field of an event, whose value the database assigns.
SEQ = ',"seq":'


class Entry(NamedTuple):
    """An event and its serialisation, which is made once for the store and every screen."""

    event: Event
    body: str


async def append(db: Connection, *, new_events: Sequence[NewEvent]) -> list[Entry]:
    """The last statement of a transaction: from here to the commit nobody else appends, so the order of seq is the
    order of commits.

    The database assigns the numbers and inserts them into the bodies, in one statement."""
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


def summary_of(entries: Sequence[Entry]) -> dict[str, Any]:
    """For a log: first and last number, kinds, ids of calls and incidents. No content."""
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


async def lock_deciding(db: Connection) -> None:
    """No call is taken elsewhere until the transaction ends. Of all locks the first to be taken."""
    await db.execute("select pg_advisory_xact_lock($1)", DECIDING)


async def lock(db: Connection) -> tuple[Seq, datetime | None]:
    """Nobody else appends until the transaction ends. The head, and when the last event happened."""
    seq = await db.fetchval("select seq from journal_head for update")
    return Seq(seq), await db.fetchval("select at from journal where seq = $1", seq)


async def after(db: Connection, *, seq: int, limit: int) -> list[Entry]:
    rows = await db.fetch("select body from journal where seq > $1 order by seq limit $2", seq, limit)
    return [Entry(event_of(r["body"]), r["body"]) for r in rows]


async def of_incident(db: Connection, *, incident_id: IncidentId) -> list[Event]:
    rows = await db.fetch("select body from journal where incident_id = $1 order by seq", incident_id)
    return [event_of(r["body"]) for r in rows]


async def outcome_of_late_status(
    db: Connection, *, incident_id: IncidentId | None, unit_id: UnitId, status: str, said_at: str
) -> str | None:
    """`data.outcome` of the same late status, where it was told before."""
    if incident_id is not None:
        where, value = "incident_id = $1", int(incident_id)
    else:
        where, value = "incident_id is null and seq > (select seq from journal_head) - $1", RECENT_EVENTS
    found: str | None = await db.fetchval(
        f"""select body->'data'->>'outcome' from journal
            where {where} and kind = $2 and body->'data'->>'unit_id' = $3
                and body->'data'->>'status' = $4 and body->'data'->>'said_at' = $5 limit 1""",  # noqa: S608
        value,
        EventKind.UNIT_STATUS_LATE,
        unit_id,
        status,
        said_at,
    )
    return found
