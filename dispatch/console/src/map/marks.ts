/** The marks of the map, drawn once into images: a hexagon for each priority, a letter in its shape for each agency. */

import type { Map as MapLibre } from 'maplibre-gl'

/** Used for priorities and for nothing else; the fifth has no colour, only ink. */
export const PRIORITY_COLOURS = ['#ff5a52', '#ff9f40', '#f7d154', '#6fc7a4', '#b4c0cc'] as const

/** By letter, for a letter is what a person knows an agency by. No hue here is near a priority's. */
export const AGENCY_COLOURS: Record<string, string> = {
  P: '#7fb0ff',
  A: '#8fe6f5',
  B: '#f0a3dc',
  T: '#c3aeff',
  M: '#b8c4d0',
  G: '#d9cbb8',
  F: '#a9c0a0',
}
export const OTHER_COLOUR = '#b8c4d0'

const GROUND = '#10151b'
const FONT = '"Inter Variable", system-ui, sans-serif'

export type Shape = (path: Path2D, c: number, r: number) => void

const polygon =
  (corners: number, turn: number): Shape =>
  (path, c, r) => {
    for (let i = 0; i < corners; i++) {
      const angle = ((turn + (360 * i) / corners) * Math.PI) / 180
      path.lineTo(c + r * Math.sin(angle), c - r * Math.cos(angle))
    }
    path.closePath()
  }

const square: Shape = (path, c, r) => path.roundRect(c - r * 0.82, c - r * 0.82, r * 1.64, r * 1.64, r * 0.34)
const box: Shape = (path, c, r) => path.rect(c - r * 0.8, c - r * 0.8, r * 1.6, r * 1.6)
const circle: Shape = (path, c, r) => path.arc(c, c, r * 0.94, 0, 2 * Math.PI)
const shield: Shape = (path, c, r) => {
  path.moveTo(c - r * 0.82, c - r * 0.82)
  path.lineTo(c + r * 0.82, c - r * 0.82)
  path.lineTo(c + r * 0.82, c + r * 0.2)
  path.lineTo(c, c + r)
  path.lineTo(c - r * 0.82, c + r * 0.2)
  path.closePath()
}

export const SHAPES: Record<string, Shape> = {
  P: square,
  A: circle,
  B: polygon(4, 0),
  T: polygon(8, 22.5),
  M: box,
  G: polygon(5, 0),
  F: shield,
}

export type Fill = 'free' | 'busy'

export const unitImage = (letter: string, fill: Fill, stale: boolean): string => `unit-${letter}-${fill}${stale ? '-stale' : ''}`
export const noseImage = (letter: string): string => `nose-${letter}`
/** An incident that has its units is hollow, as a unit that is free: only what waits for a person is bright. */
export const priorityImage = (priority: number, met: boolean): string => `priority-${Math.min(5, Math.max(1, priority))}${met ? '-met' : ''}`

export function addMarks(map: MapLibre, letters: Iterable<string>): void {
  const ratio = Math.max(2, Math.ceil(devicePixelRatio))
  const add = (name: string, size: number, draw: (pen: CanvasRenderingContext2D) => void): void => {
    if (!map.hasImage(name)) map.addImage(name, drawn(size, ratio, draw), { pixelRatio: ratio })
  }
  for (const letter of new Set(letters)) {
    for (const fill of ['free', 'busy'] as const)
      for (const stale of [false, true])
        add(unitImage(letter, fill, stale), 26, (pen) => unitMark(pen, 13, letter, fill, stale))
    add(noseImage(letter), 36, (pen) => nose(pen, 18, AGENCY_COLOURS[letter] ?? OTHER_COLOUR))
  }
  for (const priority of [1, 2, 3, 4, 5])
    for (const met of [false, true]) add(priorityImage(priority, met), 36, (pen) => hexagon(pen, 18, priority, met))
  add('ring', 60, (pen) => ring(pen, 30, '#ffffff', 1.75))
  add('alarm', 60, (pen) => ring(pen, 30, PRIORITY_COLOURS[0], 2.5))
  add('hospital', 14, (pen) => cross(pen, 7))
  add('station', 14, (pen) => station(pen, 7))
  add('crowd', 40, (pen) => crowd(pen, 20))
  add('doubt', 16, (pen) => doubt(pen, 8))
}

function drawn(size: number, ratio: number, draw: (pen: CanvasRenderingContext2D) => void): ImageData {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = size * ratio
  const pen = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
  pen.scale(ratio, ratio)
  draw(pen)
  return pen.getImageData(0, 0, size * ratio, size * ratio)
}

