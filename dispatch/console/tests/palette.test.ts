import { describe, expect, it } from 'vitest'
import { findParish, type Known, parse } from '../src/lib/palette'

const known: Known = {
  units: new Map([['A12', { incident_id: 1043 }], ['P31', { incident_id: null }], ['P031', { incident_id: null }]]),
  incidents: new Map([[1043, 0], [1040, 0]]),
  parishes: [{ code: '170150', name: 'Iñaquito' }, { code: '170151', name: 'Quitumbe' }],
  selected: null,
}
const command = (text: string, more: Partial<Known> = {}): unknown => {
  const parsed = parse(text, { ...known, ...more })
  return parsed !== null && 'command' in parsed ? parsed.command : parsed
}

describe('the command line', () => {
  it.each([
    ['asignar A12 P31 a 1043', { verb: 'assign', units: ['A12', 'P31'], incident: 1043 }],
    ['assign a12, p31 to #1043', { verb: 'assign', units: ['A12', 'P31'], incident: 1043 }],
    ['asignar A12 y A12 a 1043', { verb: 'assign', units: ['A12'], incident: 1043 }],
    ['liberar A12', { verb: 'release', unit: 'A12', incident: 1043 }],
    ['A12 en sitio', { verb: 'status', unit: 'A12', status: 'on_scene' }],
    ['p31 off duty', { verb: 'status', unit: 'P31', status: 'off_duty' }],
    ['cerrar 1043 falsa alarma', { verb: 'close', incident: 1043, reason: 'falsa alarma' }],
    ['nota 1043 pide escalera a la puerta', { verb: 'note', incident: 1043, text: 'pide escalera a la puerta' }],
    ['prioridad 1043 a 1', { verb: 'priority', incident: 1043, priority: 1 }],
    ['alarma 1043 a 2', { verb: 'alarm', incident: 1043, alarm: 2 }],
    ['cambiar A12 por P31', { verb: 'swap', release: 'A12', unit: 'P31', incident: 1043 }],
    ['swap a12 for p31', { verb: 'swap', release: 'A12', unit: 'P31', incident: 1043 }],
    ['deshacer 1017', { verb: 'unlink', incident: 1017 }],
    ['cobertura', { verb: 'open', what: 'coverage' }],
    ['tiempos', { verb: 'open', what: 'times' }],
    ['unir 1043 a 1040', { verb: 'link', incident: 1043, into: 1040 }],
    ['1043', { verb: 'go-incident', incident: 1043 }],
    ['P031', { verb: 'go-unit', unit: 'P031' }],
    ['ir inaquito', { verb: 'go-parish', code: '170150', name: 'Iñaquito' }],
    ['QUITUMBE', { verb: 'go-parish', code: '170151', name: 'Quitumbe' }],
    ['nueva', { verb: 'open', what: 'call' }],
    ['cuarentena', { verb: 'open', what: 'quarantine' }],
  ])('understands «%s»', (text, meant) => expect(command(text)).toEqual(meant))

  it('takes the open incident where none is named', () => {
    expect(command('asignar P31', { selected: 1040 })).toEqual({ verb: 'assign', units: ['P31'], incident: 1040 })
    expect(command('prioridad 2', { selected: 1040 })).toEqual({ verb: 'priority', incident: 1040, priority: 2 })
  })

  it.each([
    ['asignar Z99 a 1043', { trouble: 'no-unit', what: 'Z99' }],
    ['asignar A12 a 9999', { trouble: 'no-incident', what: '9999' }],
    ['asignar P31', { trouble: 'none-selected' }],
    ['liberar P31', { trouble: 'no-unit', what: 'P31' }],
    ['cambiar P31 por A12', { trouble: 'no-unit', what: 'P31' }],
    ['alarma 1043 12', { trouble: 'unknown', what: '12' }],
    ['9999', { trouble: 'no-incident', what: '9999' }],
    ['A12 bailando', { trouble: 'unknown', what: 'bailando' }],
    ['prioridad 1043 9', { trouble: 'unknown', what: '9' }],
    ['qué hora es', { trouble: 'unknown', what: 'qué hora es' }],
  ])('says what is wrong with «%s»', (text, trouble) => expect(command(text)).toEqual(trouble))

  it.each(['', '  ', 'asignar', 'cerrar 1043', 'nota 1043', 'unir 1043', 'cambiar A12', 'deshacer', 'alarma 1043'])('waits for the rest of «%s»', (text) =>
    expect(command(text)).toBeNull(),
  )

  it('finds no parish by one or two letters', () => expect(findParish('qu', known.parishes)).toBeNull())
})
