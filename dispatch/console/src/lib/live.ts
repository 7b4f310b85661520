/** The one socket to the service: it connects, notices silence, and comes back by itself. */

import type { LiveMessage } from './wire'

/** Two pulses of 5 s missed and a bit: the line is dead whatever the socket says. */
const SILENCE_MS = 12_000
/** "Service restart": the node is about to end and says so. */
const MOVE = 1012
/** The key or the session that this was opened with is worth nothing any more. */
const ENDED = 4001
/** The node sends its screens away one after the other; what remains to be spread is those it sent together. */
const MOVE_WITHIN_MS = 250

/** `move`: planned by the service; nothing was lost, and the next node goes on where this one stopped. */
export type Why = 'cut' | 'resync' | 'move'

export interface LiveEars {
  /** A gap or a snapshot gone wrong is told by returning 'resync'. */
  heard: (message: LiveMessage) => 'resync' | undefined
  /** The socket is open and the first message has come. */
  joined: () => void
  /** `attempt` counts the failures since the screen was last live. */
  lost: (why: Why, attempt: number) => void
  /** Shut out: it doesn't come back by itself, only by `now` or `start`. */
  ended: () => void
  /** The sequence to go on from, or null for a snapshot. */
  since: () => number | null
}

/** Between half and the whole of 0.5, 1, 2, 4 … 15 s, so that a room full of screens doesn't return in one instant. */
export function backoffMs(attempt: number, random: number = Math.random()): number {
  const ceiling = Math.min(15_000, 500 * 2 ** Math.max(0, attempt - 1))
  return ceiling * (0.5 + random / 2)
}

export class LiveClient {
  #ears: LiveEars
  #socket: WebSocket | null = null
  #retry: ReturnType<typeof setTimeout> | undefined
  #watchdog: ReturnType<typeof setTimeout> | undefined
  #attempt = 0
  #fresh = false
  #stopped = false

  constructor(ears: LiveEars) {
    this.#ears = ears
  }

  start(): void {
    this.#stopped = false
    this.#connect()
  }

  stop(): void {
    this.#stopped = true
    this.#hangUp()
    clearTimeout(this.#retry)
  }

  /** Not waiting for the next turn: the network just came back, or a person pressed the button. */
  now(): void {
    if (this.#stopped || this.#socket) return
    clearTimeout(this.#retry)
    this.#connect()
  }

  #connect(): void {
    const since = this.#fresh ? null : this.#ears.since()
    const address = new URL('/v1/live', location.href)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    if (since !== null) address.searchParams.set('since', String(since))
    const socket = new WebSocket(address)
    this.#socket = socket
    this.#watch()
    let spoken = false
    socket.onmessage = (message: MessageEvent<string>) => {
      if (socket !== this.#socket) return
      this.#watch()
      const parsed = JSON.parse(message.data) as LiveMessage
      if (parsed.type === 'move') return this.#again('move')
      if (parsed.type === 'resync' || this.#ears.heard(parsed) === 'resync') return this.#again('resync')
      if (!spoken) {
        spoken = true
        this.#attempt = 0
        this.#fresh = false
        this.#ears.joined()
      }
    }
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return
      if (code === ENDED) this.#end()
      else this.#again(code === MOVE ? 'move' : 'cut')
    }
  }

  #watch(): void {
    clearTimeout(this.#watchdog)
    this.#watchdog = setTimeout(() => this.#again('cut'), SILENCE_MS)
  }

  #again(why: Why): void {
    this.#hangUp()
    if (this.#stopped) return
    if (why !== 'move') this.#attempt += 1
    if (why === 'resync') this.#fresh = true
    this.#ears.lost(why, this.#attempt)
    this.#retry = setTimeout(() => this.#connect(), why === 'move' ? MOVE_WITHIN_MS * Math.random() : backoffMs(this.#attempt))
  }

  #end(): void {
    this.#hangUp()
    if (!this.#stopped) this.#ears.ended()
  }

  #hangUp(): void {
    clearTimeout(this.#watchdog)
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }
}
