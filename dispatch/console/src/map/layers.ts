/** What is drawn, from the ground up. The ground is barely there: only what needs a person is bright. */

import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import { PRIORITY_COLOURS } from './marks'

const FONT = ['Inter Variable', 'sans-serif']
const HALO = { 'text-halo-color': '#0d1217', 'text-halo-width': 1.4 }

export const GROUND: StyleSpecification = {
  version: 8,
  sources: {},
  layers: [{ id: 'ground', type: 'background', paint: { 'background-color': '#0d1217' } }],
}

export const SOURCES = ['parishes', 'cells', 'parish-names', 'places', 'moves', 'circles', 'trails', 'unit-trail', 'roads-taken', 'units', 'incidents', 'draft'] as const
export type SourceName = (typeof SOURCES)[number]

/** Of uncovered demand, from little to much: only ink, for the colours mean something else. */
export const COVERAGE_OPACITY = [0.035, 0.08, 0.15, 0.25] as const
export const COVERAGE_INK = '#dfe9f3'

const priorityColour = ['match', ['get', 'priority'], 1, PRIORITY_COLOURS[0], 2, PRIORITY_COLOURS[1], 3, PRIORITY_COLOURS[2], 4, PRIORITY_COLOURS[3], PRIORITY_COLOURS[4]] as unknown as string
const chosen = ['boolean', ['get', 'selected'], false] as unknown as boolean
const small = ['boolean', ['get', 'small'], false] as unknown as boolean
const when = (yes: unknown, no: unknown): never => ['case', chosen, yes, no] as never

