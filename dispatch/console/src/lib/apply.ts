/** The room as the journal says it is, and the one function that moves it forward. */

import type { Incident, JournalEvent, Snapshot, Unit } from './wire'

/** How many reports in quarantine nobody has looked at, and the event since which it is so: the same object while nothing changed. */
export interface Quarantine {
  readonly open: number
  readonly seq: number
}

export interface Room {
  readonly seq: number
  readonly incidents: ReadonlyMap<number, Incident>
  readonly units: ReadonlyMap<string, Unit>
  readonly quarantine: Quarantine
}

export const EMPTY: Room = { seq: 0, incidents: new Map(), units: new Map(), quarantine: { open: 0, seq: 0 } }

export function fromSnapshot(snapshot: Snapshot): Room {
  return {
    seq: snapshot.seq,
    incidents: new Map(snapshot.incidents.map((incident) => [incident.id, incident])),
    units: new Map(snapshot.units.map((unit) => [unit.id, unit])),
    quarantine: { open: snapshot.quarantine_open ?? snapshot.quarantine?.length ?? 0, seq: snapshot.seq },
  }
}

/** The room after `events`, or null where one is missing between them and the room. Events already seen change nothing. */
export function apply(room: Room, events: readonly JournalEvent[]): Room | null {
  const fresh = events.filter((event) => event.seq > room.seq)
  if (fresh.length === 0) return room
  if (fresh.some((event, index) => event.seq !== room.seq + 1 + index)) return null

  return {
    seq: room.seq + fresh.length,
    incidents: replaced(room.incidents, fresh.map((event) => event.incident), (incident) => incident.status === 'closed'),
    units: replaced(room.units, fresh.flatMap((event) => event.units), (unit) => unit.removed_at !== null),
    quarantine: fresh.reduce(counted, room.quarantine),
  }
}

function counted(before: Quarantine, event: JournalEvent): Quarantine {
  if (typeof event.quarantine_open === 'number') return { open: event.quarantine_open, seq: event.seq }
  if (event.quarantine === null) return before
  return { open: before.open + (event.quarantine.handled_at === null ? 1 : -1), seq: event.seq }
}

/** The same map when nothing changed, so that whoever depends on it isn't woken. */
function replaced<Id, Thing extends { id: Id }>(
  things: ReadonlyMap<Id, Thing>,
  news: readonly (Thing | null)[],
  gone: (thing: Thing) => boolean,
): ReadonlyMap<Id, Thing> {
  const present = news.filter((thing) => thing !== null)
  if (present.length === 0) return things
  const next = new Map(things)
  for (const thing of present) {
    if (gone(thing)) next.delete(thing.id)
    else next.set(thing.id, thing)
  }
  return next
}
