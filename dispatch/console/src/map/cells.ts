/** H3 cells as shapes; in a chunk of its own, which is loaded when someone looks at the coverage. */

import { cellToBoundary, isValidCell } from 'h3-js'
import type { Classed } from '../lib/coverage'

/** What is no cell is left out: better a hole than no map. */
export function cellShapes(cells: readonly Classed[]): GeoJSON.FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: cells.filter(({ h3 }) => isValidCell(h3)).map(({ h3, lost, level }) => ({
      type: 'Feature',
      properties: { lost, level },
      geometry: { type: 'Polygon', coordinates: [cellToBoundary(h3, true)] },
    })),
  }
}
