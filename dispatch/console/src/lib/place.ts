/** A place as a dispatcher writes it: coordinates, or the name of a parish. */

import { findParish } from './palette'

export type WrittenPlace<P> = { lat: number; lon: number } | { parish: P } | null

/** `-0.18, -78.48`, `-0,18; -78,48`, `-0.18 -78.48`; latitude first. Null where it is neither. */
export function readPlace<P extends { name: string }>(text: string, parishes: readonly P[]): WrittenPlace<P> {
  const point = readPoint(text)
  if (point) return point
  const parish = findParish(text, parishes)
  return parish ? { parish } : null
}

const POINT = /^([+-]?\d{1,2}(?:[.,]\d+)?)(?:\s*;\s*|\s*,\s+|\s+|,)([+-]?\d{1,3}(?:[.,]\d+)?)$/

export function readPoint(text: string): { lat: number; lon: number } | null {
  const found = POINT.exec(text.trim())
  if (!found) return null
  const [lat, lon] = [found[1], found[2]].map((part) => Number((part as string).replace(',', '.'))) as [number, number]
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null
}
