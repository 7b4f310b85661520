/** What may be set by hand from each status: the mirror of the service's own table, which has the last word. */

import type { UnitStatus } from './wire'

export const STEPS: Record<UnitStatus, readonly UnitStatus[]> = {
  available: ['returning', 'out_of_service', 'off_duty'],
  dispatched: ['en_route', 'on_scene'],
  en_route: ['on_scene'],
  on_scene: ['transporting', 'returning'],
  transporting: ['at_hospital'],
  at_hospital: ['returning', 'available'],
  returning: ['available', 'out_of_service', 'off_duty'],
  out_of_service: ['available', 'off_duty'],
  off_duty: ['available', 'out_of_service'],
}

const ASSIGNABLE: ReadonlySet<UnitStatus> = new Set(['available', 'returning'])
const ON_INCIDENT: ReadonlySet<UnitStatus> = new Set(['dispatched', 'en_route', 'on_scene', 'transporting', 'at_hospital'])

export const assignable = (status: UnitStatus): boolean => ASSIGNABLE.has(status)
export const onIncident = (status: UnitStatus): boolean => ON_INCIDENT.has(status)
export const onDuty = (status: UnitStatus): boolean => status !== 'off_duty' && status !== 'out_of_service'
