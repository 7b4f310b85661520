/** Sentences made of what the service says: a place, a reason, an event. Pure; texts of citizens stay plain text. */

import { differences } from '../lib/conflict'
import { visible } from '../lib/visible'
import { age, elapsed, type Language, metres, number, percent, wallClock } from '../lib/time'
import type { Certainty, City, Incident, Interval, JournalEvent, Location, RankedUnit, Reason, Similar, Travel, Unit } from '../lib/wire'
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
  return incident.nature === null && incident.text ? `«${visible(incident.text)}»` : natureOf(incident, teller)
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
  const told = unit.reasons.map((reason) => reasonText(reason, teller)).filter((text) => text !== null)
  const said = unit.reasons.some(({ code }) => code === 'costs_coverage')
  return said || unit.coverage_lost == null ? told : [...told, coverageText(unit.coverage_lost, teller)]
}

/** What is lost while it is away; less than one call in twenty days is nothing that a person should weigh. */
function coverageText(lost: number, { w, language }: Teller): string {
  return lost < 0.05 ? w.reason.covered : w.reason.uncovered(number(lost, language, 1))
}

/** How the arrival times were made; where that isn't what was wanted, why. */
export function travelText(travel: Travel, { w }: Teller): string {
  const { card } = w
  const made = card.travel[travel.source] ?? travel.source
  if (!travel.fallback) return made
  const { wanted, because } = travel.fallback
  return card.travelFallback(card.travelWanted[wanted] ?? wanted, card.travelBecause[because] ?? because, made)
}

/** From how much of where the caller may be the same units would be sent. */
const SURE = 0.9
export const choiceHolds = (certainty: Certainty): boolean => certainty.same_choice >= SURE

export function certaintyText(certainty: Certainty, { w, language }: Teller): string {
  if (choiceHolds(certainty)) return w.card.sameChoice(percent(certainty.same_choice, language))
  const others = certainty.others.slice(0, 2).map(({ unit_ids, probability }) => w.card.otherUnits(percent(probability, language), unit_ids.join(' ')))
  return w.card.otherChoice(others.length > 0 ? others.join(', ') : percent(1 - certainty.same_choice, language))
}

function reasonText(reason: Reason, teller: Teller): string | null {
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
    case 'preemptable':
      return words.preemptable(reason.incident_id ?? 0, reason.priority ?? 0)
    case 'shift_ending':
      return words.shift_ending(number(reason.minutes ?? 0, teller.language))
    case 'silent':
      return reason.since ? words.silent(clock(reason.since, teller)) : null
    case 'keeps_coverage':
      return words.keeps_coverage
    case 'costs_coverage':
      return words.costs_coverage(coverageText(reason.lost ?? 0, teller))
    case 'off_road':
      return words.off_road(metres(reason.metres ?? 0, teller.language))
    case 'not_nearest':
      return words.not_nearest(reason.nearer ?? '?', words.because[reason.because ?? ''] ?? '…')
    default:
      return null
  }
}

const clock = (at: string, { city }: Teller): string => wallClock(Date.parse(at), city?.timezone ?? 'UTC').slice(0, 5)

/** What is true now after someone was faster, a sentence each. */
export function lostText(lost: { incident: Incident | null; units: readonly Unit[]; seen: Incident | undefined }, { w }: Teller): string[] {
  const { card } = w
  const units = lost.units.map((unit) => card.lostUnit(unit.id, w.status[unit.status], unit.incident_id === null ? '' : card.lostOn(unit.incident_id)))
  if (lost.incident?.status === 'closed') return [...units, card.lostClosed]
  if (!lost.incident || !lost.seen) return units
  const [seen, now] = [lost.seen, lost.incident]
  const changed = differences(seen, now).map((what) => {
    const name = w.event.fields[what] ?? what
    if (what === 'priority' || what === 'alarm') return `${name} ${seen[what]} → ${now[what]}`
    return what === 'assignments' ? `${name} ${now.assignments.map(({ unit_id }) => unit_id).join(' ') || '–'}` : name
  })
  return changed.length > 0 ? [...units, card.lostChanged(changed.join(', '))] : units
}

/** When it happened: what a crew says late happened when it says. */
export function momentOf(event: JournalEvent): number {
  const said = event.kind === 'unit_status_late' ? Date.parse(String(event.data['said_at'])) : NaN
  return Number.isNaN(said) ? Date.parse(event.at) : said
}

export function closeReason(code: unknown, { w }: Teller): string {
  return w.closeReasons[String(code)] ?? String(code)
}

