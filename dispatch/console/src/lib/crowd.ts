/** Thousands of marks on one screen are none: where many units stand close together, one mark with their number does.
 *
 * The grid is fixed to the ground, so that numbers don't dance while the map is moved. */

export interface View {
  west: number
  south: number
  east: number
  north: number
  zoom: number
}

export interface Crowd {
  lat: number
  lon: number
  free: number
  busy: number
}

interface Place {
  lat: number
  lon: number
}

/** Side of a cell on the screen; fewer units in it than these are drawn one by one. */
const CELL_PX = 60
const LEAST = 4
const TILE_PX = 512
/** How finely a crowd's place in its cell is told. */
const STEPS = 8

export const inside = ({ west, south, east, north }: View, { lat, lon }: Place): boolean =>
  lon >= west && lon <= east && lat >= south && lat <= north

/** Half a screen more on each side, so that a small pull of the map shows no empty edge. */
export function widened(view: View): View {
  const [dx, dy] = [(view.east - view.west) / 2, (view.north - view.south) / 2]
  return { ...view, west: view.west - dx, east: view.east + dx, south: view.south - dy, north: view.north + dy }
}

/** `things` parted into those drawn alone and crowds. `zoom` as the map counts it: a whole world is 512 × 2^zoom wide. */
export function crowds<T extends Place & { busy: boolean }>(things: readonly T[], zoom: number): { alone: T[]; crowds: Crowd[] } {
  const side_deg = (CELL_PX * 360) / (TILE_PX * 2 ** Math.floor(zoom))
  const columns = Math.ceil(360 / side_deg)
  const cells = new Map<number, T[]>()
  for (const thing of things) {
    const key = Math.floor((thing.lat + 90) / side_deg) * columns + Math.floor((thing.lon + 180) / side_deg)
    const cell = cells.get(key)
    if (cell) cell.push(thing)
    else cells.set(key, [thing])
  }
  const alone: T[] = []
  const together: Crowd[] = []
  for (const cell of cells.values()) {
    if (cell.length < LEAST) alone.push(...cell)
    else together.push(crowd(cell, side_deg / STEPS))
  }
  return { alone, crowds: together }
}

/** In the middle of its members, but in steps: it needn't be drawn anew for each metre that one of hundreds drives. */
function crowd(cell: readonly (Place & { busy: boolean })[], step_deg: number): Crowd {
  const stepped = (sum: number): number => Math.round(sum / cell.length / step_deg) * step_deg
  let [lat, lon, busy] = [0, 0, 0]
  for (const thing of cell) {
    lat += thing.lat
    lon += thing.lon
    if (thing.busy) busy += 1
  }
  return { lat: stepped(lat), lon: stepped(lon), busy, free: cell.length - busy }
}
