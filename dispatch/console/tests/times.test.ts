import { describe, expect, it } from 'vitest'
import { classOf, limits, roundUp } from '../src/lib/classes'
import { classed } from '../src/lib/coverage'
import { csv, missed, sections } from '../src/lib/intervals'
import { late } from '../src/lib/overdue'
import { dayOf, midnight, ownPeriod, period } from '../src/lib/period'
import { faint, silentSince } from '../src/lib/silence'
import type { Interval, IntervalRow, Unit } from '../src/lib/wire'

const GUAYAQUIL = 'America/Guayaquil'
const at = (text: string): number => Date.parse(text)

describe('what is overdue', () => {
  const overdue = [
    { interval: 'process' as const, since: '2026-11-23T21:00:00Z', target_s: 60, unit_id: null },
    { interval: 'travel' as const, since: '2026-11-23T21:01:00Z', target_s: 240, unit_id: 'B3' },
  ]
  it('counts up from its target, worst first', () => {
    const both = late({ overdue }, at('2026-11-23T21:06:30Z'))
    expect(both.map(({ interval, over_ms }) => [interval, over_ms])).toEqual([['process', 330_000], ['travel', 90_000]])
  })
  it('is never less than nothing, for two clocks seldom agree', () => {
    expect(late({ overdue }, at('2026-11-23T21:00:00Z')).map(({ over_ms }) => over_ms)).toEqual([0, 0])
  })
})

describe('silence', () => {
  const unit = (more: Partial<Unit>): Unit => ({ id: 'A1', agency: 'MSP', status: 'available', silent_since: null, ...more }) as Unit
  const position = { lat: 0, lon: 0, heading_deg: null, at_ms: 1000 }
  it('is what the service says of a crew on duty', () => {
    expect(silentSince(unit({ silent_since: '2026-11-23T21:00:00Z' }))).toBe(at('2026-11-23T21:00:00Z'))
    expect(silentSince(unit({ silent_since: '2026-11-23T21:00:00Z', status: 'off_duty' }))).toBeNull()
    expect(silentSince(unit({}))).toBeNull()
  })
  it('makes a mark faint, as an old position does; a unit without a device is not faint for that', () => {
    expect(faint(unit({ silent_since: '2026-11-23T21:00:00Z' }), position, 2000, 60)).toBe(true)
    expect(faint(unit({}), position, 61_001, 60)).toBe(true)
    expect(faint(unit({}), position, 61_000, 60)).toBe(false)
    expect(faint(unit({}), undefined, 61_001, 60)).toBe(false)
  })
})

describe('a period', () => {
  const now = at('2026-11-24T01:12:00Z')
  it('begins with the city’s own day', () => {
    expect(midnight(now, GUAYAQUIL)).toBe(at('2026-11-23T05:00:00Z'))
    expect(dayOf(now, GUAYAQUIL)).toBe('2026-11-23')
    expect(period('today', now, GUAYAQUIL)).toEqual({ from_ms: at('2026-11-23T05:00:00Z'), to_ms: now })
    expect(period('yesterday', now, GUAYAQUIL)).toEqual({ from_ms: at('2026-11-22T05:00:00Z'), to_ms: at('2026-11-23T05:00:00Z') })
  })
  it.each([
    ['2026-11-20', '2026-11-21', GUAYAQUIL, '2026-11-20T05:00:00Z', '2026-11-22T05:00:00Z'],
    ['2026-11-20', '2026-11-20', 'Pacific/Auckland', '2026-11-19T11:00:00Z', '2026-11-20T11:00:00Z'],
    ['2026-03-29', '2026-03-29', 'Europe/Madrid', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  ])('of %s to %s in %s has whole days', (first, last, zone, from, to) => {
    expect(ownPeriod(first, last, zone)).toEqual({ from_ms: at(from), to_ms: at(to) })
  })
  it.each([['', '2026-11-20'], ['2026-11-21', '2026-11-20'], ['2026-13-40', '2026-11-20']])('is none from «%s» to «%s»', (first, last) =>
    expect(ownPeriod(first, last, GUAYAQUIL)).toBeNull(),
  )
})

describe('the table of times', () => {
  const row = (group: string, interval: Interval, more: Partial<IntervalRow> = {}): IntervalRow => ({
    group, interval, count: 10, median_s: 50, p90_s: 90, target_s: 60, targets_s: [60], target_share: 0.9, met: 0.7, ...more,
  })
  it('goes by what happens first, in it the worst against its target', () => {
    const shown = sections([row('A', 'travel'), row('B', 'process', { met: 0.89 }), row('C', 'process', { met: 0.2, p90_s: 120 }), row('D', 'process', { count: 0 })])
    expect(shown.map(({ interval, rows }) => [interval, rows.map(({ group }) => group)])).toEqual([['process', ['C', 'B']], ['travel', ['A']]])
    expect(shown[0]?.scale_s).toBe(120)
  })
  it('is missed by the share in time, not by how long the longest took', () => {
    expect(missed(row('A', 'travel', { met: 0.89 }))).toBe(true)
    expect(missed(row('A', 'travel', { met: 0.9, p90_s: 999 }))).toBe(false)
    expect(missed(row('A', 'on_scene', { met: null, target_share: null }))).toBe(false)
  })
  it('becomes a CSV that a spreadsheet reads and does not calculate', () => {
    const text = csv([row('CBQ', 'travel', { met: null, target_s: null, target_share: null, targets_s: [] })], () => '=1+1, "x"')
    expect(text).toBe('group,name,interval,count,median_s,p90_s,target_s,target_share,met\r\nCBQ,"\'=1+1, ""x""",travel,10,50,90,,,\r\n')
  })
})

describe('classes', () => {
  it('have round limits', () => {
    expect([0.03, 1, 1.2, 3, 7, 0.5].map(roundUp)).toEqual([0.05, 1, 2, 5, 10, 0.5])
    expect(limits([0, 1, 4])).toEqual([0.25, 0.5, 1.25, 2.5])
    expect(limits([...Array.from({ length: 99 }, () => 1), 1000])).toEqual([0.05, 0.1, 0.25, 0.5])
    expect(limits([0, 0])).toEqual([])
  })
  it('leave out what is next to nothing', () => {
    expect(classOf(0.01, [0.05, 0.1])).toBe(-1)
    expect(classOf(0.1, [0.05, 0.1])).toBe(1)
    const { cells } = classed([{ h3: 'a', demand: 2, covered: 0.5 }, { h3: 'b', demand: 2, covered: 1 }, { h3: 'c', demand: 0.01, covered: 0 }])
    expect(cells).toEqual([{ h3: 'a', lost: 1, level: 3 }])
  })
})
