/** Two incidents that may be one: which goes into which, and what a person has already said about it. */

import type { Incident, Similar } from './wire'

export const pair = (a: number, b: number): string => (a < b ? `${a}-${b}` : `${b}-${a}`)

/** The likeliest that is still open and that nobody has dismissed here. */
export function suggestion(
  incident: Incident,
  open: ReadonlyMap<number, Incident>,
  dismissed: ReadonlySet<string>,
): (Similar & { other: Incident }) | null {
  let best: (Similar & { other: Incident }) | null = null
  for (const similar of incident.similar ?? []) {
    const other = open.get(similar.incident_id)
    if (other === undefined || dismissed.has(pair(incident.id, other.id))) continue
    if (best === null || similar.score > best.score) best = { ...similar, other }
  }
  return best
}

/** The one that stays is the one with crews on their way, else the older: joining closes the other and frees its crews. */
export function direction(a: Incident, b: Incident): { source: Incident; into: Incident } {
  const [older, newer] = a.id < b.id ? [a, b] : [b, a]
  return newer.assignments.length > older.assignments.length ? { source: older, into: newer } : { source: newer, into: older }
}
