"""All input of the checker: the clients' logs, and the content of the database at the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dispatch.model import Event, IncidentId
from dispatch.model.room import Room
from dispatch.store import journal
from dispatch.store.db import Pool, connection
from dispatch.store.snapshot import snapshot
from scripts.fault_runs.bookings import BATCH, faults_in_tables
from scripts.fault_runs.logs import Deed, Sent, Told


@dataclass(frozen=True, slots=True)
class StoredReport:
    report_id: UUID
    call_id: UUID
    answer: str


@dataclass(frozen=True, slots=True)
class StoredCall:
    call_id: UUID
    incident_id: IncidentId


@dataclass(slots=True, kw_only=True)
class History:
    """`before`: the state at the beginning; `events`: the journal since; `fresh`: the state in the tables now.
    `reports` and `calls`: those of the clients, as stored, one entry for each row."""

    sent: Sequence[Sent] = ()
    deeds: Sequence[Deed] = ()
    told: Mapping[str, Sequence[Told]] = field(default_factory=dict)
    rooms: Mapping[str, Room] = field(default_factory=dict)
    before: Room = field(default_factory=Room)
    events: Sequence[Event] = ()
    fresh: Room = field(default_factory=Room)
    reports: Sequence[StoredReport] = ()
    calls: Sequence[StoredCall] = ()
    tables: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The part of a history that comes from the database."""

    events: list[Event]
    fresh: Room
    reports: list[StoredReport]
    calls: list[StoredCall]
    tables: list[str]


async def stored(pool: Pool, *, since: int, report_ids: Iterable[UUID]) -> Stored:
    """To be called when all clients have stopped; later events of timers are left out. `since`: the last event before
    the round."""
    fresh = await snapshot(pool)
    ids = list(report_ids)
    async with connection(pool) as db:
        events: list[Event] = []
        while batch := await journal.after(db, seq=events[-1].seq if events else since, limit=BATCH):
            events += [entry.event for entry in batch]
        reports = await db.fetch("select id, call_id, answer from report where id = any($1)", ids)
        calls = await db.fetch("select id, incident_id from call where id = any($1)", ids)
        tables = await faults_in_tables(db)
    return Stored(
        events=[event for event in events if event.seq <= fresh.seq],
        fresh=fresh,
        reports=[StoredReport(*row) for row in reports],
        calls=[StoredCall(*row) for row in calls],
        tables=tables,
    )
