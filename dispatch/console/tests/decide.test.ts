import { describe, expect, it } from 'vitest'
import { differences, lostRace } from '../src/lib/conflict'
import { confirmation, refusal, remaining, takings } from '../src/lib/preempt'
import { direction, pair, suggestedHere, suggestion } from '../src/lib/similar'
import type { Incident, Unit, UnitStatus } from '../src/lib/wire'

const incident = (id: number, more: Partial<Incident> = {}): Incident =>
  ({
    id, status: 'waiting', priority: 2, nature: 'fall', text: null, opened_at: '2026-11-23T21:00:00Z', calls: 1, channels: ['voice'],
    location: { status: 'located', lat: -0.2, lon: -78.5 }, assignments: [], version: 1, alarm: 1, overdue: [], similar: [], ...more,
  }) as unknown as Incident
const on = (...units: string[]): Pick<Incident, 'assignments'> => ({ assignments: units.map((unit_id) => ({ unit_id })) as Incident['assignments'] })
const unit = (id: string, incident_id: number | null, status: UnitStatus = 'en_route'): [string, Unit] => [id, { id, incident_id, status } as Unit]
const fleet = new Map([unit('A1', 7), unit('A2', null, 'available'), unit('A3', 7, 'on_scene'), unit('A4', 9)])

describe('taking from another emergency', () => {
  it('is seen before it is done, and only there', () => {
    expect(takings(['A1', 'A2'], fleet, 9)).toEqual([{ unit_id: 'A1', from: 7 }])
    expect(takings(['A2', 'A4'], fleet, 9)).toEqual([])
    expect(takings(['nobody'], fleet, 9)).toEqual([])
  })
  it('sends from where each is taken, and nothing where nothing is', () => {
    expect(confirmation([{ unit_id: 'A1', from: 7 }])).toEqual({ A1: 7 })
    expect(confirmation([])).toBeUndefined()
  })
  it('says who stays', () => {
    const left = incident(7, on('A1', 'A3'))
    expect(remaining(left, [{ unit_id: 'A1', from: 7 }, { unit_id: 'A3', from: 8 }])).toEqual(['A3'])
  })
  it.each([
    ['A1', 1, 3, null],
    ['A1', 3, 3, 'urgent'],
    ['A1', 4, 3, 'urgent'],
    ['A3', 1, 3, 'arrived'],
  ] as const)('of %s for priority %i from priority %i is refused as %s', (id, wanted, held, why) => {
    const room = new Map([[7, incident(7, { priority: held })], [9, incident(9, { priority: wanted })]])
    expect(refusal({ unit_id: id, from: 7 }, fleet, room, 9)).toBe(why)
  })
})

describe('a lost race', () => {
  it('matters where it changes what a person decided on', () => {
    const seen = incident(1, on('A1'))
    expect(differences(seen, incident(1, { ...on('A1'), priority: 1, alarm: 2 }))).toEqual(['priority', 'alarm'])
    expect(differences(seen, incident(1, on('A2')))).toEqual(['assignments'])
    expect(differences(seen, incident(1, { ...on('A1'), location: { status: 'located', lat: -0.21, lon: -78.5 } as Incident['location'] }))).toEqual(['location'])
  })
  it('does not for one call more or a timer that ran out, or nobody could act in a burst of calls', () => {
    const after = incident(1, { calls: 9, channels: ['voice', 'sms'], version: 8, similar: [{ incident_id: 2, score: 0.7 }], overdue: [{ interval: 'process', since: '', target_s: 60, unit_id: null }] })
    expect(differences(incident(1), after)).toEqual([])
  })
  it('is told of by one unit or by several', () => {
    const one = fleet.get('A1') as Unit
    const problem = { type: '', title: '', status: 409 }
    expect(lostRace({ ...problem, unit: one }).units).toEqual([one])
    expect(lostRace({ ...problem, units: [one, one] }).units).toHaveLength(2)
    expect(lostRace(null)).toEqual({ incident: null, units: [] })
  })
})

describe('the same incident?', () => {
  const open = new Map([[1, incident(1)], [2, incident(2)], [3, incident(3)]])
  const similar = (...pairs: [number, number][]): Incident => incident(3, { similar: pairs.map(([incident_id, score]) => ({ incident_id, score })) })

  it('asks about the likeliest that is still open', () => {
    expect(suggestion(similar([1, 0.6], [2, 0.8], [99, 0.95]), open, new Set())?.other.id).toBe(2)
  })
  it('asks on either card', () => {
    const both = new Map([...open, [3, similar([1, 0.6])]])
    expect(suggestion(incident(1), both, new Set())).toMatchObject({ other: { id: 3 }, score: 0.6 })
  })
  it('asks no more what was answered, from whichever of the two', () => {
    expect(suggestion(similar([2, 0.8]), open, new Set([pair(2, 3)]))).toBeNull()
    expect(pair(3, 2)).toBe(pair(2, 3))
  })
  it('is told in the queue on the row it was found on', () => {
    expect(suggestedHere(similar([99, 0.95], [2, 0.8]), open, new Set())).toBe(2)
    expect(suggestedHere(similar([2, 0.8]), open, new Set([pair(2, 3)]))).toBeNull()
    expect(suggestedHere(incident(1), open, new Set())).toBeNull()
  })
  it('keeps the one with crews on their way, else the older', () => {
    expect(direction(incident(3), incident(1)).into.id).toBe(1)
    expect(direction(incident(3, on('A1')), incident(1)).into.id).toBe(3)
    expect(direction(incident(3, on('A1')), incident(1, on('A2'))).source.id).toBe(3)
  })
})