export function unitMark(pen: CanvasRenderingContext2D, c: number, letter: string, fill: Fill, stale: boolean): void {
  const colour = AGENCY_COLOURS[letter] ?? OTHER_COLOUR
  const path = new Path2D()
  const shape = SHAPES[letter] ?? box
  shape(path, c, letter === 'B' ? 11.5 : 10)
  pen.globalAlpha = stale ? 0.62 : 1
  pen.fillStyle = fill === 'busy' ? colour : GROUND
  pen.fill(path)
  if (stale) {
    pen.setLineDash([2.4, 2.2])
    if (fill === 'busy') pen.strokeStyle = GROUND
  }
  pen.lineWidth = 1.6
  pen.strokeStyle = stale && fill === 'busy' ? GROUND : colour
  pen.stroke(path)
  write(pen, letter, c, letter === 'G' ? c + 0.8 : letter === 'F' ? c - 1 : c, `700 ${letter === 'B' ? 10 : 10.5}px ${FONT}`, fill === 'busy' ? GROUND : colour)
}

function nose(pen: CanvasRenderingContext2D, c: number, colour: string): void {
  pen.fillStyle = colour
  pen.beginPath()
  pen.moveTo(c, c - 16)
  pen.lineTo(c + 4, c - 10)
  pen.lineTo(c - 4, c - 10)
  pen.fill()
}

function hexagon(pen: CanvasRenderingContext2D, c: number, priority: number, met: boolean): void {
  const colour = PRIORITY_COLOURS[priority - 1] as string
  const path = new Path2D()
  polygon(6, 0)(path, c, met ? 12.5 : 15)
  pen.lineJoin = 'round'
  pen.lineWidth = 4
  pen.strokeStyle = GROUND
  pen.stroke(path)
  pen.fillStyle = met ? GROUND : colour
  pen.fill(path)
  if (met) {
    pen.lineWidth = 1.8
    pen.strokeStyle = colour
    pen.stroke(path)
  }
  write(pen, String(priority), c, c, `${met ? '700 12px' : '800 15px'} ${FONT}`, met ? colour : GROUND)
}

function ring(pen: CanvasRenderingContext2D, c: number, colour: string, width: number): void {
  pen.strokeStyle = colour
  pen.lineWidth = width
  pen.beginPath()
  pen.arc(c, c, width > 2 ? 26 : 22, 0, 2 * Math.PI)
  pen.stroke()
}

function cross(pen: CanvasRenderingContext2D, c: number): void {
  pen.fillStyle = '#6d7f90'
  pen.fillRect(c - 1.25, c - 5, 2.5, 10)
  pen.fillRect(c - 5, c - 1.25, 10, 2.5)
}

function station(pen: CanvasRenderingContext2D, c: number): void {
  pen.fillStyle = GROUND
  pen.strokeStyle = '#e8edf2'
  pen.lineWidth = 1.4
  pen.fillRect(c - 4, c - 4, 8, 8)
  pen.strokeRect(c - 4, c - 4, 8, 8)
}

/** A ring for several units: no agency's shape, no agency's colour. */
function crowd(pen: CanvasRenderingContext2D, c: number): void {
  pen.fillStyle = GROUND
  pen.strokeStyle = '#8fa0b0'
  pen.lineWidth = 1.3
  pen.beginPath()
  pen.arc(c, c, 17, 0, 2 * Math.PI)
  pen.fill()
  pen.stroke()
}

/** A position that isn't believed: hollow, dashed, asked about. */
function doubt(pen: CanvasRenderingContext2D, c: number): void {
  pen.fillStyle = GROUND
  pen.strokeStyle = '#e8edf2'
  pen.lineWidth = 1.2
  pen.setLineDash([2, 1.6])
  pen.beginPath()
  pen.arc(c, c, 6, 0, 2 * Math.PI)
  pen.fill()
  pen.stroke()
  write(pen, '?', c, c, `700 9px ${FONT}`, '#e8edf2')
}

function write(pen: CanvasRenderingContext2D, text: string, x: number, y: number, font: string, colour: string): void {
  pen.font = font
  pen.fillStyle = colour
  pen.textAlign = 'center'
  pen.textBaseline = 'alphabetic'
  const { actualBoundingBoxAscent: above, actualBoundingBoxDescent: below } = pen.measureText(text)
  pen.fillText(text, x, y + (above - below) / 2)
}
