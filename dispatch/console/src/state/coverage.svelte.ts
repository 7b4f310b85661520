/** Which emergencies of a day nobody would reach in time as the units stand now; asked for only while it is looked at. */

import { api } from '../lib/api'
import type { CoverageView } from '../lib/wire'
import { explained } from './acts'

const EVERY_MS = 15_000

class Coverage {
  shown = $state(false)
  known = $state.raw<CoverageView | null>(null)
  trouble = $state<string | null>(null)
  #timer: ReturnType<typeof setInterval> | undefined

  show(shown: boolean): void {
    if (shown === this.shown) return
    this.shown = shown
    clearInterval(this.#timer)
    if (!shown) return
    void this.#ask()
    this.#timer = setInterval(() => void this.#ask(), EVERY_MS)
  }

  async #ask(): Promise<void> {
    try {
      this.known = await api.coverage()
      this.trouble = null
    } catch (error) {
      this.known = null
      this.trouble = explained(error)
    }
  }
}

export const coverage = new Coverage()
