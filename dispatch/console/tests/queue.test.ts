import { describe, expect, it } from 'vitest'
import { backoffMs } from '../src/lib/live'
import { neighbour, sections } from '../src/lib/queue'
import { STEPS } from '../src/lib/steps'
import type { Incident, RankedUnit } from '../src/lib/wire'
import { en } from '../src/words/en'
import { es } from '../src/words/es'
import { certaintyText, eventText, placeOf, reasonsOf, type Teller, travelText } from '../src/words/tell'

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
  it.each([
    [{ code: 'preemptable', incident_id: 1043, priority: 3 }, 'en camino a 1043, prioridad 3'],
    [{ code: 'shift_ending', minutes: 25 }, 'su turno termina en 25 min'],
    [{ code: 'silent', since: '2026-11-23T21:02:00Z' }, 'sin señal desde 21:02'],
    [{ code: 'costs_coverage', lost: 1.24 }, 'llegaría antes, pero deja sin cubrir 1,2 llamadas/día'],
    [{ code: 'keeps_coverage', lost: 0.2 }, 'preferida: descubre menos'],
    [{ code: 'off_road', metres: 120 }, 'a 120\u00a0m de la calle'],
    [{ code: 'a_reason_of_tomorrow' }, undefined],
  ])('give a reason: %o', (reason, text) => {
    expect(reasonsOf({ reasons: [reason] } as unknown as RankedUnit, teller)[0]).toBe(text)
  })
  it('tell the coverage lost once, whichever way the service says it', () => {
    const unit = { reasons: [{ code: 'nearest' }], coverage_lost: 6.8 } as unknown as RankedUnit
    expect(reasonsOf(unit, teller)).toEqual(['la más cercana', 'deja sin cubrir 6,8 llamadas/día'])
    expect(reasonsOf({ ...unit, coverage_lost: 0.01 }, teller)).toEqual(['la más cercana', 'su zona sigue cubierta'])
    expect(reasonsOf({ ...unit, coverage_lost: null }, teller)).toEqual(['la más cercana'])
    expect(reasonsOf({ ...unit, reasons: [{ code: 'costs_coverage', lost: 6.8 }] }, teller)).toHaveLength(1)
    expect(reasonsOf({ ...unit, reasons: [{ code: 'keeps_coverage', lost: 6.8 }] }, teller)).toHaveLength(2)
  })
  it('say how sure a choice is, and how its times were made', () => {
    const others = [{ unit_ids: ['A07'], probability: 0.28 }]
    expect(certaintyText({ points: 7, same_choice: 0.72, others }, teller)).toBe('La ubicación puede cambiar la elección: 28\u00a0% → A07')
    expect(certaintyText({ points: 7, same_choice: 0.96, others: [] }, teller)).toContain('misma elección en 96')
    expect(travelText({ source: 'roads', fallback: null }, teller)).toBe('tiempos por calles')
    expect(travelText({ source: 'roads', fallback: { wanted: 'server', because: 'timeout' } }, teller)).toBe(
      'el servidor de rutas no responde a tiempo: tiempos por calles',
    )
  })
  it('tell each kind of event, none by its code', () => {
    const told = (kind: string, data: Record<string, unknown>): string =>
      eventText({ seq: 1, kind, at: '2026-11-27T15:05:00Z', actor: '', incident: null, units: [], quarantine: null, data }, teller)
    expect(told('unit_preempted', { unit_id: 'A07', into: 1051, by: 'ana' })).toBe('A07 quitada para 1051')
    expect(told('unit_released', { unit_id: 'A07', reason: 'pre-empted for incident 1051' })).toBe('A07 liberada: va a 1051')
    expect(told('unit_released', { unit_id: 'A07', reason: 'exchanged for A12' })).toBe('A07 liberada: la releva A12')
    expect(told('incident_overdue', { interval: 'process', target_s: 60, unit_id: null, over: true })).toBe('Fuera de tiempo: despacho, meta 1:00')
    expect(told('incident_overdue', { interval: 'travel', target_s: 480, unit_id: 'B3', over: false })).toBe('De nuevo en tiempo: recorrido, B3, meta 8:00')
    expect(told('unit_status_late', { unit_id: 'B3', status: 'on_scene', said_at: '2026-11-27T15:02:00Z' })).toBe('B3 en sitio (llegó tarde, a las 15:05)')
    expect(told('call_taken', { channel: 'voice', continues: 1001 })).toContain('continúa el incidente 1001')
    expect(told('call_split', { call_id: 'x', to: 1060 })).toBe('Llamada separada al incidente 1060')
    expect(told('incident_linked', { into: 1005, likeness: 0.93 })).toBe('Unido al incidente 1005, parecido 93\u00a0%')
    expect(told('incident_changed', { changed: { calls: [1, 2] }, from: 1017 })).toBe('Se unió el incidente 1017')
    expect(told('likeness_found', { similar: [{ incident_id: 1005, score: 0.72 }] })).toBe('Se parece a 1005 (72\u00a0%)')
    for (const kind of Object.keys(es.event).filter((kind) => /^(call|incident|unit|location|likeness)_/.test(kind)))
      expect(told(kind, {})).not.toContain('_')
  })
  it('keep a note as it was written', () => {
    const event = { seq: 1, kind: 'note_added', at: '', actor: '', incident: null, units: [], quarantine: null, data: { text: '<b>x</b>' } }
    expect(eventText(event, teller)).toBe('Nota: <b>x</b>')
  })
})