/** One line of the timeline. */
export function eventText(event: JournalEvent, teller: Teller): string {
  const { w } = teller
  const data = event.data
  const text = (key: string): string => (data[key] == null ? '' : visible(String(data[key])))
  switch (event.kind) {
    case 'call_taken':
    case 'call_joined':
      return (
        w.event[event.kind](w.channel[text('channel')] ?? text('channel'), data['number_masked'] ? `, ${text('number_masked')}` : '') +
        (data['continues'] == null ? '' : w.event.continues(text('continues')))
      )
    case 'location_changed':
      return locationText(data['before_m'], data['after_m'], teller)
    case 'incident_changed':
      if (data['from'] != null) return w.event.joined_here(text('from'), likely(data['likeness'], teller))
      if (data['to'] != null) return w.event.parted_from_here(text('to'))
      return w.event.incident_changed(changes(data['changed'], teller))
    case 'incident_closed':
      return w.event.incident_closed(closeReason(data['reason'], teller))
    case 'incident_linked':
      return w.event.incident_linked(text('into'), likely(data['likeness'], teller))
    case 'note_added':
      return w.event.note_added(text('text'))
    case 'unit_assigned':
      return w.event.unit_assigned(Array.isArray(data['unit_ids']) ? data['unit_ids'].join(', ') : '')
    case 'unit_released': {
      const reason = releaseReason(text('reason'), w)
      return w.event.unit_released(text('unit_id'), reason ? `: ${reason}` : '')
    }
    case 'unit_added':
    case 'unit_removed':
    case 'unit_silent':
    case 'unit_heard':
      return w.event[event.kind](unitOf(event))
    case 'unit_changed': {
      const what = changes(data['changed'], teller)
      return w.event.unit_changed(unitOf(event), what ? `: ${what}` : '')
    }
    case 'unit_preempted':
      return w.event.unit_preempted(unitOf(event), text('into'))
    case 'incident_overdue': {
      const interval = w.interval[text('interval') as Interval]?.toLowerCase() ?? text('interval')
      const told = data['over'] === false ? w.event.incident_in_time : w.event.incident_overdue
      return told(interval, data['unit_id'] == null ? '' : `, ${text('unit_id')}`, elapsed(Number(data['target_s'] ?? 0) * 1000))
    }
    case 'incident_reopened':
      return w.event.incident_reopened
    case 'call_split':
      return data['to'] == null ? w.event.call_split_from(text('from')) : w.event.call_split_to(text('to'))
    case 'incident_unlinked':
      return w.event.incident_unlinked(text('from'))
    case 'likeness_found': {
      const others = (Array.isArray(data['similar']) ? (data['similar'] as Similar[]) : []).map(({ incident_id, score }) => `${incident_id} (${percent(score, teller.language)})`)
      return others.length > 0 ? w.event.likeness_found(others.join(', ')) : w.event.likeness_gone
    }
    case 'unit_status_changed':
      return w.event.unit_status_changed(text('unit_id'), w.status[text('to') as keyof Words['status']] ?? text('to'))
    case 'unit_status_late':
      return w.event.unit_status_late(text('unit_id'), w.status[text('status') as keyof Words['status']] ?? text('status'), clock(event.at, teller))
    default:
      return event.kind.replaceAll('_', ' ')
  }
}

const likely = (likeness: unknown, { w, language }: Teller): string =>
  typeof likeness === 'number' ? w.event.likely(percent(likeness, language)) : ''

/** The service's own reasons, some of which name what it was for; a person's reason stays as it was written. */
function releaseReason(reason: string, w: Words): string {
  for (const [begins, told] of Object.entries(w.event.releaseFor)) if (reason.startsWith(`${begins} `)) return told(reason.slice(begins.length + 1))
  return w.event.releaseReasons[reason] ?? reason
}

function unitOf(event: JournalEvent): string {
  return event.data['unit_id'] == null ? event.units.map(({ id }) => id).join(', ') : String(event.data['unit_id'])
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

/** Everything a queue row's reader should hear; not by how much it is overdue, which would be said anew each second. */
/** `similar`: the incident that this one is perhaps the same as. */
export function rowLabel(incident: Incident, similar: number | null, teller: Teller): string {
  const { w } = teller
  const overdue = (incident.overdue ?? []).length > 0 ? [w.card.overdue] : []
  const asked = similar === null ? [] : [w.queue.similar(similar)]
  return [w.queue.priority(incident.priority), titleOf(incident, teller), placeOf(incident.location, teller), ...overdue, ...asked, incident.id].join(', ')
}
