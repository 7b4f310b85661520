/** The map itself. Everything that moves goes straight into its sources, past the reactive state. */

import 'maplibre-gl/dist/maplibre-gl.css'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { type GeoJSONSource, Map as MapLibre, type MapMouseEvent, ScaleControl, setWorkerUrl } from 'maplibre-gl'
import type { View } from '../lib/crowd'
import type { City, ParishCollection } from '../lib/wire'
import { hospitals, parishNames } from './features'
import { GROUND, LAYERS, SOURCES, type SourceName } from './layers'
import { addMarks } from './marks'

setWorkerUrl(workerUrl)

const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }
/** The whole district is mostly forest; this is the part where people live, as the share of the bounds to show first. */
const CALM_MS = matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 450

export interface MapEars {
  incident: (id: number) => void
  unit: (id: string) => void
  ground: (place: { lat: number; lon: number }) => void
  /** The map shows another part of the city. */
  moved: () => void
}

export class CityMap {
  readonly #map: MapLibre
  readonly #waiting = new Map<SourceName, () => GeoJSON.FeatureCollection>()
  readonly #drawn = new Map<SourceName, string>()
  readonly #home: [number, number, number, number]
  #frame = 0
  #ready = false
  #parishes: ParishCollection

  constructor(container: HTMLElement, city: City, parishes: ParishCollection, ears: MapEars) {
    this.#parishes = parishes
    this.#home = urbanBounds(parishes) ?? city.bounds
    this.#map = new MapLibre({
      container,
      style: city.tile_style_url ?? GROUND,
      bounds: this.#home,
      fitBoundsOptions: { padding: 24 },
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      minZoom: 7,
      maxZoom: 19,
      fadeDuration: 0,
      // The queue and the palette are the keyboard's way; arrows on a focused map still pan.
      keyboard: true,
    })
    this.#map.touchZoomRotate.disableRotation()
    this.#map.addControl(new ScaleControl({ maxWidth: 90 }), 'bottom-right')
    this.#map.on('load', () => this.#begin(city, parishes))
    this.#map.on('click', (event) => this.#clicked(event, ears))
    this.#map.on('moveend', () => ears.moved())
    for (const layer of ['incidents', 'units', 'crowds']) {
      this.#map.on('mouseenter', layer, () => (this.#map.getCanvas().style.cursor = 'pointer'))
      this.#map.on('mouseleave', layer, () => (this.#map.getCanvas().style.cursor = ''))
    }
  }

  /** Draws at the next frame; asked several times before it, draws once, with the last. */
  draw(source: SourceName, features: () => GeoJSON.FeatureCollection): void {
    this.#waiting.set(source, features)
    this.#schedule()
  }

  /** Laying out and painting costs more than looking whether anything is different. */
  #set(source: SourceName, features: GeoJSON.FeatureCollection): void {
    const text = JSON.stringify(features)
    if (this.#drawn.get(source) === text) return
    this.#drawn.set(source, text)
    void this.#map.getSource<GeoJSONSource>(source)?.setData(features)
  }

  view(): View {
    const bounds = this.#map.getBounds()
    return { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth(), zoom: this.#map.getZoom() }
  }

  candidates(codes: readonly string[]): void {
    if (this.#ready) this.#map.setFilter('parish-chosen', ['in', ['get', 'code'], ['literal', [...codes]]])
    else this.#map.once('load', () => this.candidates(codes))
  }

  show(what: { lat: number; lon: number } | { parish: string } | 'city'): void {
    if (what === 'city') this.#map.fitBounds(this.#home, { padding: 24, duration: CALM_MS })
    else if ('parish' in what) {
      const parish = this.#parishes.features.find((feature) => feature.properties.code === what.parish)
      if (parish) this.#map.fitBounds(boundsOf([parish.geometry]), { padding: 48, duration: CALM_MS })
    } else this.#map.easeTo({ center: [what.lon, what.lat], zoom: Math.max(13.5, this.#map.getZoom()), duration: CALM_MS })
  }

  /** Moves only when the place isn't comfortably in sight. */
  reveal(lat: number, lon: number): void {
    const { x, y } = this.#map.project([lon, lat])
    const { clientWidth: width, clientHeight: height } = this.#map.getContainer()
    const margin = 70
    if (x > margin && y > margin && x < width - margin && y < height - margin) return
    this.#map.easeTo({ center: [lon, lat], duration: CALM_MS })
  }

  zoom(by: 1 | -1): void {
    this.#map.easeTo({ zoom: this.#map.getZoom() + by, duration: CALM_MS / 2 })
  }

  cursor(crosshair: boolean): void {
    this.#map.getCanvas().style.cursor = crosshair ? 'crosshair' : ''
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame)
    this.#map.remove()
  }

  #begin(city: City, parishes: ParishCollection): void {
    addMarks(this.#map, city.agencies.map((agency) => agency.letter))
    for (const source of SOURCES) this.#map.addSource(source, { type: 'geojson', data: EMPTY })
    for (const layer of LAYERS) this.#map.addLayer(layer)
    this.#ready = true
    this.draw('parishes', () => parishes)
    this.draw('parish-names', () => parishNames(parishes))
    this.draw('places', () => hospitals(city))
    this.#map.getContainer().dataset['ready'] = 'yes'
  }

  #schedule(): void {
    if (this.#ready && this.#frame === 0 && this.#waiting.size > 0) this.#frame = requestAnimationFrame(() => this.#drawAll())
  }

  #drawAll(): void {
    this.#frame = 0
    for (const [name, features] of this.#waiting) this.#set(name, features())
    this.#waiting.clear()
  }

  #clicked(event: MapMouseEvent, ears: MapEars): void {
    const around = (px: number): [[number, number], [number, number]] => [
      [event.point.x - px, event.point.y - px],
      [event.point.x + px, event.point.y + px],
    ]
    const { lat, lng: lon } = event.lngLat
    if (this.#map.getCanvas().style.cursor === 'crosshair' || !this.#ready) return ears.ground({ lat, lon })
    const incident = this.#map.queryRenderedFeatures(around(3), { layers: ['incidents'] })[0]
    if (incident) return ears.incident(Number(incident.properties['id']))
    const unit = this.#map.queryRenderedFeatures(around(4), { layers: ['units'] })[0]
    if (unit) return ears.unit(String(unit.properties['id']))
    const crowd = this.#map.queryRenderedFeatures(event.point, { layers: ['crowds'] })[0]
    if (crowd) return void this.#map.easeTo({ center: event.lngLat, zoom: this.#map.getZoom() + 1.5, duration: CALM_MS })
    ears.ground({ lat, lon })
  }
}

type Bounds = [number, number, number, number]

function urbanBounds(parishes: ParishCollection): Bounds | null {
  const urban = parishes.features.filter((feature) => feature.properties.kind === 'urban')
  return urban.length > 0 ? boundsOf(urban.map((feature) => feature.geometry)) : null
}

function boundsOf(shapes: readonly (GeoJSON.Polygon | GeoJSON.MultiPolygon)[]): Bounds {
  const bounds: Bounds = [Infinity, Infinity, -Infinity, -Infinity]
  for (const shape of shapes) {
    const polygons = shape.type === 'Polygon' ? [shape.coordinates] : shape.coordinates
    for (const [lon, lat] of polygons.flat(2) as [number, number][]) {
      bounds[0] = Math.min(bounds[0], lon)
      bounds[1] = Math.min(bounds[1], lat)
      bounds[2] = Math.max(bounds[2], lon)
      bounds[3] = Math.max(bounds[3], lat)
    }
  }
  return bounds
}
