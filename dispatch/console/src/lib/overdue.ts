/** What has outlasted its target, and by how much: it counts up with the clock, the service only says that it began. */

import type { Incident, Overdue } from './wire'

export interface Late extends Overdue {
  over_ms: number
}

/** Worst first. */
export function late(incident: Pick<Incident, 'overdue'>, now_ms: number): Late[] {
  return (incident.overdue ?? [])
    .map((overdue) => ({ ...overdue, over_ms: Math.max(0, now_ms - Date.parse(overdue.since) - overdue.target_s * 1000) }))
    .sort((a, b) => b.over_ms - a.over_ms)
}
