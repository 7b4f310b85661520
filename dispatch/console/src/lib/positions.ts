/** Where the units are. Kept out of the reactive state: thousands of them move every second. */

import type { PositionRow } from './wire'

export interface Position {
  lat: number
  lon: number
  heading_deg: number | null
  at_ms: number
}

export class Positions {
  readonly latest = new Map<string, Position>()
  /** Called after each batch; the listener decides when to draw. */
  onchange: () => void = () => {}
  #counted = 0

  reset(rows: readonly PositionRow[]): void {
    this.latest.clear()
    this.#take(rows)
  }

  move(rows: readonly PositionRow[]): void {
    this.#counted += rows.length
    this.#take(rows)
  }

  /** How many came since the last time this was asked. */
  countSinceAsked(): number {
    const counted = this.#counted
    this.#counted = 0
    return counted
  }

  /** No position, or one older than `stale_after_s`. */
  stale(unit_id: string, now_ms: number, stale_after_s: number): boolean {
    const position = this.latest.get(unit_id)
    return position === undefined || now_ms - position.at_ms > stale_after_s * 1000
  }

  #take(rows: readonly PositionRow[]): void {
    for (const [id, lat, lon, heading_deg, at] of rows) this.latest.set(id, { lat, lon, heading_deg, at_ms: Date.parse(at) })
    this.onchange()
  }
}
