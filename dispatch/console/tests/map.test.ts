import { latLngToCell } from 'h3-js'
import { describe, expect, it } from 'vitest'
import { crowds, type View } from '../src/lib/crowd'
import { Positions } from '../src/lib/positions'
import type { Unit } from '../src/lib/wire'
import { cellShapes } from '../src/map/cells'
import { TELLABLE, type UnitView, unitPoints, unitTrail } from '../src/map/features'

const CITY: View = { west: -78.6, south: -0.4, east: -78.3, north: 0.05, zoom: 10.5 }

/** `count` units in rows over the city, every third busy. */
function fleet(count: number): Pick<UnitView, 'units' | 'positions'> {
  const positions = new Positions()
  const units = new Map<string, Unit>()
  const side = Math.ceil(Math.sqrt(count))
  const rows = Array.from({ length: count }, (_, i): [string, number, number, null, string] => [
    `U${i}`, CITY.south + ((i % side) / side) * (CITY.north - CITY.south), CITY.west + (Math.floor(i / side) / side) * (CITY.east - CITY.west), null, '2026-11-23T21:00:00Z',
  ])
  positions.reset(rows)
  rows.forEach(([id], i) => units.set(id, { id, agency: 'PN', status: i % 3 === 0 ? 'en_route' : 'available', silent_since: null } as Unit))
  return { units, positions }
}

const seen = (count: number, more: Partial<UnitView> = {}): GeoJSON.Feature[] =>
  unitPoints({
    ...fleet(count), letters: new Map([['PN', 'P']]), marked: new Set(), apart: new Set(), now_ms: Date.parse('2026-11-23T21:00:10Z'), silentAfter: () => 60, view: CITY, ...more,
  }).features

describe('units on the map', () => {
  it('stand each for itself while they can be told apart', () => {
    const features = seen(TELLABLE)
    expect(features).toHaveLength(TELLABLE)
    expect(features.every(({ properties }) => properties?.['image'])).toBe(true)
  })
  it('become crowds when there are thousands, and none is lost', () => {
    const features = seen(20_000)
    expect(features.length).toBeLessThan(TELLABLE)
    const crowded = features.filter(({ properties }) => properties?.['crowd'])
    const inCrowds = crowded.reduce((sum, { properties }) => sum + (properties?.['crowd'] as number), 0)
    expect(inCrowds + features.length - crowded.length).toBe(20_000)
    const free = features.reduce((sum, { properties }) => sum + ((properties?.['free'] as number | undefined) ?? (String(properties?.['image']).includes('free') ? 1 : 0)), 0)
    expect(free).toBe(20_000 - Math.ceil(20_000 / 3))
  })
  it('show who is meant on its own, in a crowd and out of sight', () => {
    const view: View = { ...CITY, west: -78.6, east: -78.5 }
    const ids = seen(20_000, { marked: new Set(['U0']), apart: new Set(['U9999']), view }).map(({ properties }) => properties?.['id'] as string | undefined)
    expect(ids).toContain('U0')
    expect(ids).toContain('U9999')
  })
  it('are not looked at beyond the edges of what is shown', () => {
    expect(seen(20_000, { view: { west: -77, south: -0.4, east: -76.9, north: 0.05, zoom: 10.5 } })).toEqual([])
  })
  it('keep their crowd while the map is moved', () => {
    const things = [...fleet(2000).positions.latest.values()].map((position) => ({ ...position, busy: false }))
    const before = crowds(things, 10.5)
    const after = crowds(things.filter(({ lon }) => lon < -78.4), 10.9)
    const known = new Set(before.crowds.map(({ lat, lon }) => `${lat} ${lon}`))
    const kept = after.crowds.filter(({ lat, lon }) => known.has(`${lat} ${lon}`))
    expect(kept.length).toBeGreaterThan(after.crowds.length * 0.7)
  })
})

describe('a trail', () => {
  const step = (lat: number, doubt: string | null) => ({ lat, lon: -78.5, at: '', heading_deg: null, speed_mps: null, accuracy_m: null, doubt })
  it('goes through what is believed, and shows what is not apart', () => {
    const { features } = unitTrail([step(-0.1, null), step(9, 'too_fast'), step(-0.11, null)])
    const line = features.find(({ geometry }) => geometry.type === 'LineString')
    expect(line?.geometry).toEqual({ type: 'LineString', coordinates: [[-78.5, -0.1], [-78.5, -0.11]] })
    expect(features.filter(({ properties }) => properties?.['doubtful'] === true)).toHaveLength(1)
  })
  it('of one position has no line', () => {
    expect(unitTrail([step(-0.1, null)]).features.map(({ geometry }) => geometry.type)).toEqual(['Point'])
  })
})

describe('cells', () => {
  it('are closed hexagons in GeoJSON order; what is no cell is left out', () => {
    const { features } = cellShapes([{ h3: latLngToCell(-0.2, -78.5, 8), lost: 1, level: 3 }, { h3: 'nonsense', lost: 1, level: 3 }])
    expect(features).toHaveLength(1)
    const [ring] = (features[0]?.geometry as GeoJSON.Polygon).coordinates as [GeoJSON.Position[]]
    expect(ring).toHaveLength(7)
    expect(ring[0]).toEqual(ring.at(-1))
    for (const [lon, lat] of ring as [number, number][]) {
      expect(lon).toBeCloseTo(-78.5, 1)
      expect(lat).toBeCloseTo(-0.2, 1)
    }
  })
})
