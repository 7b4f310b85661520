import { describe, expect, it } from 'vitest'
import { age, elapsed, metres, percent, wallClock, wallDate } from '../src/lib/time'

const NBSP = '\u00a0'

describe('times', () => {
  it.each([[0, '0:00'], [41_000, '0:41'], [680_000, '11:20'], [3_723_000, '1:02:03'], [-5_000, '0:00']])(
    'counts %i ms as %s',
    (ms, text) => expect(elapsed(ms)).toBe(text),
  )
  it('shows the hour of Guayaquil, five behind UTC', () => {
    const at = Date.parse('2026-11-23T21:12:47Z')
    expect(wallClock(at, 'America/Guayaquil')).toBe('16:12:47')
    expect(wallDate(at, 'America/Guayaquil', 'es')).toBe('lun 23 nov')
    expect(wallDate(at, 'America/Guayaquil', 'en')).toBe('Mon 23 Nov')
  })
  it('writes midnight as 00', () => expect(wallClock(Date.parse('2026-11-24T05:00:00Z'), 'America/Guayaquil')).toBe('00:00:00'))
  it.each([[12_000, '12 s'], [94_000, '94 s'], [240_000, '4 min'], [7_200_000, '2 h']])('ages %i ms to %s', (ms, text) =>
    expect(age(ms)).toBe(text.replace(' ', NBSP)),
  )
})

describe('numbers', () => {
  it('never makes an uncertainty smaller', () => {
    expect(metres(12.1, 'es')).toBe(`13${NBSP}m`)
    expect(metres(1901, 'es')).toBe(`2,0${NBSP}km`)
    expect(metres(1850, 'en')).toBe(`1.9${NBSP}km`)
  })
  it('does not call something nothing', () => {
    expect(percent(0.584, 'es')).toBe(`58${NBSP}%`)
    expect(percent(0.002, 'en')).toBe('<1%')
    expect(percent(0, 'en')).toBe('0%')
    expect(percent(0.996, 'en')).toBe('>99%')
    expect(percent(1, 'en')).toBe('100%')
  })
})
