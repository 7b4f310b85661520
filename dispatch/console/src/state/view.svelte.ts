/** What this dispatcher is looking at. */

import { chime } from '../lib/sound'
import type { Incident } from '../lib/wire'
import { decision } from './decision.svelte'

export type Tab = 'open' | 'waiting' | 'mine' | 'quarantine'
export type Notice = { tone: 'done' | 'trouble'; text: string }
export type Pick = (place: { lat: number; lon: number }) => void

const MUTED = 'dispatch.muted'
const NOTICE_MS = 6000

class View {
  selected = $state<number | null>(null)
  tab = $state<Tab>('open')
  left = $state<'queue' | 'units' | 'coverage'>('queue')
  middle = $state<'map' | 'times'>('map')
  right = $state<'card' | 'call'>('card')
  /** The one pane that a narrow screen shows; a wide one shows all three. */
  pane = $state<'left' | 'middle' | 'right'>('left')
  palette = $state(false)
  /** Units ticked on the card, or null while the recommendation's own choice stands. */
  picked = $state.raw<readonly string[] | null>(null)
  unit = $state<string | null>(null)
  fresh = $state.raw<ReadonlySet<number>>(new Set())
  notice = $state.raw<Notice | null>(null)
  muted = $state(localStorage.getItem(MUTED) === 'yes')
  announcement = $state('')
  /** Someone waits for a click on the map. */
  picking = $state.raw<Pick | null>(null)
  /** Where a new call's place stands, to draw it. */
  draft = $state.raw<{ lat: number; lon: number; radius_m: number } | null>(null)
  /** What the map is asked to show; each new object is a new request. */
  shown = $state.raw<{ lat: number; lon: number } | { parish: string } | null>(null)

  #clearing: ReturnType<typeof setTimeout> | undefined

  select(id: number | null): void {
    if (id !== this.selected) {
      this.picked = null
      this.unit = null
      decision.begin()
    }
    this.selected = id
    this.right = 'card'
    this.pane = id === null ? 'left' : 'right'
    this.picking = null
    if (id !== null && this.fresh.has(id)) this.fresh = new Set([...this.fresh].filter((other) => other !== id))
  }

  alarm(incidents: Incident[], words: (incident: Incident) => string): void {
    this.fresh = new Set([...this.fresh, ...incidents.map((incident) => incident.id)])
    this.announcement = incidents.map(words).join('. ')
    if (!this.muted) chime()
  }

  mute(): void {
    this.muted = !this.muted
    localStorage.setItem(MUTED, this.muted ? 'yes' : 'no')
    if (!this.muted) chime()
  }

  /** Good news leaves by itself; trouble stays until someone has read it. */
  say(tone: Notice['tone'], text: string): void {
    this.notice = { tone, text }
    clearTimeout(this.#clearing)
    if (tone === 'done') this.#clearing = setTimeout(() => (this.notice = null), NOTICE_MS)
  }

  toggle(unit_id: string, standing: readonly string[]): void {
    this.picked = standing.includes(unit_id) ? standing.filter((id) => id !== unit_id) : [...standing, unit_id]
  }

  newCall(): void {
    this.right = 'call'
    this.pane = 'right'
    this.palette = false
  }

  /** The same key or button again goes back. */
  toggleLeft(pane: 'units' | 'coverage'): void {
    this.left = this.left === pane ? 'queue' : pane
    this.pane = 'left'
  }

  toggleTimes(): void {
    this.middle = this.middle === 'times' ? 'map' : 'times'
    this.pane = 'middle'
  }

  /** Asks the map to show it, and shows the map. */
  showOnMap(what: NonNullable<View['shown']>): void {
    this.middle = 'map'
    this.shown = what
  }
}

export const view = new View()
