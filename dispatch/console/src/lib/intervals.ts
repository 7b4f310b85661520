/** The table of times that a room is held to. */

import type { Interval, IntervalRow } from './wire'

export const INTERVALS: readonly Interval[] = ['process', 'turnout', 'travel', 'response', 'on_scene', 'transport', 'handover']

export interface Section {
  interval: Interval
  rows: IntervalRow[]
  /** The longest that is drawn, so that all bars of a section share one scale. */
  scale_s: number
}

/** Fewer were within their target than are to be. */
export const missed = ({ met, target_share }: IntervalRow): boolean => met !== null && target_share !== null && met < target_share

/** By interval in the order in which they happen; in each, the worst against its target first, then the most. */
export function sections(rows: readonly IntervalRow[]): Section[] {
  return INTERVALS.map((interval) => {
    const own = rows.filter((row) => row.interval === interval && row.count > 0).sort(byNeed)
    return { interval, rows: own, scale_s: Math.max(1, ...own.flatMap((row) => [row.p90_s ?? 0, ...row.targets_s.map((target_s) => target_s * 1.15)])) }
  }).filter((section) => section.rows.length > 0)
}

/** How much is missing of what is to be within the target. */
const lacking = ({ met, target_share }: IntervalRow): number => (met === null || target_share === null ? -1 : target_share - met)

function byNeed(a: IntervalRow, b: IntervalRow): number {
  return lacking(b) - lacking(a) || b.count - a.count
}

/** RFC 4180, seconds and shares as numbers, for whoever goes on calculating. */
export function csv(rows: readonly IntervalRow[], names: (row: IntervalRow) => string): string {
  const head = ['group', 'name', 'interval', 'count', 'median_s', 'p90_s', 'target_s', 'target_share', 'met']
  const lines = rows.map((row) => [row.group, names(row), row.interval, row.count, row.median_s, row.p90_s, row.target_s, row.target_share, row.met])
  return [head, ...lines].map((line) => line.map(cell).join(',')).join('\r\n') + '\r\n'
}

function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  // A spreadsheet would calculate what begins so.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
