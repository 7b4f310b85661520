/** Sentences made of what the service says: a place, a reason, an event. Pure; texts of citizens stay plain text. */

import type { City, Incident, JournalEvent, Location, RankedUnit, Reason } from '../lib/wire'
import { age, type Language, metres, percent } from '../lib/time'
import type { Words } from './es'

export interface Teller {
  w: Words
  language: Language
  city: City | null
}

const named = (things: readonly { code: string; es: string; en: string }[] | undefined, code: unknown, { language }: Teller): string =>
  things?.find((thing) => thing.code === code)?.[language] ?? String(code)

export function natureOf(incident: { nature: string | null; text: string | null }, teller: Teller): string {
  return incident.nature === null ? teller.w.queue.unclassified : named(teller.city?.natures, incident.nature, teller)
}

/** What a row is called: its nature, or until a person has given it one, the caller's own words. */
export function titleOf(incident: Incident, teller: Teller): string {
  return incident.nature === null && incident.text ? `«${incident.text}»` : natureOf(incident, teller)
}

export function capability(code: string, { w }: Teller): string {
  return w.capability[code] ?? code.replaceAll('_', ' ')
}

/** Short, for a row: the parish, the two most probable with their shares, or how far outside. */
export function placeOf(location: Location, { w, language }: Teller): string {
  switch (location.status) {
    case 'unlocated':
      return w.where.unlocated
    case 'outside':
      return location.nearest
        ? w.where.outsideBy(metres(location.nearest.distance_m, language), location.nearest.name)
        : w.where.outside
    case 'located':
      return location.parish?.name ?? location.candidates[0]?.name ?? ''
    case 'ambiguous':
      return location.candidates
        .slice(0, 2)
        .map(({ name, probability }) => `${name} ${percent(probability, language)}`)
        .join(' · ')
  }
}

/** Why this unit, in the order in which it matters: what it fills, then what speaks against it. */
export function reasonsOf(unit: RankedUnit, teller: Teller): string[] {
  return unit.reasons.map((reason) => reasonText(reason, teller)).filter((text) => text !== null)
}

function reasonText(reason: Reason & { lacks?: string[] }, teller: Teller): string | null {
  const words = teller.w.reason
  switch (reason.code) {
    case 'nearest':
      return words.nearest
    case 'capable':
      return reason.capability ? words.capable(capability(reason.capability, teller)) : null
    case 'not_capable':
      return words.not_capable([reason.capability, ...(reason.lacks ?? [])].filter((c) => c !== undefined).map((c) => capability(c, teller)).join(', '))
    case 'stale_position':
      return words.stale_position(age((reason.age_s ?? 0) * 1000))
    case 'at_station':
      return words.at_station
    case 'returning':
      return words.returning
    case 'not_nearest':
      return words.not_nearest(reason.nearer ?? '?', words.because[reason.because ?? ''] ?? '…')
    default:
      return null
  }
}

export function closeReason(code: unknown, { w }: Teller): string {
  return w.closeReasons[String(code)] ?? String(code)
}

/** One line of the timeline. */
export function eventText(event: JournalEvent, teller: Teller): string {
  const { w } = teller
  const data = event.data
  const text = (key: string): string => (data[key] == null ? '' : String(data[key]))
  switch (event.kind) {
    case 'call_taken':
    case 'call_joined':
      return w.event[event.kind](w.channel[text('channel')] ?? text('channel'), data['number_masked'] ? `, ${text('number_masked')}` : '')
    case 'location_changed':
      return locationText(data['before_m'], data['after_m'], teller)
    case 'incident_changed':
      return w.event.incident_changed(changes(data['changed'], teller))
    case 'incident_closed':
      return w.event.incident_closed(closeReason(data['reason'], teller))
    case 'incident_linked':
      return w.event.incident_linked(text('into'))
    case 'note_added':
      return w.event.note_added(text('text'))
    case 'unit_assigned':
      return w.event.unit_assigned(Array.isArray(data['unit_ids']) ? data['unit_ids'].join(', ') : '')
    case 'unit_released': {
      const reason = w.event.releaseReasons[text('reason')] ?? text('reason')
      return w.event.unit_released(text('unit_id'), reason ? `: ${reason}` : '')
    }
    case 'unit_status_changed':
      return w.event.unit_status_changed(text('unit_id'), w.status[text('to') as keyof Words['status']] ?? text('to'))
    default:
      return event.kind.replaceAll('_', ' ')
  }
}

function locationText(before: unknown, after: unknown, { w, language }: Teller): string {
  if (typeof before !== 'number' || typeof after !== 'number' || after >= before) return w.event.location_changed
  return w.event.location_better(metres(after, language), metres(before, language))
}

function changes(changed: unknown, teller: Teller): string {
  if (typeof changed !== 'object' || changed === null) return ''
  return Object.entries(changed)
    .map(([field, pair]) => {
      const name = teller.w.event.fields[field] ?? field
      const [from, to] = Array.isArray(pair) ? pair : [null, null]
      if (field === 'nature') return `${name}: ${named(teller.city?.natures, to, teller)}`
      const simple = (value: unknown): boolean => typeof value === 'number' || typeof value === 'string'
      return field !== 'text' && simple(from) && simple(to) ? `${name} ${String(from)} → ${String(to)}` : name
    })
    .join(', ')
}

/** Everything a queue row's reader should hear. */
export function rowLabel(incident: Incident, teller: Teller): string {
  return `${teller.w.queue.priority(incident.priority)}, ${titleOf(incident, teller)}, ${placeOf(incident.location, teller)}, ${incident.id}`
}
