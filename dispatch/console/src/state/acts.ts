/** What a dispatcher does, and what is said about it afterwards. */

import { api, type Change, Refused, Unreachable, type Version } from '../lib/api'
import { differences, lostRace } from '../lib/conflict'
import { confirmation, type Taking, takings } from '../lib/preempt'
import type { Incident, UnitStatus } from '../lib/wire'
import { tongue } from '../words/words.svelte'
import { decision } from './decision.svelte'
import { room } from './room.svelte'
import { undo } from './undo.svelte'
import { view } from './view.svelte'

interface Deed {
  /** What it does, in words: said again when someone was faster. */
  does: string
  send: (version: Version) => Promise<unknown>
  done?: string | null
  /** What to do instead, on what is true then; null where nothing of it is left to do. */
  again?: (taken: ReadonlySet<string>) => (() => Promise<boolean>) | null
}

/** True when it was done. Every refusal ends in words on the screen, none in silence. */
async function act(what: () => Promise<unknown>, done: string | null): Promise<boolean> {
  try {
    await what()
  } catch (error) {
    refused(error)
    return false
  }
  if (done !== null) view.say('done', done)
  return true
}

/** An act on an incident as this screen shows it: where it has changed in a way that matters, nothing is done and the
 * card says what is true now, what was wanted, and offers it again. */
async function actOn(id: number, deed: Deed): Promise<boolean> {
  const seen = room.room.incidents.get(id)
  decision.lost = null
  try {
    await sendAsSeen(seen, deed.send)
  } catch (error) {
    if (error instanceof Refused && error.status === 409) lost(id, seen, deed, error)
    else refused(error)
    return false
  }
  if (deed.done) view.say('done', deed.done)
  return true
}

async function sendAsSeen(seen: Incident | undefined, send: Deed['send']): Promise<unknown> {
  try {
    return await send(seen?.version)
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 409) throw error
    const { incident, units } = lostRace(error.problem)
    const same = seen && incident && units.length === 0 && incident.version !== seen.version && differences(seen, incident).length === 0
    if (!same) throw error
    return send(incident.version)
  }
}

function lost(id: number, seen: Incident | undefined, deed: Deed, error: Refused): void {
  const { incident, units } = lostRace(error.problem)
  const taken = new Set(units.map((unit) => unit.id))
  refresh()
  if (view.picked) view.picked = view.picked.filter((unit) => !taken.has(unit))
  if (view.selected !== id || view.right !== 'card') return view.say('trouble', explained(error))
  decision.confirming = false
  const closed = incident?.status === 'closed'
  const again = closed ? null : deed.again ? deed.again(taken) : () => actOn(id, deed)
  decision.lost = { id, does: deed.does, seen, incident, units, again }
}

function refused(error: unknown): void {
  view.say('trouble', explained(error))
  if (error instanceof Refused && error.status === 401) room.onSignedOut()
  if (error instanceof Refused && error.status === 409) refresh()
}

