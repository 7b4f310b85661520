/** The service over HTTP. Every refusal is a `Refused` that carries the problem document. */

import type {
  City,
  CoverageView,
  Grouping,
  Incident,
  IncidentDetail,
  IntervalRow,
  Me,
  ParishCollection,
  Problem,
  QuarantinePage,
  Recommendation,
  RelatedCalls,
  Unit,
  UnitStatus,
  UnitTrail,
} from './wire'

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
  alarm?: number
}

/** The incident's version as the dispatcher saw it; undefined where it wasn't on the screen. */
export type Version = number | undefined
/** From which incident each unit is taken: what a person has confirmed. */
export type Preempt = Record<string, number> | undefined

const of = (id: number): string => `/v1/incidents/${id}`
const part = (id: string): string => encodeURIComponent(id)

function query(asked: Record<string, string | number | undefined>): string {
  const given = Object.entries(asked).filter((pair): pair is [string, string | number] => pair[1] !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

export const api = {
  session: () => ask<Me>('GET', '/v1/session'),
  signIn: (proof: { code: string } | { key: string }) => ask<Me>('POST', '/v1/session', proof),
  signOut: () => ask<null>('DELETE', '/v1/session'),
  city: () => ask<City>('GET', '/v1/city'),
  parishes: () => ask<ParishCollection>('GET', '/v1/parishes'),
  takeCall: (call: NewCall) => ask<{ incident_id: number; joined: boolean }>('POST', '/v1/calls', call),
  incident: (id: number) => ask<IncidentDetail>('GET', of(id)),
  recommendation: (id: number, more: { alarm?: number; instead_of?: string } = {}) =>
    ask<Recommendation>('GET', `${of(id)}/recommendation${query(more)}`),
  assign: (id: number, unit_ids: string[], version: Version, preempt: Preempt) =>
    ask<Incident>('POST', `${of(id)}/assignments`, { unit_ids, version, preempt }),
  swap: (id: number, release: string, assign: string, version: Version, preempt: Preempt) =>
    ask<Incident>('POST', `${of(id)}/swap`, { release, assign, version, preempt }),
  release: (id: number, unit_id: string) => ask<Incident>('DELETE', `${of(id)}/assignments/${part(unit_id)}`),
  change: (id: number, change: Change, version: Version) => ask<Incident>('PATCH', of(id), { ...change, version }),
  close: (id: number, reason: string, version: Version) => ask<Incident>('POST', `${of(id)}/close`, { reason, version }),
  related: (id: number) => ask<RelatedCalls>('GET', `${of(id)}/related`),
  reopen: (id: number, version: number, join?: number) => ask<Incident>('POST', `${of(id)}/reopen`, { version, join }),
  note: (id: number, text: string) => ask<unknown>('POST', `${of(id)}/notes`, { text }),
  link: (id: number, into: number, version: Version) => ask<Incident>('POST', `${of(id)}/link`, { into, version }),
  unlink: (id: number) => ask<Incident>('POST', `${of(id)}/unlink`),
  split: (id: number, call_id: string, version: Version) =>
    ask<Incident>('POST', `${of(id)}/calls/${part(call_id)}/split${query({ version })}`),
  setStatus: (unit_id: string, status: UnitStatus) => ask<Unit>('POST', `/v1/units/${part(unit_id)}/status`, { status }),
  trail: (unit_id: string, span: { from: string; to: string; limit: number; cursor?: string | number }) =>
    ask<UnitTrail>('GET', `/v1/units/${part(unit_id)}/trail${query(span)}`),
  intervals: (asked: { from: string; to: string; by: Grouping }) =>
    ask<{ items: IntervalRow[] }>('GET', `/v1/intervals${query(asked)}`),
  coverage: () => ask<CoverageView>('GET', '/v1/coverage'),
  quarantine: (cursor?: number) => ask<QuarantinePage>('GET', `/v1/quarantine${query({ cursor })}`),
  handled: (id: number) => ask<unknown>('POST', `/v1/quarantine/${id}/handled`),
}
