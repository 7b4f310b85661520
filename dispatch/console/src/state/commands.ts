/** Carries out what the command line says. */

import type { Command } from '../lib/palette'
import { takings } from '../lib/preempt'
import { acts, showIncident, showUnit } from './acts'
import { decision } from './decision.svelte'
import { room } from './room.svelte'
import { view } from './view.svelte'

export async function carryOut(command: Command): Promise<void> {
  switch (command.verb) {
    case 'assign':
      return assign(command.incident, command.units)
    case 'swap':
      return swap(command.incident, command.release, command.unit)
    case 'release':
      await acts.release(command.incident, command.unit)
      return
    case 'status':
      await acts.status(command.unit, command.status)
      return
    case 'close':
      await acts.close(command.incident, command.reason)
      return
    case 'note':
      await acts.note(command.incident, command.text)
      return
    case 'priority':
      await acts.priority(command.incident, command.priority)
      return
    case 'alarm':
      await acts.alarm(command.incident, command.alarm)
      return
    case 'link':
      await acts.link(command.incident, command.into)
      return
    case 'unlink':
      await acts.unlink(command.incident)
      return
    case 'go-incident':
      return showIncident(command.incident)
    case 'go-unit':
      return showUnit(command.unit)
    case 'go-parish':
      view.showOnMap({ parish: command.code })
      return
    case 'open':
      return open(command.what)
  }
}

/** A unit that is on another emergency isn't taken from it by one line of text: the card asks. */
async function assign(id: number, units: string[]): Promise<void> {
  if (takings(units, room.room.units, id).length === 0) {
    await acts.assign(id, units)
    return
  }
  view.select(id)
  view.picked = units
  decision.confirming = true
}

async function swap(id: number, release: string, unit: string): Promise<void> {
  if (takings([unit], room.room.units, id).length === 0) {
    await acts.swap(id, release, unit)
    return
  }
  view.select(id)
  decision.swap(release)
  decision.substitute = unit
  decision.confirming = true
}

function open(what: Extract<Command, { verb: 'open' }>['what']): void {
  switch (what) {
    case 'call':
      return view.newCall()
    case 'units':
    case 'coverage':
      if (view.left !== what) view.toggleLeft(what)
      return
    case 'times':
      if (view.middle !== 'times') view.toggleTimes()
      return
    case 'quarantine':
      view.left = 'queue'
      view.pane = 'left'
      view.tab = 'quarantine'
  }
}
