/** What was just closed on this screen, for as long as it can be undone with one click. */

export const UNDO_MS = 10_000

class Undo {
  closed = $state.raw<{ id: number; version: number } | null>(null)
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `version`: of the incident as it was closed. */
  offer(id: number, version: number): void {
    clearTimeout(this.#timer)
    this.closed = { id, version }
    this.#timer = setTimeout(() => (this.closed = null), UNDO_MS)
  }

  forget(id: number): void {
    if (this.closed?.id === id) this.closed = null
  }
}

export const undo = new Undo()
