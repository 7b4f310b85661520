/** A lost race: what is true now, and whether it bears on what was about to be done. */

import type { Incident, Problem, Unit } from './wire'

export type Difference = 'status' | 'priority' | 'nature' | 'text' | 'location' | 'alarm' | 'assignments'

export interface LostRace {
  incident: Incident | null
  units: Unit[]
}

export function lostRace(problem: Problem | null): LostRace {
  const units = problem?.units ?? (problem?.unit ? [problem.unit] : [])
  return { incident: problem?.incident ?? null, units }
}

/** What a person would want to know before doing it again. One call more, or a timer that ran out, is not of that kind:
 * in a burst of calls nobody could act otherwise. */
export function differences(before: Incident, now: Incident): Difference[] {
  const names = (incident: Incident): string => incident.assignments.map((assignment) => assignment.unit_id).sort().join()
  const place = ({ location }: Incident): string => [location.lat, location.lon, location.status].join()
  const changed: [Difference, boolean][] = [
    ['status', before.status !== now.status],
    ['priority', before.priority !== now.priority],
    ['nature', before.nature !== now.nature],
    ['text', before.text !== now.text],
    ['location', place(before) !== place(now)],
    ['alarm', before.alarm !== now.alarm],
    ['assignments', names(before) !== names(now)],
  ]
  return changed.filter(([, is]) => is).map(([what]) => what)
}
