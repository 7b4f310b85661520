/** Units that are picked for one emergency while they are on another: from where each would be taken. */

import type { Incident, Unit } from './wire'

export interface Taking {
  unit_id: string
  /** The incident that loses it. */
  from: number
}

export function takings(ids: readonly string[], units: ReadonlyMap<string, Unit>, into: number): Taking[] {
  return ids.flatMap((unit_id) => {
    const from = units.get(unit_id)?.incident_id ?? null
    return from === null || from === into ? [] : [{ unit_id, from }]
  })
}

/** Why the service will not take it: a crew that is there is not taken away, nor one on what is no less urgent. */
export function refusal(taking: Taking, units: ReadonlyMap<string, Unit>, incidents: ReadonlyMap<number, Incident>, into: number): 'arrived' | 'urgent' | null {
  const status = units.get(taking.unit_id)?.status
  if (status !== 'dispatched' && status !== 'en_route') return 'arrived'
  const [left, wanted] = [incidents.get(taking.from), incidents.get(into)]
  return left && wanted && left.priority <= wanted.priority ? 'urgent' : null
}

/** The form in which a person's confirmation goes to the service; undefined where there is nothing to confirm. */
export function confirmation(takings: readonly Taking[]): Record<string, number> | undefined {
  return takings.length === 0 ? undefined : Object.fromEntries(takings.map(({ unit_id, from }) => [unit_id, from]))
}

/** Who stays there when these have gone. */
export function remaining(incident: Incident, takings: readonly Taking[]): string[] {
  const gone = new Set(takings.filter(({ from }) => from === incident.id).map(({ unit_id }) => unit_id))
  return incident.assignments.map(({ unit_id }) => unit_id).filter((id) => !gone.has(id))
}
