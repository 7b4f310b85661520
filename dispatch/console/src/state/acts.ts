/** What a dispatcher does, and what is said about it afterwards. */

import { api, Refused, Unreachable } from '../lib/api'
import type { Command } from '../lib/palette'
import type { UnitStatus } from '../lib/wire'
import { tongue } from '../words/words.svelte'
import { room } from './room.svelte'
import { view } from './view.svelte'

/** True when it was done. Every refusal ends in words on the screen, none in silence. */
async function act(what: () => Promise<unknown>, done: string | null): Promise<boolean> {
  try {
    await what()
  } catch (error) {
    view.say('trouble', explained(error))
    if (error instanceof Refused && error.status === 401) room.onSignedOut()
    if (error instanceof Refused && error.status === 409) refresh()
    return false
  }
  if (done !== null) view.say('done', done)
  return true
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
  view.picked = null
}

/** «A12 y P31», «A12, P31 y B02». */
export function listed(units: readonly string[]): string {
  if (units.length < 2) return units.join('')
  return `${units.slice(0, -1).join(', ')} ${tongue.w.card.and} ${units.at(-1)}`
}

export const acts = {
  assign: async (id: number, units: readonly string[]): Promise<boolean> => {
    const done = await act(() => api.assign(id, [...units]), tongue.w.done.assigned(listed(units), id))
    if (done) view.picked = null
    return done
  },
  release: (id: number, unit: string) => act(() => api.release(id, unit), tongue.w.done.released(unit)),
  status: (unit: string, status: UnitStatus) =>
    act(() => api.setStatus(unit, status), `${unit}: ${tongue.w.status[status]}`),
  close: (id: number, reason: string) => act(() => api.close(id, reason), tongue.w.done.closed(id)),
  note: (id: number, text: string) => act(() => api.note(id, text), tongue.w.done.noted),
  priority: (id: number, priority: number) => act(() => api.change(id, { priority }), null),
  classify: (id: number, nature: string) => act(() => api.change(id, { nature }), null),
  link: (id: number, into: number) => act(() => api.link(id, into), tongue.w.event.incident_linked(String(into))),
  locate: (id: number, lat: number, lon: number) =>
    act(() => api.change(id, { location: { lat, lon, radius_m: 30 } }), null),
  handled: (id: number) => act(() => api.handled(id), tongue.w.done.handled),
}

/** Carries out what the command line says. */
export async function carryOut(command: Command): Promise<void> {
  switch (command.verb) {
    case 'assign':
      await acts.assign(command.incident, command.units)
      return
    case 'release':
      await acts.release(command.incident, command.unit)
      return
    case 'status':
      await acts.status(command.unit, command.status)
      return
    case 'close':
      await acts.close(command.incident, command.reason)
      return
    case 'note':
      await acts.note(command.incident, command.text)
      return
    case 'priority':
      await acts.priority(command.incident, command.priority)
      return
    case 'link':
      await acts.link(command.incident, command.into)
      return
    case 'go-incident':
      return showIncident(command.incident)
    case 'go-unit':
      return showUnit(command.unit)
    case 'go-parish':
      view.shown = { parish: command.code }
      return
    case 'open':
      if (command.what === 'call') view.newCall()
      else if (command.what === 'units') view.left = 'units'
      else [view.left, view.tab] = ['queue', 'quarantine']
  }
}

export function showIncident(id: number): void {
  view.select(id)
  const location = room.room.incidents.get(id)?.location
  if (location?.lat != null && location.lon != null) view.shown = { lat: location.lat, lon: location.lon }
}

export function showUnit(unit: string): void {
  view.unit = unit
  const position = room.positions.latest.get(unit)
  if (position) view.shown = { lat: position.lat, lon: position.lon }
}
