/** Two incidents that may be one: which goes into which, and what a person has already said about it. */

import type { Incident } from './wire'

export const pair = (a: number, b: number): string => (a < b ? `${a}-${b}` : `${b}-${a}`)

export interface Suggestion {
  other: Incident
  /** 0-1 */
  score: number
}

/** The likeliest that is still open and that nobody has dismissed here; whichever of the two it was found on. */
export function suggestion(incident: Incident, open: ReadonlyMap<number, Incident>, dismissed: ReadonlySet<string>): Suggestion | null {
  let best: Suggestion | null = null
  const consider = (other: Incident | undefined, score: number): void => {
    if (other === undefined || other.id === incident.id || dismissed.has(pair(incident.id, other.id))) return
    if (best === null || score > best.score) best = { other, score }
  }
  for (const { incident_id, score } of incident.similar) consider(open.get(incident_id), score)
  for (const other of open.values()) for (const { incident_id, score } of other.similar) if (incident_id === incident.id) consider(other, score)
  return best
}

/** The same of what was found on this incident itself, for its row in the queue: nothing is asked of all the others. */
export function suggestedHere(incident: Incident, open: ReadonlyMap<number, Incident>, dismissed: ReadonlySet<string>): number | null {
  const found = (incident.similar ?? []).find(({ incident_id }) => open.has(incident_id) && !dismissed.has(pair(incident.id, incident_id)))
  return found?.incident_id ?? null
}

/** The one that stays is the one with crews on their way, else the older: joining closes the other and frees its crews. */
export function direction(a: Incident, b: Incident): { source: Incident; into: Incident } {
  const [older, newer] = a.id < b.id ? [a, b] : [b, a]
  return newer.assignments.length > older.assignments.length ? { source: older, into: newer } : { source: newer, into: older }
}
