/** The room's keys. They rest while someone is typing. */

import { flushSync } from 'svelte'
import { mine, neighbour, sections } from '../lib/queue'
import { direction, suggestion } from '../lib/similar'
import { acts } from '../state/acts'
import { coverage } from '../state/coverage.svelte'
import { decision } from '../state/decision.svelte'
import { detail } from '../state/detail.svelte'
import { intent } from '../state/intent.svelte'
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
  u: () => view.toggleLeft('units'),
  c: () => toggleCoverage(),
  t: () => view.toggleTimes(),
  m: () => view.mute(),
  i: () => join(),
  o: () => dismiss(),
  z: () => undo(),
  a: () => raise(),
}

/** The layer and its list come together; the layer stays while one looks at the queue, until the key is pressed again. */
export function toggleCoverage(): void {
  const shown = !coverage.shown
  coverage.show(shown)
  if (shown !== (view.left === 'coverage')) view.toggleLeft('coverage')
  if (shown) view.middle = 'map'
}

function open(): Incident | undefined {
  return view.selected === null || view.right !== 'card' ? undefined : room.room.incidents.get(view.selected)
}

/** «¿Es el mismo?» Yes. */
function join(): void {
  const incident = open()
  const found = incident && suggestion(incident, room.room.incidents, decision.dismissed)
  if (!found || !room.live) return
  const { source, into } = direction(incident, found.other)
  void acts.link(source.id, into.id)
}

function dismiss(): void {
  const incident = open()
  const found = incident && suggestion(incident, room.room.incidents, decision.dismissed)
  if (found) decision.dismiss(incident.id, found.other.id)
}

/** The joining that was just done, for as long as its card is open. */
function undo(): void {
  if (decision.joined && decision.joined.into === view.selected && room.live) void acts.unlink(decision.joined.source)
}

function raise(): void {
  const incident = open()
  if (incident && incident.alarm < detail.alarms(incident)) decision.raising = !decision.raising
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
  if (intent.units.length === 0 || !room.live || decision.confirming) return
  event.preventDefault()
  void intent.carryOut()
}

/** In a field that isn't the new call's. */
const typesElsewhere = (target: EventTarget | null): boolean =>
  isTyping(target) && (target as HTMLElement).closest('[data-testid="new-call"]') === null

function escape(event: KeyboardEvent): void {
  if (view.palette) view.palette = false
  else if (view.right === 'call' && !typesElsewhere(event.target)) view.right = 'card'
  else if (view.picking) view.picking = null
  else if (isTyping(event.target)) (event.target as HTMLElement).blur()
  else if (view.notice?.tone === 'trouble') view.notice = null
  else if (decision.confirming) decision.confirming = false
  else if (decision.swapping !== null) intent.relieve(null)
  else if (decision.raising) decision.raising = false
  else if (view.middle === 'times') view.toggleTimes()
  else if (view.left === 'coverage') toggleCoverage()
  else if (view.left === 'units') view.toggleLeft('units')
  else view.select(null)
}
