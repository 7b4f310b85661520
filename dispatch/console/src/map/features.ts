/** The room as GeoJSON, ready for the map's sources. Pure. */

import polylabel from 'polylabel'
import { circle } from '../lib/circle'
import { crowds, inside, type View, widened } from '../lib/crowd'
import type { Positions } from '../lib/positions'
import { faint } from '../lib/silence'
import { onDuty } from '../lib/steps'
import type { CallTaken, City, Incident, Move, ParishCollection, Unit, UnitTrailPoint } from '../lib/wire'
import { priorityImage, unitImage } from './marks'

type Feature = GeoJSON.Feature
const collection = (features: Feature[]): GeoJSON.FeatureCollection => ({ type: 'FeatureCollection', features })
const point = (lon: number, lat: number, properties: GeoJSON.GeoJsonProperties): Feature => ({
  type: 'Feature',
  properties,
  geometry: { type: 'Point', coordinates: [lon, lat] },
})

/** With more open incidents than these, those that have their units step back: small and without a number. */
const MANY_INCIDENTS = 80

export function incidentPoints(incidents: ReadonlyMap<number, Incident>, selected: number | null, fresh: ReadonlySet<number>): GeoJSON.FeatureCollection {
  const features: Feature[] = []
  const many = incidents.size > MANY_INCIDENTS
  for (const { id, priority, status, location } of incidents.values()) {
    if (location.lat === null || location.lon === null) continue
    const chosen = id === selected
    const met = status !== 'waiting'
    const order = (chosen ? 100 : 0) + (met ? 0 : 10) + 10 - priority
    features.push(point(location.lon, location.lat, { id, priority, image: priorityImage(priority, met), met, small: many && met && !chosen, selected: chosen, fresh: fresh.has(id), order }))
  }
  return collection(features)
}

/** Of those that still wait, and of the one that is open. */
export function uncertaintyCircles(incidents: Iterable<Incident>, selected: number | null): GeoJSON.FeatureCollection {
  const features: Feature[] = []
  for (const { id, priority, status, location } of incidents) {
    if (location.lat === null || location.lon === null || location.radius_m === null) continue
    if (status !== 'waiting' && id !== selected) continue
    features.push({
      type: 'Feature',
      properties: { id, priority, selected: id === selected },
      geometry: { type: 'Polygon', coordinates: [circle(location.lat, location.lon, location.radius_m)] },
    })
  }
  return collection(features)
}

export interface UnitView {
  units: ReadonlyMap<string, Unit>
  positions: Positions
  letters: ReadonlyMap<string, string>
  /** Ringed: those that are meant now. */
  marked: ReadonlySet<string>
  /** Drawn each on its own, however many stand around; the marked are so anyway. */
  apart: ReadonlySet<string>
  now_ms: number
  silentAfter: (agency: string) => number
  view: View
}

interface Mark {
  unit: Unit
  lat: number
  lon: number
  heading_deg: number | null
  faint: boolean
  busy: boolean
}

/** So many marks can be told apart on one screen; with more in sight they are drawn together where they stand close. */
export const TELLABLE = 700

/** Units off duty or out of service aren't on the map: nobody can send them. */
export function unitPoints(asked: UnitView): GeoJSON.FeatureCollection {
  const { letters, marked, apart, view } = asked
  const own = ({ unit: { id } }: Mark): boolean => marked.has(id) || apart.has(id)
  const marks = inSight(asked)
  const feature = (mark: Mark): Feature => unitPoint(mark, letters.get(mark.unit.agency) ?? '?', marked.has(mark.unit.id))
  if (marks.length <= TELLABLE) return collection(marks.map(feature))
  const special = marks.filter(own)
  const rest = crowds(marks.filter((mark) => !own(mark)), view.zoom)
  const together = rest.crowds.map(({ lat, lon, free, busy }) => point(lon, lat, { crowd: free + busy, free, busy }))
  return collection([...together, ...rest.alone.map(feature), ...special.map(feature)])
}

function inSight({ units, positions, marked, now_ms, silentAfter, view }: UnitView): Mark[] {
  const sight = widened(view)
  const marks: Mark[] = []
  for (const [id, unit] of units) {
    const position = positions.latest.get(id)
    if (!position || !onDuty(unit.status) || !(inside(sight, position) || marked.has(id))) continue
    const { lat, lon, heading_deg } = position
    const old = faint(unit, position, now_ms, silentAfter(unit.agency))
    marks.push({ unit, lat, lon, heading_deg, faint: old, busy: unit.status !== 'available' && unit.status !== 'returning' })
  }
  return marks
}

