/** What the one big button of the card will do, and doing it. */

import { type Taking, takings } from '../lib/preempt'
import { acts } from './acts'
import { decision } from './decision.svelte'
import { detail } from './detail.svelte'
import { room } from './room.svelte'
import { view } from './view.svelte'

class Intent {
  busy = $state(false)
  /** Who would go: ticked by hand, or while nothing was, whom the service suggests. */
  readonly units = $derived.by((): readonly string[] => {
    if (decision.swapping !== null) return decision.substitute === null ? [] : [decision.substitute]
    return view.picked ?? detail.suggested
  })
  /** Which of them are on another emergency now. */
  readonly taking = $derived.by((): Taking[] => (view.selected === null ? [] : takings(this.units, room.room.units, view.selected)))

  pick(unit: string): void {
    decision.confirming = false
    if (decision.swapping === null) view.toggle(unit, this.units)
    else decision.substitute = decision.substitute === unit ? null : unit
  }

  /** Another unit shall go in that one's place; null: none shall, after all. */
  relieve(unit: string | null): void {
    decision.swap(unit)
    // Who was suggested for something else isn't shown as the one who takes over.
    detail.advice = null
    void detail.advise()
  }

  /** Does it; where it takes a unit from another emergency, the first word only asks. */
  async carryOut(confirmed = false): Promise<void> {
    const [id, units, taking] = [view.selected, this.units, this.taking]
    if (id === null || units.length === 0 || !room.live || this.busy) return
    if (taking.length > 0 && !confirmed) {
      decision.confirming = true
      return
    }
    this.busy = true
    if (decision.swapping !== null) await acts.swap(id, decision.swapping, units[0] as string, taking)
    else await acts.assign(id, units, taking)
    this.busy = false
  }
}

export const intent = new Intent()
