/** A stretch of time to look back on, in the city's own days. */

export type Preset = 'today' | 'yesterday' | 'day' | 'week' | 'month'
export interface Period {
  from_ms: number
  to_ms: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export function period(preset: Preset, now_ms: number, zone: string): Period {
  const today = midnight(now_ms, zone)
  switch (preset) {
    case 'today':
      return { from_ms: today, to_ms: now_ms }
    case 'yesterday':
      return { from_ms: midnight(today - HOUR_MS, zone), to_ms: today }
    case 'day':
      return { from_ms: now_ms - DAY_MS, to_ms: now_ms }
    case 'week':
      return { from_ms: now_ms - 7 * DAY_MS, to_ms: now_ms }
    case 'month':
      return { from_ms: now_ms - 30 * DAY_MS, to_ms: now_ms }
  }
}

/** From the first day's beginning to the last day's end, both as `yyyy-mm-dd`; null where it isn't a period. */
export function ownPeriod(first: string, last: string, zone: string): Period | null {
  const [from, to] = [noon(first, zone), noon(last, zone)]
  if (from === null || to === null || to < from) return null
  return { from_ms: midnight(from, zone), to_ms: midnight(midnight(to, zone) + 1.5 * DAY_MS, zone) }
}

function noon(date: string, zone: string): number | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return null
  const at = Date.parse(`${date}T12:00:00Z`)
  return Number.isNaN(at) ? null : at - offsetMs(at, zone)
}

/** The beginning of that moment's day in the zone. */
export function midnight(at_ms: number, zone: string): number {
  const offset = offsetMs(at_ms, zone)
  const start = Math.floor((at_ms + offset) / DAY_MS) * DAY_MS - offset
  // Where clocks change, the day began under another offset than it goes on.
  return start + offset - offsetMs(start, zone)
}

/** `yyyy-mm-dd` in the zone. */
export function dayOf(at_ms: number, zone: string): string {
  return new Date(at_ms + offsetMs(at_ms, zone)).toISOString().slice(0, 10)
}

function offsetMs(at_ms: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }).formatToParts(at_ms)
  const part = (type: string): number => Number(parts.find((found) => found.type === type)?.value)
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  return local - Math.floor(at_ms / 1000) * 1000
}
