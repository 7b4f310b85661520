/** Reports in quarantine, in pages, newest first; asked for only while they are looked at. */

import { api } from '../lib/api'
import type { Quarantine } from '../lib/apply'
import type { QuarantineItem, QuarantinePage } from '../lib/wire'
import { explained } from './acts'

class Tray {
  items = $state.raw<readonly QuarantineItem[]>([])
  more = $state(false)
  notKept = $state.raw<QuarantinePage['senders']>([])
  trouble = $state<string | null>(null)

  #known: Quarantine | null = null
  #wanted: Quarantine | null = null
  #asking = false
  #pages = 1
  #cursor: number | null = null

  /** Their number has changed, or they are looked at again. While one question is under way the next waits. */
  follow(changed: Quarantine): void {
    this.#wanted = changed
    if (!this.#asking && changed !== this.#known) void this.#ask()
  }

  async next(): Promise<void> {
    if (this.#cursor === null || this.#asking) return
    this.#pages += 1
    this.#known = null
    await this.#ask()
  }

  /** All pages that are looked at, anew: one that somebody has handled is gone from them. */
  async #ask(): Promise<void> {
    this.#asking = true
    while (this.#known !== this.#wanted) {
      const now = this.#wanted
      try {
        await this.#load()
        this.trouble = null
      } catch (error) {
        this.trouble = explained(error)
      }
      this.#known = now
    }
    this.#asking = false
  }

  async #load(): Promise<void> {
    const items: QuarantineItem[] = []
    let cursor: number | undefined
    for (let page = 0; page < this.#pages; page += 1) {
      const answer = await api.quarantine(cursor)
      items.push(...answer.items)
      this.notKept = answer.senders.filter((sender) => sender.not_kept > 0)
      this.#cursor = answer.next
      if (answer.next === null) break
      cursor = answer.next
    }
    this.items = items
    this.more = this.#cursor !== null
  }
}

export const quarantine = new Tray()
