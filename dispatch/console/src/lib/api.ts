/** The service over HTTP. Every refusal is a `Refused` that carries the problem document. */

import type { City, IncidentDetail, Incident, Me, ParishCollection, Problem, Recommendation, Unit, UnitStatus } from './wire'

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
  ) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`)
  }
}

/** The service could not be reached at all. */
export class Unreachable extends Error {}

async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const init: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } }
  if (body !== undefined) {
    init.headers = { accept: 'application/json', 'content-type': 'application/json' }
    init.body = JSON.stringify(body)
  }
  let answer: Response
  try {
    answer = await fetch(path, init)
  } catch (cause) {
    throw new Unreachable(path, { cause })
  }
  if (!answer.ok) throw new Refused(answer.status, await problemOf(answer))
  return (answer.status === 204 ? null : await answer.json()) as Answer
}

async function problemOf(answer: Response): Promise<Problem | null> {
  try {
    return (await answer.json()) as Problem
  } catch {
    return null
  }
}

export interface NewCall {
  id: string
  channel: 'voice'
  caller: { number: string | null; name: string | null }
  nature: string | null
  text: string | null
  fixes: ({ source: 'manual'; at: string } & ({ lat: number; lon: number; radius_m: number; confidence: number } | { parish_code: string }))[]
}

export interface Change {
  priority?: number
  nature?: string
  text?: string
  location?: { lat: number; lon: number; radius_m: number }
  version?: number
}

const of = (id: number): string => `/v1/incidents/${id}`
const unit = (id: string): string => encodeURIComponent(id)

export const api = {
  session: () => ask<Me>('GET', '/v1/session'),
  signIn: (proof: { code: string } | { key: string }) => ask<Me>('POST', '/v1/session', proof),
  signOut: () => ask<null>('DELETE', '/v1/session'),
  city: () => ask<City>('GET', '/v1/city'),
  parishes: () => ask<ParishCollection>('GET', '/v1/parishes'),
  takeCall: (call: NewCall) => ask<{ incident_id: number; joined: boolean }>('POST', '/v1/calls', call),
  incident: (id: number) => ask<IncidentDetail>('GET', of(id)),
  recommendation: (id: number) => ask<Recommendation>('GET', `${of(id)}/recommendation`),
  assign: (id: number, unit_ids: string[]) => ask<Incident>('POST', `${of(id)}/assignments`, { unit_ids }),
  release: (id: number, unit_id: string) => ask<Incident>('DELETE', `${of(id)}/assignments/${unit(unit_id)}`),
  change: (id: number, change: Change) => ask<Incident>('PATCH', of(id), change),
  close: (id: number, reason: string) => ask<Incident>('POST', `${of(id)}/close`, { reason }),
  note: (id: number, text: string) => ask<unknown>('POST', `${of(id)}/notes`, { text }),
  link: (id: number, into: number) => ask<Incident>('POST', `${of(id)}/link`, { into }),
  setStatus: (unit_id: string, status: UnitStatus) => ask<Unit>('POST', `/v1/units/${unit(unit_id)}/status`, { status }),
  handled: (id: number) => ask<unknown>('POST', `/v1/quarantine/${id}/handled`),
}
