/** The room's keys. They rest while someone is typing. */

import { flushSync } from 'svelte'
import { mine, neighbour, sections } from '../lib/queue'
import { acts } from '../state/acts'
import { detail } from '../state/detail.svelte'
import { room } from '../state/room.svelte'
import { view } from '../state/view.svelte'
import type { Incident } from '../lib/wire'

/** The incidents of the open tab, in the order shown. */
export function shownIncidents(): Incident[] {
  const all = [...room.room.incidents.values()]
  switch (view.tab) {
    case 'open':
      return all
    case 'waiting':
      return all.filter((incident) => incident.status === 'waiting')
    case 'mine':
      return all.filter((incident) => mine(incident, room.me?.name ?? ''))
    case 'quarantine':
      return []
  }
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

export function pressed(event: KeyboardEvent): void {
  if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    view.palette = true
    return
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === 'Escape') return escape(event)
  if (isTyping(event.target)) return
  if (event.key === 'Enter') return enter(event)
  const action = KEYS[event.key.toLowerCase()]
  if (!action) return
  event.preventDefault()
  action()
}

const KEYS: Record<string, () => void> = {
  j: () => walk(1),
  k: () => walk(-1),
  '/': () => (view.palette = true),
  n: () => view.newCall(),
  u: () => (view.left = view.left === 'units' ? 'queue' : 'units'),
  m: () => view.mute(),
}

function walk(by: 1 | -1): void {
  view.left = 'queue'
  if (view.tab === 'quarantine') view.tab = 'open'
  const ids = sections(shownIncidents()).flatMap((section) => section.incidents.map((incident) => incident.id))
  const next = neighbour(ids, view.selected, by)
  if (next === null) return
  view.select(next)
  // At once, not at the next frame: were the focus to lag behind the choice, Enter would act on the row before.
  flushSync()
  const row = document.getElementById(`incident-${next}`)
  row?.focus({ preventScroll: true })
  row?.scrollIntoView({ block: 'nearest' })
}

/** Enter on a button presses that button; anywhere else, and on the chosen row, it does what the one big button says. */
function enter(event: KeyboardEvent): void {
  if (event.repeat || view.selected === null || view.right !== 'card' || view.palette) return
  const target = event.target
  if (target instanceof HTMLElement && target !== document.body && target.id !== `incident-${view.selected}`) return
  const units = view.picked ?? detail.suggested
  if (units.length === 0 || !room.live) return
  event.preventDefault()
  void acts.assign(view.selected, units)
}

function escape(event: KeyboardEvent): void {
  if (view.palette) view.palette = false
  else if (view.picking) view.picking = null
  else if (isTyping(event.target)) (event.target as HTMLElement).blur()
  else if (view.notice?.tone === 'trouble') view.notice = null
  else if (view.right === 'call') view.right = 'card'
  else if (view.left === 'units') view.left = 'queue'
  else view.select(null)
}
