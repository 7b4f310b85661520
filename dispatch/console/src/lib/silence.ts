/** Who is on duty and hasn't been heard of for longer than their agency allows. */

import type { Position } from './positions'
import { onDuty } from './steps'
import type { Unit } from './wire'

/** Since when, in ms; null where the unit is heard, off duty, or has no device at all to be heard by.
 *
 * The service says when a crew falls silent; until it does, a position older than the limit speaks for itself. */
export function silentSince(unit: Unit, position: Position | undefined, now_ms: number, limit_s: number): number | null {
  if (!onDuty(unit.status)) return null
  if (unit.silent_since != null) return Date.parse(unit.silent_since)
  if (position !== undefined && now_ms - position.at_ms > limit_s * 1000) return position.at_ms
  return null
}
