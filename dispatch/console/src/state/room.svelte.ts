/** The room as this screen knows it: fed by the socket, read by everything. */

import { apply, EMPTY, fromSnapshot, type Room } from '../lib/apply'
import { LiveClient, type Why } from '../lib/live'
import { Positions } from '../lib/positions'
import { faint, silentSince } from '../lib/silence'
import type { City, Incident, JournalEvent, LiveMessage, Me, ParishCollection, Unit } from '../lib/wire'

export type Link = { state: 'connecting' | 'live' | 'cut' | 'resync'; since_ms: number }

/** Two clocks that differ by less than this are taken to agree. */
const SAME_CLOCK_MS = 2000
const RATE_WINDOW_S = 5

class RoomState {
  room = $state.raw<Room>(EMPTY)
  city = $state.raw<City | null>(null)
  parishes = $state.raw<ParishCollection | null>(null)
  me = $state.raw<Me | null>(null)
  link = $state.raw<Link>({ state: 'connecting', since_ms: Date.now() })
  /** A snapshot has come at least once: what is shown is true, or was. */
  known = $state(false)
  heard_ms = $state(Date.now())
  screens = $state(0)
  lag_ms = $state<number | null>(null)
  rate = $state(0)
  now_ms = $state(Date.now())
  free = $state(0)
  silent = $state(0)
  /** How often something happened to an incident; the open card reloads when its number moves. */
  touched = $state.raw<{ ids: ReadonlySet<number>; seq: number }>({ ids: new Set(), seq: 0 })

  readonly positions = new Positions()
  /** Incidents that just became priority 1; told by the whole room's change, not by the kind of event. */
  onPriorityOne: (incidents: Incident[]) => void = () => {}
  /** The door was shut: sign in again. */
  onSignedOut: () => void = () => {}
  /** The service has ended this sign-in, and says so. */
  onEnded: () => void = () => {}

  /** All units in the order of their names; made anew only when one comes or goes, for they may be thousands. */
  order = $state.raw<readonly string[]>([])

  readonly live = $derived(this.link.state === 'live')
  readonly cut = $derived(this.link.state === 'cut')

  #skew_ms = 0
  #differences: number[] = []
  #rates: number[] = []
  #pulseAhead = false
  #timer: ReturnType<typeof setInterval> | undefined
  readonly #client = new LiveClient({
    heard: (message) => this.#heard(message),
    joined: () => (this.link = { state: 'live', since_ms: Date.now() }),
    lost: (why, attempt) => this.#lost(why, attempt),
    ended: () => {
      this.link = { state: 'connecting', since_ms: Date.now() }
      this.onEnded()
    },
    since: () => (this.known ? this.room.seq : null),
  })

  start(): void {
    this.#client.start()
    this.#timer = setInterval(() => this.#tick(), 1000)
    addEventListener('online', this.retry)
  }

  stop(): void {
    this.#client.stop()
    clearInterval(this.#timer)
    removeEventListener('online', this.retry)
    this.room = EMPTY
    this.known = false
  }

  readonly retry = (): void => this.#client.now()

  agency(code: string): City['agencies'][number] | undefined {
    return this.city?.agencies.find((agency) => agency.code === code)
  }

  kind(code: string): City['kinds'][number] | undefined {
    return this.city?.kinds.find((kind) => kind.code === code)
  }

  nature(code: string | null): City['natures'][number] | undefined {
    return this.city?.natures.find((nature) => nature.code === code)
  }

  #heard(message: LiveMessage): 'resync' | undefined {
    this.heard_ms = Date.now()
    switch (message.type) {
      case 'snapshot':
        this.me = message.me
        this.screens = message.screens
        this.positions.reset(message.positions)
        this.room = fromSnapshot(message)
        this.known = true
        this.order = ordered(this.room.units.keys())
        this.touched = { ids: new Set(this.room.incidents.keys()), seq: message.seq }
        this.#tick()
        return
      case 'events':
        return this.#advance(message.events)
      case 'positions':
        this.positions.move(message.units)
        return
      case 'pulse':
        this.screens = message.screens
        this.#measure(message.at)
        return this.#compare(message.seq)
      case 'resync':
        return 'resync'
      case 'move':
        return
    }
  }

  #advance(events: JournalEvent[]): 'resync' | undefined {
    const before = this.room
    const after = apply(before, events)
    if (after === null) return 'resync'
    if (after === before) return
    this.room = after
    if (events.some((event) => event.units.some(({ id }) => before.units.has(id) !== after.units.has(id)))) this.order = ordered(after.units.keys())
    const last = events.at(-1)
    if (last) this.lag_ms = Math.max(0, Date.now() - Date.parse(last.at) - this.#skew_ms)
    const incidents = events.map((event) => event.incident).filter((incident) => incident !== null)
    this.touched = { ids: new Set(incidents.map((incident) => incident.id)), seq: after.seq }
    const urgent = [...after.incidents.values()].filter((i) => i.priority === 1 && before.incidents.get(i.id)?.priority !== 1)
    if (urgent.length > 0) this.onPriorityOne(urgent)
  }

  /** A pulse may overtake an event once; twice means that the event is not coming. */
  #compare(seq: number): 'resync' | undefined {
    const ahead = seq > this.room.seq
    const lost = ahead && this.#pulseAhead
    this.#pulseAhead = ahead && !lost
    return lost ? 'resync' : undefined
  }

  #measure(at: string): void {
    const difference = Date.now() - Date.parse(at)
    this.#differences = [...this.#differences.slice(-19), difference]
    const smallest = Math.min(...this.#differences)
    this.#skew_ms = Math.abs(smallest) > SAME_CLOCK_MS ? smallest : 0
    this.lag_ms = Math.max(0, difference - this.#skew_ms)
  }

  #lost(why: Why, attempt: number): void {
    const since_ms = this.link.state === 'cut' ? this.link.since_ms : Date.now()
    this.link = { state: why === 'cut' ? 'cut' : 'resync', since_ms }
    this.#pulseAhead = false
    // A refused handshake looks like a dead line; only the door itself can say which it was.
    if (why !== 'move' && attempt % 3 === 0) this.onSignedOut()
  }

  #tick(): void {
    this.now_ms = Date.now() - this.#skew_ms
    this.#rates = [...this.#rates.slice(1 - RATE_WINDOW_S), this.positions.countSinceAsked()]
    this.rate = Math.round(this.#rates.reduce((sum, n) => sum + n, 0) / this.#rates.length)
    let [free, silent] = [0, 0]
    for (const unit of this.room.units.values()) {
      if (unit.status === 'available') free += 1
      if (silentSince(unit) !== null) silent += 1
    }
    this.free = free
    this.silent = silent
  }

  /** By agency: after how many seconds a crew on duty counts as silent. */
  readonly #limits = $derived(new Map(this.city?.agencies.map((agency) => [agency.code, agency.silent_after_s])))

  silentAfter(agency: string): number {
    return this.#limits.get(agency) ?? this.city?.stale_after_s ?? 60
  }

  faint(unit: Unit): boolean {
    return faint(unit, this.positions.latest.get(unit.id), this.now_ms, this.silentAfter(unit.agency))
  }
}

const byName = new Intl.Collator('es', { numeric: true })
const ordered = (ids: Iterable<string>): string[] => [...ids].sort(byName.compare)

export const room = new RoomState()
