/** The supervisor's table: how long things took, beside how long they may take. */

import { api } from '../lib/api'
import { ownPeriod, type Period, period, type Preset } from '../lib/period'
import type { Grouping, IntervalRow } from '../lib/wire'
import { explained } from './acts'
import { room } from './room.svelte'

class Times {
  by = $state<Grouping>('agency')
  preset = $state<Preset | 'own'>('today')
  first = $state('')
  last = $state('')
  rows = $state.raw<readonly IntervalRow[] | null>(null)
  /** Of what `rows` tell. */
  period = $state.raw<Period | null>(null)
  trouble = $state<string | null>(null)
  #asked = 0

  async ask(): Promise<void> {
    const zone = room.city?.timezone ?? 'UTC'
    const span = this.preset === 'own' ? ownPeriod(this.first, this.last, zone) : period(this.preset, room.now_ms, zone)
    if (span === null) return
    const asked = ++this.#asked
    const [from, to] = [new Date(span.from_ms).toISOString(), new Date(span.to_ms).toISOString()]
    try {
      const { items } = await api.intervals({ from, to, by: this.by })
      if (asked !== this.#asked) return
      this.rows = items
      this.period = span
      this.trouble = null
    } catch (error) {
      if (asked === this.#asked) [this.rows, this.trouble] = [null, explained(error)]
    }
  }
}

export const times = new Times()