function unitPoint({ unit: { id }, lat, lon, heading_deg, faint, busy }: Mark, letter: string, selected: boolean): Feature {
  const order = (selected ? 4 : 0) + (faint ? 0 : 2) + (busy ? 1 : 0)
  const properties: Record<string, unknown> = { id, letter, image: unitImage(letter, busy ? 'busy' : 'free', faint), order, selected }
  if (heading_deg !== null && !faint) properties['heading'] = heading_deg
  return point(lon, lat, properties)
}

/** Where a unit has been: one line through what is believed, and each doubtful position by itself. */
export function unitTrail(points: readonly UnitTrailPoint[]): GeoJSON.FeatureCollection {
  const believed = points.filter(({ doubt }) => doubt === null)
  const dots = points.map(({ lat, lon, doubt }) => point(lon, lat, { doubtful: doubt !== null }))
  if (believed.length < 2) return collection(dots)
  const coordinates = believed.map(({ lat, lon }) => [lon, lat])
  return collection([{ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } }, ...dots])
}

/** From where each unit is to where it would cover more. */
export function suggestedMoves(moves: readonly Move[], positions: Positions, city: City | null): GeoJSON.FeatureCollection {
  const features: Feature[] = []
  for (const { unit_id, to_station } of moves) {
    const from = positions.latest.get(unit_id)
    const to = city?.stations.find(({ id }) => id === to_station)
    if (!from || !to) continue
    features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: [[from.lon, from.lat], [to.lon, to.lat]] } })
    features.push(point(to.lon, to.lat, { name: `${unit_id} → ${to.name}` }))
  }
  return collection(features)
}

/** Straight lines from the units on their way to where they are sent. */
export function roadsTaken(incident: Incident | undefined, units: ReadonlyMap<string, Unit>, positions: Positions): GeoJSON.FeatureCollection {
  if (incident?.location.lat == null || incident.location.lon == null) return collection([])
  const target = [incident.location.lon, incident.location.lat]
  const features: Feature[] = []
  for (const { unit_id } of incident.assignments) {
    const status = units.get(unit_id)?.status
    const from = positions.latest.get(unit_id)
    if (!from || (status !== 'dispatched' && status !== 'en_route')) continue
    features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: [[from.lon, from.lat], target] } })
  }
  return collection(features)
}

/** The way that each caller of an incident has come, and its steps. */
export function trails(calls: readonly CallTaken[]): GeoJSON.FeatureCollection {
  const features: Feature[] = []
  for (const { trail } of calls) {
    if (trail.length < 2) continue
    features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: trail.map(({ lon, lat }) => [lon, lat]) } })
    features.push(...trail.slice(0, -1).map(({ lon, lat }) => point(lon, lat, {})))
  }
  return collection(features)
}

/** One name for each parish, where it has the most room around it. Larger parishes give way to smaller ones. */
export function parishNames(parishes: ParishCollection): GeoJSON.FeatureCollection {
  return collection(
    parishes.features.map(({ geometry, properties }) => {
      const rings = geometry.type === 'Polygon' ? geometry.coordinates : largest(geometry.coordinates)
      const [lon, lat] = polylabel(rings as [number, number][][], 0.001)
      return point(lon, lat, { name: properties.name, code: properties.code, order: properties.kind === 'urban' ? 0 : 1 })
    }),
  )
}

function largest(polygons: GeoJSON.Position[][][]): GeoJSON.Position[][] {
  return polygons.reduce((most, next) => ((next[0]?.length ?? 0) > (most[0]?.length ?? 0) ? next : most))
}

export function hospitals(city: City): GeoJSON.FeatureCollection {
  return collection(city.hospitals.map(({ name, lat, lon }) => point(lon, lat, { name })))
}

export function draftPlace(place: { lat: number; lon: number; radius_m: number } | null): GeoJSON.FeatureCollection {
  if (!place) return collection([])
  const area: Feature = {
    type: 'Feature',
    properties: {},
    geometry: { type: 'Polygon', coordinates: [circle(place.lat, place.lon, place.radius_m)] },
  }
  return collection([area, point(place.lon, place.lat, {})])
}
