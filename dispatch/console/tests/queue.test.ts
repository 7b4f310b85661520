import { describe, expect, it } from 'vitest'
import { backoffMs } from '../src/lib/live'
import { neighbour, sections } from '../src/lib/queue'
import { STEPS } from '../src/lib/steps'
import type { Incident } from '../src/lib/wire'
import { en } from '../src/words/en'
import { es } from '../src/words/es'
import { eventText, placeOf, type Teller } from '../src/words/tell'

const incident = (id: number, priority: number, opened_at: string, status: Incident['status'] = 'waiting'): Incident =>
  ({ id, priority, opened_at, status, assignments: [] }) as unknown as Incident
const teller: Teller = { w: es, language: 'es', city: null }

describe('the queue', () => {
  it('puts first what waits, then the urgent, then the oldest', () => {
    const order = sections([
      incident(1, 1, '2026-11-23T21:00:00Z', 'attended'),
      incident(2, 3, '2026-11-23T21:00:00Z'),
      incident(3, 1, '2026-11-23T21:05:00Z'),
      incident(4, 1, '2026-11-23T21:04:00Z'),
      incident(5, 2, '2026-11-23T20:00:00Z', 'dispatched'),
    ])
    expect(order.flatMap((section) => section.incidents.map(({ id }) => id))).toEqual([4, 3, 2, 5, 1])
  })
  it('is walked without falling off its ends', () => {
    expect(neighbour([7, 8, 9], null, 1)).toBe(7)
    expect(neighbour([7, 8, 9], 8, 1)).toBe(9)
    expect(neighbour([7, 8, 9], 9, 1)).toBe(9)
    expect(neighbour([7, 8, 9], 4, -1)).toBe(9)
    expect(neighbour([], 4, 1)).toBeNull()
  })
})

describe('coming back', () => {
  it('waits longer each time, never beyond 15 s, never all at once', () => {
    expect(backoffMs(1, 0)).toBe(250)
    expect(backoffMs(1, 1)).toBe(500)
    expect(backoffMs(4, 1)).toBe(4000)
    expect(backoffMs(99, 1)).toBe(15_000)
    expect(backoffMs(99, 0)).toBe(7500)
  })
})

describe('words', () => {
  const keys = (thing: object): string[] =>
    Object.entries(thing).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null ? keys(value).map((inner) => `${key}.${inner}`) : [key],
    )
  it('are the same ones in both languages', () => expect(keys(en).sort()).toEqual(keys(es).sort()))
  it('exist for every step', () => {
    for (const step of Object.values(STEPS).flat()) expect(es.step[step]).not.toBe('')
  })
  it('tell a place by what is known of it', () => {
    const place = { status: 'ambiguous', candidates: [{ code: '1', name: 'Itchimbía', probability: 0.58 }, { code: '2', name: 'Mariscal Sucre', probability: 0.39 }] }
    expect(placeOf(place as unknown as Incident['location'], teller)).toBe('Itchimbía 58\u00a0% · Mariscal Sucre 39\u00a0%')
  })
  it('keep a note as it was written', () => {
    const event = { seq: 1, kind: 'note_added', at: '', actor: '', incident: null, units: [], quarantine: null, data: { text: '<b>x</b>' } }
    expect(eventText(event, teller)).toBe('Nota: <b>x</b>')
  })
})
