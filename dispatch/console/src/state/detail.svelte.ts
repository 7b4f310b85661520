/** The open card's own questions to the service: the history of the incident and who should go. */

import { api } from '../lib/api'
import type { IncidentDetail, Recommendation } from '../lib/wire'
import { explained } from './acts'

class Detail {
  id = $state<number | null>(null)
  history = $state.raw<IncidentDetail | null>(null)
  advice = $state.raw<Recommendation | null>(null)
  trouble = $state<string | null>(null)
  /** The set that the service suggests to send. */
  readonly suggested = $derived(this.advice?.units.filter((unit) => unit.chosen).map((unit) => unit.unit_id) ?? [])

  /** Another incident: what is shown of the last one goes at once, so that nobody decides on it. */
  open(id: number | null): void {
    if (id === this.id) return
    this.id = id
    this.history = null
    this.advice = null
    this.trouble = null
  }

  async load(): Promise<void> {
    const id = this.id
    if (id === null) return
    void this.advise()
    try {
      const history = await api.incident(id)
      if (id !== this.id) return
      this.history = history
      this.trouble = null
    } catch (error) {
      if (id === this.id) this.trouble = explained(error)
    }
  }

  async advise(): Promise<void> {
    const id = this.id
    if (id === null) return
    try {
      const advice = await api.recommendation(id)
      if (id === this.id) this.advice = advice
    } catch {
      // Closed in between, or the line is cut: the card and the top line say which. An old list is worse than none.
      if (id === this.id) this.advice = null
    }
  }
}

export const detail = new Detail()
