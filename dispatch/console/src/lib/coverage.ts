/** What nobody would reach in time, cell by cell. */

import { classOf, limits } from './classes'
import type { CoverageCell } from './wire'

/** Priority 1 and 2 calls a day in the cell that would be reached too late. */
export const uncovered = (cell: CoverageCell): number => cell.demand * Math.max(0, 1 - cell.covered)

export interface Classed {
  h3: string
  lost: number
  level: number
}

/** The cells worth drawing, each with its class, and the lower limits of the classes. */
export function classed(cells: readonly CoverageCell[]): { cells: Classed[]; limits: number[] } {
  const steps = limits(cells.map(uncovered))
  const drawn = cells.map((cell) => ({ h3: cell.h3, lost: uncovered(cell), level: classOf(uncovered(cell), steps) }))
  return { cells: drawn.filter(({ level }) => level >= 0), limits: steps }
}