export function explained(error: unknown): string {
  const { trouble } = tongue.w
  if (error instanceof Unreachable) return trouble.unreachable
  if (!(error instanceof Refused)) throw error
  const fields = error.problem?.errors?.map(({ field, problem }) => `${field}: ${problem}`).join('; ')
  const detail = fields ? `${error.message} (${fields})` : error.message
  return error.status === 409 ? trouble.conflict(sentence(detail)) : trouble.refused(detail)
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

/** Makes the open card ask again. */
function refresh(): void {
  if (view.selected !== null) room.touched = { ids: new Set([view.selected]), seq: room.room.seq }
}

/** «A12 y P31», «A12, P31 y B02». */
export function listed(units: readonly string[]): string {
  if (units.length < 2) return units.join('')
  return `${units.slice(0, -1).join(', ')} ${tongue.w.card.and} ${units.at(-1)}`
}

export const acts = {
  assign: async (id: number, units: readonly string[], from: readonly Taking[] = []): Promise<boolean> => {
    const done = await actOn(id, {
      does: tongue.w.palette.assign(listed(units), id),
      send: (version) => api.assign(id, [...units], version, confirmation(from)),
      done: tongue.w.done.assigned(listed(units), id),
      again: (taken) => {
        const left = units.filter((unit) => !taken.has(unit))
        return left.length === 0 ? null : () => acts.assign(id, left, takings(left, room.room.units, id))
      },
    })
    if (done) settle(id)
    return done
  },
  swap: async (id: number, release: string, assign: string, from: readonly Taking[] = []): Promise<boolean> => {
    const done = await actOn(id, {
      does: tongue.w.card.swap(release, assign),
      send: (version) => api.swap(id, release, assign, version, confirmation(from)),
      done: tongue.w.done.swapped(release, assign, id),
      again: (taken) => (taken.size > 0 ? null : () => acts.swap(id, release, assign, from)),
    })
    if (done) settle(id)
    return done
  },
  release: (id: number, unit: string) => act(() => api.release(id, unit), tongue.w.done.released(unit)),
  status: (unit: string, status: UnitStatus) =>
    act(() => api.setStatus(unit, status), `${unit}: ${tongue.w.status[status]}`),
  close: async (id: number, reason: string): Promise<boolean> => {
    let version: number | null = null
    const done = await actOn(id, {
      does: tongue.w.palette.close(id, tongue.w.closeReasons[reason] ?? reason),
      send: async (seen) => (version = (await api.close(id, reason, seen)).version),
      done: tongue.w.done.closed(id),
    })
    if (done && version !== null) undo.offer(id, version)
    return done
  },
  reopen: async (id: number, version: number, join?: number): Promise<boolean> => {
    undo.forget(id)
    const done = await act(() => api.reopen(id, version, join), tongue.w.done.reopened(id))
    if (done) view.select(id)
    return done
  },
  note: (id: number, text: string) => act(() => api.note(id, text), tongue.w.done.noted),
  priority: (id: number, priority: number) => change(id, { priority }, tongue.w.palette.priority(id, priority)),
  classify: (id: number, nature: string) => {
    const named = room.nature(nature)
    return change(id, { nature }, tongue.w.card.reclassified(named ? tongue.name(named, nature) : nature))
  },
  locate: (id: number, lat: number, lon: number) =>
    change(id, { location: { lat, lon, radius_m: 30 } }, tongue.w.where.correct),
  alarm: async (id: number, alarm: number): Promise<boolean> => {
    const done = await change(id, { alarm }, tongue.w.palette.alarm(id, alarm))
    if (done) decision.raising = false
    return done
  },
  link: async (id: number, into: number): Promise<boolean> => {
    const done = await actOn(id, { does: tongue.w.palette.link(id, into), send: (version) => api.link(id, into, version) })
    if (done) {
      view.select(into)
      decision.joined = { source: id, into }
    }
    return done
  },
  unlink: async (id: number): Promise<boolean> => {
    const done = await act(() => api.unlink(id), tongue.w.done.unlinked(id))
    if (done) view.select(id)
    return done
  },
  split: async (id: number, call: string): Promise<boolean> => {
    let made: number | null = null
    const done = await actOn(id, {
      does: tongue.w.card.split,
      send: async (version) => (made = (await api.split(id, call, version)).id),
    })
    if (made !== null) {
      view.select(made)
      view.say('done', tongue.w.done.split(made))
    }
    return done
  },
  handled: (id: number) => act(() => api.handled(id), tongue.w.done.handled),
}

function change(id: number, what: Change, does: string): Promise<boolean> {
  return actOn(id, { does, send: (version) => api.change(id, what, version) })
}

/** Done: nothing of it stays picked. */
function settle(id: number): void {
  if (view.selected !== id) return
  view.picked = null
  decision.swap(null)
}

export function showIncident(id: number): void {
  view.select(id)
  const location = room.room.incidents.get(id)?.location
  if (location?.lat != null && location.lon != null) view.showOnMap({ lat: location.lat, lon: location.lon })
}

export function showUnit(unit: string): void {
  view.unit = unit
  const position = room.positions.latest.get(unit)
  if (position) view.showOnMap({ lat: position.lat, lon: position.lon })
}
