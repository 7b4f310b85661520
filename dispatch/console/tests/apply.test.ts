import { describe, expect, it } from 'vitest'
import { apply, EMPTY, fromSnapshot, type Room } from '../src/lib/apply'
import type { Incident, JournalEvent, QuarantineItem, Unit } from '../src/lib/wire'

const incident = (id: number, more: Partial<Incident> = {}): Incident => ({
  id, status: 'waiting', priority: 2, nature: null, text: null, opened_at: '2026-11-23T21:00:00Z',
  location: { status: 'unlocated', lat: null, lon: null, radius_m: null, confidence: null, source: null, at: null, parish: null, candidates: [], nearest: null, contradicted: [] },
  calls: 1, channels: ['voice'], assignments: [], closed_at: null, close_reason: null, linked_to: null, version: 1,
  alarm: 1, overdue: [], similar: [], ...more,
})
const unit = (id: string, more: Partial<Unit> = {}): Unit => ({
  id, agency: 'PN', kind: 'patrol_car', capabilities: ['patrol'], station: null, status: 'available',
  since: '2026-11-23T21:00:00Z', incident_id: null, version: 1, crew: [], shift: null, silent_since: null, removed_at: null, ...more,
})
const item = (id: number, handled_at: string | null = null): QuarantineItem => ({
  id, at: '2026-11-23T21:00:00Z', door: 'calls', problem: 'not JSON', excerpt: '{', size: 1, handled_at, handled_by: null,
})
const event = (seq: number, more: Partial<JournalEvent> = {}): JournalEvent => ({
  seq, kind: 'call_taken', at: '2026-11-23T21:00:00Z', actor: 'test', incident: null, units: [], quarantine: null, data: {}, ...more,
})
const at = (seq: number): Room => ({ ...EMPTY, seq })

describe('apply', () => {
  it('puts in, replaces and drops by id', () => {
    const room = apply(at(4), [
      event(5, { incident: incident(1) }),
      event(6, { incident: incident(2), units: [unit('A1')], quarantine: item(7) }),
      event(7, { incident: incident(1, { status: 'closed' }), units: [unit('A1', { status: 'dispatched', incident_id: 2 })] }),
      event(8, { quarantine: item(7, '2026-11-23T21:05:00Z') }),
    ])
    expect(room?.seq).toBe(8)
    expect([...(room?.incidents.keys() ?? [])]).toEqual([2])
    expect(room?.units.get('A1')?.status).toBe('dispatched')
    expect(room?.quarantine.open).toBe(0)
  })

  it('takes the number of quarantined reports from the event, and counts those of an older node', () => {
    const room = apply(at(4), [event(5, { quarantine_open: 12 }), event(6), event(7, { quarantine: item(9) })])
    expect(room?.quarantine).toEqual({ open: 13, seq: 7 })
    expect(apply(room as Room, [event(8, { quarantine_open: 0 })])?.quarantine).toEqual({ open: 0, seq: 8 })
  })

  it('forgets a unit that has left the fleet, and knows it again when it is back', () => {
    const before = apply(EMPTY, [event(1, { units: [unit('A1'), unit('A2')] })]) as Room
    const gone = apply(before, [event(2, { kind: 'unit_removed', units: [unit('A1', { removed_at: '2026-11-23T21:10:00Z', version: 2 })] })])
    expect([...(gone?.units.keys() ?? [])]).toEqual(['A2'])
    const back = apply(gone as Room, [event(3, { kind: 'unit_added', units: [unit('A1', { version: 3 })] })])
    expect(back?.units.get('A1')?.version).toBe(3)
  })

  it('ends the same whether events come one by one or together, or again', () => {
    const events = [event(1, { incident: incident(1) }), event(2, { units: [unit('P1')] }), event(3, { incident: incident(1, { priority: 1 }) })]
    const together = apply(EMPTY, events)
    const apart = events.reduce<Room | null>((room, one) => room && apply(room, [one]), EMPTY)
    const again = together && apply(together, events)
    expect(apart).toEqual(together)
    expect(again).toBe(together)
  })

  it('joins on to what was half seen', () => {
    const room = apply(at(2), [event(2), event(3, { incident: incident(9) })])
    expect(room?.seq).toBe(3)
    expect(room?.incidents.has(9)).toBe(true)
  })

  it('does not go on over a gap, before or inside', () => {
    expect(apply(at(2), [event(4)])).toBeNull()
    expect(apply(at(2), [event(3), event(5)])).toBeNull()
  })

  it('leaves alone what no event speaks of, and the room it was given', () => {
    const before = fromSnapshot({
      type: 'snapshot', seq: 1, at: '', incidents: [incident(1)], units: [unit('A1')], positions: [], quarantine_open: 3, me: { name: '', role: '' }, screens: 1,
    })
    const after = apply(before, [event(2, { incident: incident(1, { status: 'closed' }) })])
    expect(after?.units).toBe(before.units)
    expect(after?.quarantine).toBe(before.quarantine)
    expect(before.quarantine.open).toBe(3)
    expect(before.incidents.has(1)).toBe(true)
  })
})
