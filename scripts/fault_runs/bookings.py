"""Checks of assignments, in the tables and at every event of the journal."""

from collections import Counter
from collections.abc import Iterator

from dispatch.model import ON_INCIDENT, Event
from dispatch.model.room import Room
from dispatch.store import journal
from dispatch.store.db import Connection

BATCH = 1_000


def faults_of(room: Room) -> list[str]:
    """Inconsistent assignments in a state: a unit on two incidents, or on none though its status says so."""
    on = Counter(a.unit_id for incident in room.incidents.values() for a in incident.assignments)
    faults = [f"{unit_id} is on {times} incidents" for unit_id, times in on.items() if times > 1]
    assigned = {a.unit_id: incident.id for incident in room.incidents.values() for a in incident.assignments}
    for unit in room.units.values():
        if unit.incident_id != assigned.get(unit.id):
            faults.append(f"{unit.id} says {unit.incident_id}, the incidents say {assigned.get(unit.id)}")
        if (unit.status in ON_INCIDENT) != (unit.incident_id is not None):
            faults.append(f"{unit.id} is {unit.status} and on {unit.incident_id}")
    return faults + [f"{unit_id} is assigned and not in the fleet" for unit_id in assigned.keys() - room.units.keys()]


async def faults_in_tables(db: Connection) -> list[str]:
    """The same for the tables; and that each incident has as many calls as it counts."""
    twice = await db.fetch(
        "select unit_id, count(*) from assignment where released_at is null group by unit_id having count(*) > 1"
    )
    loose = await db.fetch(
        """select u.id, u.status, a.incident_id from unit u
           left join assignment a on a.unit_id = u.id and a.released_at is null
           where (u.status = any($1)) <> (a.id is not null)""",
        sorted(ON_INCIDENT),
    )
    miscounted = await db.fetch(
        """select i.id, i.calls, count(c.id) from incident i left join call c on c.incident_id = i.id
           group by i.id having i.calls <> count(c.id)"""
    )
    return [str(tuple(row)) for row in (*twice, *loose, *miscounted)]


async def events_after(db: Connection, seq: int) -> list[Event]:
    """All events after `seq`. Raises AssertionError for a gap."""
    events: list[Event] = []
    while batch := await journal.after(db, seq=seq + len(events), limit=BATCH):
        events += [entry.event for entry in batch]
    assert [event.seq for event in events] == list(range(seq + 1, seq + 1 + len(events)))
    return events


def replay(room: Room, events: list[Event]) -> Iterator[str]:
    """The faults after each event; afterwards the room is as of the last event."""
    for event in events:
        room.apply(event)
        for fault in faults_of(room):
            yield f"after {event.seq} ({event.kind}): {fault}"
