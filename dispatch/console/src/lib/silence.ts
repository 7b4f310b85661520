/** Who is on duty and isn't heard of; and whose position is too old to be believed where it stands. */

import type { Position } from './positions'
import { onDuty } from './steps'
import type { Unit } from './wire'

/** Since when, in ms; null where it is heard, off duty, or has no device to be heard by. The service says who is silent:
 * a crew that answers by its status is heard, however old its position. */
export function silentSince(unit: Unit): number | null {
  return unit.silent_since === null || !onDuty(unit.status) ? null : Date.parse(unit.silent_since)
}

/** Drawn dashed and dim: it may not be where its mark is. */
export function faint(unit: Unit, position: Position | undefined, now_ms: number, limit_s: number): boolean {
  if (!onDuty(unit.status)) return false
  return unit.silent_since !== null || (position !== undefined && now_ms - position.at_ms > limit_s * 1000)
}
