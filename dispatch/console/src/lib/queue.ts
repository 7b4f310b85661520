/** The order of the queue: first what needs a person, in it the most urgent, among equals the one that waits longest. */

import type { Incident, IncidentStatus } from './wire'

export type Section = { status: Exclude<IncidentStatus, 'closed'>; incidents: Incident[] }

const ORDER: Section['status'][] = ['waiting', 'dispatched', 'attended']

export function sections(incidents: Iterable<Incident>): Section[] {
  const all = [...incidents]
  return ORDER.map((status) => ({
    status,
    incidents: all.filter((incident) => incident.status === status).sort(byUrgency),
  })).filter((section) => section.incidents.length > 0)
}

function byUrgency(a: Incident, b: Incident): number {
  return a.priority - b.priority || waitingSince(a) - waitingSince(b) || a.id - b.id
}

export function mine(incident: Incident, name: string): boolean {
  return incident.assignments.some((assignment) => assignment.assigned_by === name)
}

/** The one `by` steps after `from` in the queue as shown; the first or last where `from` isn't in it. */
export function neighbour(ids: readonly number[], from: number | null, by: 1 | -1): number | null {
  const at = from === null ? -1 : ids.indexOf(from)
  if (at === -1) return (by === 1 ? ids[0] : ids.at(-1)) ?? null
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))] ?? null
}

/** When the caller began to wait, in ms: each reopening begins anew. */
export function waitingSince(incident: Pick<Incident, 'opened_at' | 'reopened'>): number {
  return Date.parse(incident.reopened?.at(-1) ?? incident.opened_at)
}
