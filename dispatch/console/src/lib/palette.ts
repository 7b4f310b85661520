/** The command line: text in, one command or the reason why not out. Both languages are always understood. */

import type { UnitStatus } from './wire'

export type Opened = 'call' | 'units' | 'quarantine' | 'coverage' | 'times'

export type Command =
  | { verb: 'assign'; units: string[]; incident: number }
  | { verb: 'swap'; release: string; unit: string; incident: number }
  | { verb: 'release'; unit: string; incident: number }
  | { verb: 'status'; unit: string; status: UnitStatus }
  | { verb: 'close'; incident: number; reason: string }
  | { verb: 'note'; incident: number; text: string }
  | { verb: 'priority'; incident: number; priority: number }
  | { verb: 'alarm'; incident: number; alarm: number }
  | { verb: 'link'; incident: number; into: number }
  | { verb: 'unlink'; incident: number }
  | { verb: 'go-incident'; incident: number }
  | { verb: 'go-unit'; unit: string }
  | { verb: 'go-parish'; code: string; name: string }
  | { verb: 'open'; what: Opened }

export type Trouble =
  | { trouble: 'unknown'; what: string }
  | { trouble: 'no-unit'; what: string }
  | { trouble: 'no-incident'; what: string }
  | { trouble: 'none-selected' }

export type Parsed = { command: Command } | Trouble | null

export interface Known {
  units: ReadonlyMap<string, { incident_id: number | null }>
  incidents: ReadonlyMap<number, unknown>
  parishes: readonly { code: string; name: string }[]
  selected: number | null
}

type Verb = 'assign' | 'swap' | 'release' | 'close' | 'note' | 'priority' | 'alarm' | 'link' | 'unlink' | 'go'

const VERBS: Record<string, Verb> = {
  asignar: 'assign', assign: 'assign', enviar: 'assign', send: 'assign',
  cambiar: 'swap', relevar: 'swap', swap: 'swap', replace: 'swap',
  liberar: 'release', release: 'release',
  cerrar: 'close', close: 'close',
  nota: 'note', note: 'note', anotar: 'note',
  prioridad: 'priority', priority: 'priority',
  alarma: 'alarm', alarm: 'alarm',
  unir: 'link', link: 'link', join: 'link',
  deshacer: 'unlink', unlink: 'unlink', undo: 'unlink',
  ir: 'go', go: 'go', ver: 'go', show: 'go',
}

const OPENS: Record<string, Opened> = {
  nueva: 'call', new: 'call', llamada: 'call', call: 'call',
  unidades: 'units', units: 'units',
  cuarentena: 'quarantine', quarantine: 'quarantine',
  cobertura: 'coverage', coverage: 'coverage',
  tiempos: 'times', times: 'times',
}

const STATUSES: Record<string, UnitStatus> = {
  libre: 'available', free: 'available', available: 'available',
  'en ruta': 'en_route', 'en route': 'en_route', ruta: 'en_route',
  'en sitio': 'on_scene', 'on scene': 'on_scene', sitio: 'on_scene',
  traslada: 'transporting', trasladando: 'transporting', transporting: 'transporting',
  hospital: 'at_hospital', 'en hospital': 'at_hospital', 'at hospital': 'at_hospital', 'en casa de salud': 'at_hospital',
  retorna: 'returning', retornando: 'returning', returning: 'returning',
  'fuera de servicio': 'out_of_service', 'out of service': 'out_of_service',
  franco: 'off_duty', 'off duty': 'off_duty',
}

const JOINING = new Set(['a', 'al', 'to', 'y', 'and', 'de', 'from', 'into', 'en', 'on', 'por', 'con', 'with', 'for'])