export const LAYERS: LayerSpecification[] = [
  {
    id: 'parishes',
    type: 'fill',
    source: 'parishes',
    paint: { 'fill-color': ['match', ['get', 'kind'], 'urban', '#182029', '#131a21'] },
  },
  {
    id: 'cells',
    type: 'fill',
    source: 'cells',
    paint: {
      'fill-color': COVERAGE_INK,
      'fill-opacity': ['match', ['get', 'level'], 0, COVERAGE_OPACITY[0], 1, COVERAGE_OPACITY[1], 2, COVERAGE_OPACITY[2], COVERAGE_OPACITY[3]],
    },
  },
  {
    id: 'parish-lines',
    type: 'line',
    source: 'parishes',
    paint: { 'line-color': '#33424f', 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 0.5, 13, 1.2] },
  },
  {
    id: 'parish-chosen',
    type: 'fill',
    source: 'parishes',
    filter: ['in', ['get', 'code'], ['literal', []]],
    paint: { 'fill-color': '#cfe0f0', 'fill-opacity': 0.06 },
  },
  {
    id: 'parish-names',
    type: 'symbol',
    source: 'parish-names',
    layout: {
      'text-field': ['get', 'name'],
      'text-font': FONT,
      'text-size': ['interpolate', ['linear'], ['zoom'], 9, 10, 12, 12, 15, 15],
      'text-max-width': 7,
      'text-letter-spacing': 0.03,
      'text-padding': 6,
      'symbol-sort-key': ['get', 'order'],
    },
    paint: { 'text-color': '#7c8d9c', ...HALO },
  },
  {
    id: 'places',
    type: 'symbol',
    source: 'places',
    minzoom: 11.5,
    layout: {
      'icon-image': 'hospital',
      'icon-allow-overlap': true,
      'text-field': ['step', ['zoom'], '', 13.5, ['get', 'name']],
      'text-font': FONT,
      'text-size': 10.5,
      'text-offset': [0, 0.8],
      'text-anchor': 'top',
      'text-optional': true,
    },
    paint: { 'text-color': '#6d7f90', ...HALO },
  },
  {
    id: 'moves',
    type: 'line',
    source: 'moves',
    filter: ['==', ['geometry-type'], 'LineString'],
    paint: { 'line-color': '#e8edf2', 'line-width': 1.3, 'line-opacity': 0.8, 'line-dasharray': [1.5, 2.5] },
  },
  {
    id: 'move-ends',
    type: 'symbol',
    source: 'moves',
    filter: ['==', ['geometry-type'], 'Point'],
    layout: {
      'icon-image': 'station',
      'icon-allow-overlap': true,
      'text-field': ['get', 'name'],
      'text-font': FONT,
      'text-size': 11,
      'text-offset': [0, 0.9],
      'text-anchor': 'top',
      'text-optional': true,
    },
    paint: { 'text-color': '#e8edf2', ...HALO },
  },
  {
    id: 'circle-fill',
    type: 'fill',
    source: 'circles',
    paint: { 'fill-color': priorityColour, 'fill-opacity': when(0.1, 0.025) },
  },
  {
    id: 'circle-line',
    type: 'line',
    source: 'circles',
    paint: {
      'line-color': priorityColour,
      'line-width': when(1.6, 1),
      'line-opacity': when(0.95, 0.4),
      'line-dasharray': [3, 2.5],
    },
  },
  {
    id: 'trails',
    type: 'line',
    source: 'trails',
    filter: ['==', ['geometry-type'], 'LineString'],
    paint: { 'line-color': '#e8edf2', 'line-width': 1.2, 'line-opacity': 0.6 },
  },
  {
    id: 'trail-steps',
    type: 'circle',
    source: 'trails',
    filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-radius': 2.5, 'circle-color': '#e8edf2', 'circle-opacity': 0.7 },
  },
  {
    id: 'unit-trail',
    type: 'line',
    source: 'unit-trail',
    filter: ['==', ['geometry-type'], 'LineString'],
    layout: { 'line-join': 'round' },
    paint: { 'line-color': '#c3d0dc', 'line-width': 1.6, 'line-opacity': 0.75 },
  },
  {
    id: 'unit-trail-steps',
    type: 'circle',
    source: 'unit-trail',
    filter: ['==', ['get', 'doubtful'], false],
    paint: { 'circle-radius': ['interpolate', ['linear'], ['zoom'], 11, 1.2, 15, 2.6], 'circle-color': '#c3d0dc' },
  },
  {
    id: 'unit-trail-doubts',
    type: 'symbol',
    source: 'unit-trail',
    filter: ['==', ['get', 'doubtful'], true],
    layout: { 'icon-image': 'doubt', 'icon-allow-overlap': true, 'icon-ignore-placement': true },
  },
  {
    id: 'roads-taken',
    type: 'line',
    source: 'roads-taken',
    layout: { 'line-cap': 'round' },
    paint: { 'line-color': '#4da3ff', 'line-width': 1.6, 'line-opacity': 0.75, 'line-dasharray': [0.1, 2.2] },
  },
  {
    id: 'crowds',
    type: 'symbol',
    source: 'units',
    filter: ['has', 'crowd'],
    layout: {
      'icon-image': 'crowd',
      'icon-size': ['interpolate', ['linear'], ['get', 'crowd'], 4, 0.8, 200, 1.15],
      'icon-allow-overlap': true,
      'text-allow-overlap': true,
      'text-field': ['format', ['to-string', ['get', 'free']], {}, ['case', ['>', ['get', 'busy'], 0], ['concat', '\n+', ['get', 'busy']], ''], { 'font-scale': 0.82, 'text-color': '#9aabbb' }],
      'text-font': FONT,
      'text-size': 11.5,
      'text-line-height': 1.05,
    },
    paint: { 'text-color': '#e8edf2' },
  },
  {
    id: 'noses',
    type: 'symbol',
    source: 'units',
    filter: ['has', 'heading'],
    layout: {
      'icon-image': ['concat', 'nose-', ['get', 'letter']],
      'icon-rotate': ['get', 'heading'],
      'icon-rotation-alignment': 'map',
      'icon-allow-overlap': true,
      'icon-ignore-placement': true,
      'icon-size': ['interpolate', ['linear'], ['zoom'], 9, 0.62, 12.5, 1],
    },
    paint: { 'icon-opacity': 0.8 },
  },
  {
    id: 'units',
    type: 'symbol',
    source: 'units',
    filter: ['has', 'image'],
    layout: {
      'icon-image': ['get', 'image'],
      'icon-allow-overlap': true,
      'icon-ignore-placement': true,
      'icon-size': ['interpolate', ['linear'], ['zoom'], 9, 0.62, 12.5, 1],
      'symbol-sort-key': ['get', 'order'],
      'text-field': ['step', ['zoom'], ['case', chosen, ['get', 'id'], ''], 13.2, ['get', 'id']],
      'text-font': FONT,
      'text-size': 11,
      'text-offset': [0, 1.25],
      'text-anchor': 'top',
      'text-optional': true,
    },
    paint: { 'text-color': when('#e8edf2', '#9fb0c0'), ...HALO },
  },
  {
    id: 'unit-rings',
    type: 'symbol',
    source: 'units',
    filter: ['==', ['get', 'selected'], true],
    layout: { 'icon-image': 'ring', 'icon-size': 0.72, 'icon-allow-overlap': true, 'icon-ignore-placement': true },
    paint: { 'icon-opacity': 0.9 },
  },
  {
    id: 'incident-rings',
    type: 'symbol',
    source: 'incidents',
    filter: ['any', ['==', ['get', 'selected'], true], ['==', ['get', 'fresh'], true]],
    layout: {
      'icon-image': ['case', ['boolean', ['get', 'selected'], false], 'ring', 'alarm'],
      'icon-allow-overlap': true,
      'icon-ignore-placement': true,
    },
  },
  {
    id: 'incidents',
    type: 'symbol',
    source: 'incidents',
    layout: {
      'icon-image': ['get', 'image'],
      'icon-allow-overlap': true,
      'icon-size': ['interpolate', ['linear'], ['zoom'], 9, ['case', small, 0.42, 0.72], 12, ['case', small, 0.6, 0.9]],
      'symbol-sort-key': ['get', 'order'],
      'text-field': ['step', ['zoom'], ['case', small, '', ['to-string', ['get', 'id']]], 13.2, ['to-string', ['get', 'id']]],
      'text-font': FONT,
      'text-size': 12,
      'text-offset': when(['literal', [2, 0]], ['literal', [1.4, 0]]),
      'text-anchor': 'left',
      'text-optional': true,
    },
    paint: { 'text-color': ['case', ['boolean', ['get', 'met'], false], '#9aabbb', '#e8edf2'], ...HALO },
  },
  {
    id: 'draft-area',
    type: 'fill',
    source: 'draft',
    filter: ['==', ['geometry-type'], 'Polygon'],
    paint: { 'fill-color': '#4da3ff', 'fill-opacity': 0.14 },
  },
  {
    id: 'draft-point',
    type: 'circle',
    source: 'draft',
    filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-radius': 5, 'circle-color': '#4da3ff', 'circle-stroke-color': '#0d1217', 'circle-stroke-width': 2 },
  },
]
