/** What the dispatcher is about to decide on the open card, before it is done. */

import type { LostRace } from '../lib/conflict'
import { pair } from '../lib/similar'
import type { Incident } from '../lib/wire'

/** Someone was faster. `does` is what was wanted, in words; `again` does it on what is true now. */
export interface Lost extends LostRace {
  id: number
  does: string
  seen: Incident | undefined
  again: (() => Promise<boolean>) | null
}

class Decision {
  /** The unit that another shall replace, and the one that shall. */
  swapping = $state<string | null>(null)
  substitute = $state<string | null>(null)
  /** Taking a unit from another emergency waits for a person's second word. */
  confirming = $state(false)
  /** The next alarm is being looked at. */
  raising = $state(false)
  lost = $state.raw<Lost | null>(null)
  /** What was just joined on this screen, for as long as its card is open. */
  joined = $state.raw<{ source: number; into: number } | null>(null)
  dismissed = $state.raw<ReadonlySet<string>>(new Set())

  /** Another card: nothing half decided goes with it. */
  begin(): void {
    this.swapping = null
    this.substitute = null
    this.confirming = false
    this.raising = false
    this.lost = null
    this.joined = null
  }

  swap(unit: string | null): void {
    this.swapping = unit
    this.substitute = null
    this.confirming = false
  }

  dismiss(a: number, b: number): void {
    this.dismissed = new Set([...this.dismissed, pair(a, b)])
  }
}

export const decision = new Decision()