/** Without accents and capitals, so that «inaquito» finds Iñaquito. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim()
}

export function parse(text: string, known: Known): Parsed {
  const words = text.trim().split(/[\s,]+/).filter(Boolean)
  const [first, ...rest] = words
  if (first === undefined) return null
  const verb = VERBS[plain(first)]
  if (verb === 'assign') return assign(rest, known)
  if (verb === 'release') return release(rest, known)
  if (verb === 'swap') return swap(rest, known)
  if (verb === 'close' || verb === 'note') return about(verb, rest, known)
  if (verb === 'priority' || verb === 'alarm') return level(verb, rest, known)
  if (verb === 'link') return link(rest, known)
  if (verb === 'unlink') return unlink(rest)
  if (verb === 'go') return go(rest.join(' '), known) ?? unknown(text)
  const opens = rest.length <= 1 ? OPENS[plain(first)] : undefined
  if (opens) return { command: { verb: 'open', what: opens } }
  return unitStatus(first, rest, known) ?? go(text, known) ?? unknown(text)
}

const unknown = (what: string): Trouble => ({ trouble: 'unknown', what: what.trim() })

function unitId(word: string, known: Known): string | null {
  return known.units.has(word) ? word : known.units.has(word.toUpperCase()) ? word.toUpperCase() : null
}

function incidentId(word: string | undefined, known: Known): number | null {
  const id = /^#?\d+$/.test(word ?? '') ? Number((word as string).replace('#', '')) : null
  return id !== null && known.incidents.has(id) ? id : null
}

function assign(rest: string[], known: Known): Parsed {
  const units: string[] = []
  let incident: number | null = null
  for (const word of rest.filter((word) => !JOINING.has(plain(word)))) {
    const unit = unitId(word, known)
    if (unit) units.push(unit)
    else if (/^#?\d+$/.test(word)) {
      incident = incidentId(word, known)
      if (incident === null) return { trouble: 'no-incident', what: word }
    } else return { trouble: 'no-unit', what: word }
  }
  incident ??= known.selected
  if (units.length === 0) return null
  if (incident === null) return { trouble: 'none-selected' }
  return { command: { verb: 'assign', units: [...new Set(units)], incident } }
}

function release(rest: string[], known: Known): Parsed {
  const word = rest.find((word) => !JOINING.has(plain(word)))
  if (word === undefined) return null
  const unit = unitId(word, known)
  const incident = unit === null ? null : (known.units.get(unit)?.incident_id ?? null)
  if (unit === null || incident === null) return { trouble: 'no-unit', what: word }
  return { command: { verb: 'release', unit, incident } }
}

/** «cambiar A04 por A12»: the first is on an emergency, which the second goes to in its place. */
function swap(rest: string[], known: Known): Parsed {
  const [one, other] = rest.filter((word) => !JOINING.has(plain(word)))
  if (one === undefined || other === undefined) return null
  const [release, unit] = [unitId(one, known), unitId(other, known)]
  const incident = release === null ? null : (known.units.get(release)?.incident_id ?? null)
  if (release === null || incident === null) return { trouble: 'no-unit', what: one }
  return unit === null ? { trouble: 'no-unit', what: other } : { command: { verb: 'swap', release, unit, incident } }
}

function about(verb: 'close' | 'note', rest: string[], known: Known): Parsed {
  const incident = incidentId(rest[0], known)
  if (incident === null) return rest[0] === undefined ? null : { trouble: 'no-incident', what: rest[0] }
  const text = rest.slice(1).join(' ')
  if (text === '') return null
  return { command: verb === 'close' ? { verb, incident, reason: text } : { verb, incident, text } }
}

/** «prioridad 1043 a 1», or of the open incident «prioridad 1». */
function level(verb: 'priority' | 'alarm', rest: string[], known: Known): Parsed {
  const named = incidentId(rest[0], known)
  const incident = named ?? (rest.length < 2 ? known.selected : null)
  if (incident === null) return rest[0] === undefined ? null : { trouble: 'no-incident', what: rest[0] }
  const text = (named === null ? rest : rest.slice(1)).filter((word) => !JOINING.has(plain(word))).join(' ')
  if (text === '') return null
  if (verb === 'alarm') return /^[1-9]$/.test(text) ? { command: { verb, incident, alarm: Number(text) } } : unknown(text)
  return /^[1-5]$/.test(text) ? { command: { verb, incident, priority: Number(text) } } : unknown(text)
}

/** Of a closed incident, which isn't among the known: any number may be one. */
function unlink(rest: string[]): Parsed {
  const word = rest.find((word) => !JOINING.has(plain(word)))
  if (word === undefined) return null
  return /^#?\d+$/.test(word) ? { command: { verb: 'unlink', incident: Number(word.replace('#', '')) } } : unknown(word)
}

function link(rest: string[], known: Known): Parsed {
  const [one, other] = rest.filter((word) => !JOINING.has(plain(word)))
  if (one === undefined || other === undefined) return null
  const incident = incidentId(one, known)
  const into = incidentId(other, known)
  if (incident === null) return { trouble: 'no-incident', what: one }
  if (into === null) return { trouble: 'no-incident', what: other }
  return { command: { verb: 'link', incident, into } }
}

function unitStatus(first: string, rest: string[], known: Known): Parsed {
  const unit = unitId(first, known)
  if (unit === null) return null
  if (rest.length === 0) return { command: { verb: 'go-unit', unit } }
  const status = STATUSES[plain(rest.join(' '))]
  return status ? { command: { verb: 'status', unit, status } } : unknown(rest.join(' '))
}

function go(text: string, known: Known): Parsed {
  const word = text.trim()
  const incident = incidentId(word, known)
  if (incident !== null) return { command: { verb: 'go-incident', incident } }
  if (/^#?\d+$/.test(word)) return { trouble: 'no-incident', what: word }
  const unit = unitId(word, known)
  if (unit !== null) return { command: { verb: 'go-unit', unit } }
  const parish = findParish(word, known.parishes)
  return parish ? { command: { verb: 'go-parish', code: parish.code, name: parish.name } } : null
}

/** The parish of that name, else the first whose name begins so. Needs three letters. */
export function findParish<P extends { name: string }>(text: string, parishes: readonly P[]): P | null {
  const wanted = plain(text)
  if (wanted.length < 3) return null
  return (
    parishes.find((parish) => plain(parish.name) === wanted) ??
    parishes.find((parish) => plain(parish.name).startsWith(wanted)) ??
    null
  )
}
