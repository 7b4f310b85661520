/** Circles in true metres, as rings of longitude and latitude. */

const EARTH_M = 6_371_008.8
const RAD = Math.PI / 180

/** The point `distance_m` away in the direction `bearing_deg`, on the sphere. */
export function destination(lat: number, lon: number, distance_m: number, bearing_deg: number): [number, number] {
  const d = distance_m / EARTH_M
  const b = bearing_deg * RAD
  const phi = lat * RAD
  const sin = Math.sin(phi) * Math.cos(d) + Math.cos(phi) * Math.sin(d) * Math.cos(b)
  const east = Math.atan2(Math.sin(b) * Math.sin(d) * Math.cos(phi), Math.cos(d) - Math.sin(phi) * sin)
  return [lon + east / RAD, Math.asin(sin) / RAD]
}

/** A closed ring in GeoJSON order. */
export function circle(lat: number, lon: number, radius_m: number, corners = 64): [number, number][] {
  const ring = Array.from({ length: corners }, (_, i) => destination(lat, lon, radius_m, (360 * i) / corners))
  return [...ring, ring[0] as [number, number]]
}

export function distanceM(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const a =
    Math.sin(((lat2 - lat1) * RAD) / 2) ** 2 +
    Math.cos(lat1 * RAD) * Math.cos(lat2 * RAD) * Math.sin(((lon2 - lon1) * RAD) / 2) ** 2
  return 2 * EARTH_M * Math.asin(Math.sqrt(a))
}
