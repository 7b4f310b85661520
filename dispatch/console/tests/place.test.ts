import { describe, expect, it } from 'vitest'
import { circle, distanceM } from '../src/lib/circle'
import { readPlace } from '../src/lib/place'

const parishes = [{ code: '1', name: 'Cumbayá' }, { code: '2', name: 'San Juan' }]

describe('a written place', () => {
  it.each(['-0.18, -78.48', '-0.18 -78.48', '-0.18,-78.48', '-0,18; -78,48', '-0,18 -78,48'])('reads «%s»', (text) =>
    expect(readPlace(text, parishes)).toEqual({ lat: -0.18, lon: -78.48 }),
  )
  it('reads a parish, without accents too', () => expect(readPlace('cumbaya', parishes)).toEqual({ parish: parishes[0] }))
  it.each(['', '12', '95.2, -78', '-0.18, -278.4', 'Atlantis'])('does not read «%s»', (text) =>
    expect(readPlace(text, parishes)).toBeNull(),
  )
})

describe('the circle', () => {
  it.each([[-0.18, -78.48, 620], [0.31, -78.2, 12], [47.4, 8.5, 2000]])('has its metres all round, at %d %d', (lat, lon, radius_m) => {
    const ring = circle(lat, lon, radius_m)
    expect(ring[0]).toEqual(ring.at(-1))
    for (const [x, y] of ring) expect(distanceM(lat, lon, y, x)).toBeCloseTo(radius_m, 3)
  })
})
