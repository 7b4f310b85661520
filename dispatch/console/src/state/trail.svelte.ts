/** Where the chosen unit has been in the last hour. */

import { api } from '../lib/api'
import type { UnitTrailPoint } from '../lib/wire'
import { explained } from './acts'

const HOUR_MS = 3_600_000
const EVERY_MS = 20_000
const PAGE = 1000
/** One position a second of one hour; whoever sends more is drawn in part. */
const PAGES = 4

class Trail {
  unit = $state<string | null>(null)
  points = $state.raw<readonly UnitTrailPoint[] | null>(null)
  trouble = $state<string | null>(null)
  #timer: ReturnType<typeof setInterval> | undefined

  follow(unit: string | null): void {
    if (unit === this.unit) return
    this.unit = unit
    this.points = null
    this.trouble = null
    clearInterval(this.#timer)
    if (unit === null) return
    void this.#ask(unit)
    this.#timer = setInterval(() => void this.#ask(unit), EVERY_MS)
  }

  async #ask(unit: string): Promise<void> {
    const now_ms = Date.now()
    const span = { from: new Date(now_ms - HOUR_MS).toISOString(), to: new Date(now_ms + HOUR_MS).toISOString(), limit: PAGE }
    const points: UnitTrailPoint[] = []
    try {
      let cursor: string | number | null = null
      for (let page = 0; page < PAGES && (page === 0 || cursor !== null); page++) {
        const { items, next } = await api.trail(unit, cursor === null ? span : { ...span, cursor })
        points.push(...items)
        cursor = next
      }
    } catch (error) {
      if (unit === this.unit) this.trouble = explained(error)
      return
    }
    if (unit !== this.unit) return
    this.points = points.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    this.trouble = null
  }
}

export const trail = new Trail()
