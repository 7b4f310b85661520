/** Classes of a map: few, with round limits that a person can read. */

const ROUND = [1, 2, 5, 10]

/** The next of 1, 2, 5 × 10^n that isn't below `value`. */
export function roundUp(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value))
  const step = ROUND.find((step) => step * magnitude >= value * (1 - 1e-9)) ?? 10
  return step * magnitude
}

/** Ascending lower limits of up to four classes; the first is the least that is drawn at all. Empty where nothing is above 0. */
export function limits(values: readonly number[]): number[] {
  const some = values.filter((value) => value > 0).sort((a, b) => a - b)
  if (some.length === 0) return []
  const top = roundUp(some[Math.ceil((some.length - 1) * 0.98)] as number)
  return [top / 20, top / 10, top / 4, top / 2]
}

/** The index of the class, or -1 below the first. */
export function classOf(value: number, limits: readonly number[]): number {
  return limits.findLastIndex((limit) => value >= limit)
}
