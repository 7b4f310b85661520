/** The open card's own questions to the service: the history of the incident and who should go. */

import { api } from '../lib/api'
import type { Incident, IncidentDetail, Recommendation, RelatedCalls } from '../lib/wire'
import { explained } from './acts'
import { decision } from './decision.svelte'
import { room } from './room.svelte'

class Detail {
  id = $state<number | null>(null)
  history = $state.raw<IncidentDetail | null>(null)
  related = $state.raw<RelatedCalls | null>(null)
  advice = $state.raw<Recommendation | null>(null)
  /** What the next alarm would send; asked for only while someone looks at it. */
  raised = $state.raw<Recommendation | null>(null)
  trouble = $state<string | null>(null)
  /** The set that the service suggests to send. */
  readonly suggested = $derived(this.advice?.units.filter((unit) => unit.chosen).map((unit) => unit.unit_id) ?? [])

  /** How many alarms it can have; the catalogue says so until the service does, so that no key waits for an answer. */
  alarms(incident: Incident): number {
    return this.advice?.alarms ?? 1 + (room.nature(incident.nature)?.alarms?.length ?? 0)
  }

  /** Another incident: what is shown of the last one goes at once, so that nobody decides on it. */
  open(id: number | null): void {
    if (id === this.id) return
    this.id = id
    this.history = null
    this.related = null
    this.advice = null
    this.raised = null
    this.trouble = null
  }

  async load(): Promise<void> {
    const id = this.id
    if (id === null) return
    void this.advise()
    void this.relate()
    try {
      const history = await api.incident(id)
      if (id !== this.id) return
      this.history = history
      this.trouble = null
    } catch (error) {
      if (id === this.id) this.trouble = explained(error)
    }
  }

  /** Never in the way of the card: without it, there is only less to see. */
  async relate(): Promise<void> {
    const id = this.id
    if (id === null) return
    try {
      const related = await api.related(id)
      if (id === this.id) this.related = related
    } catch {
      if (id === this.id) this.related = null
    }
  }

  async advise(): Promise<void> {
    const [id, instead_of] = [this.id, decision.swapping]
    if (id === null) return
    const current = (): boolean => id === this.id && instead_of === decision.swapping
    try {
      const advice = await api.recommendation(id, instead_of === null ? {} : { instead_of })
      if (current()) this.advice = advice
    } catch {
      // Closed in between, or the line is cut: the card and the top line say which. An old list is worse than none.
      if (current()) this.advice = null
    }
  }

  async look(alarm: number): Promise<void> {
    const id = this.id
    if (id === null) return
    this.raised = null
    try {
      const raised = await api.recommendation(id, { alarm })
      if (id === this.id) this.raised = raised
    } catch (error) {
      if (id === this.id) this.trouble = explained(error)
    }
  }
}

export const detail = new Detail()
