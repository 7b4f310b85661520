/** The shapes of the public contract as they arrive, field for field. Times are ISO 8601, UTC. */

export type IncidentStatus = 'waiting' | 'dispatched' | 'attended' | 'closed'

export type UnitStatus =
  | 'available'
  | 'dispatched'
  | 'en_route'
  | 'on_scene'
  | 'transporting'
  | 'at_hospital'
  | 'returning'
  | 'out_of_service'
  | 'off_duty'

export type Source = 'gnss' | 'wifi' | 'cell' | 'address' | 'manual' | 'unknown'

export interface ParishProbability {
  code: string
  name: string
  probability: number
}

export interface Location {
  status: 'located' | 'ambiguous' | 'outside' | 'unlocated'
  lat: number | null
  lon: number | null
  radius_m: number | null
  confidence: number | null
  source: Source | null
  at: string | null
  parish: ParishProbability | null
  candidates: ParishProbability[]
  nearest: { code: string; name: string; distance_m: number; bearing_deg: number } | null
  contradicted: Source[]
}

export interface Assignment {
  unit_id: string
  assigned_at: string
  assigned_by: string
  en_route_at: string | null
  on_scene_at: string | null
  released_at: string | null
  release_reason: string | null
}

export interface Incident {
  id: number
  status: IncidentStatus
  priority: number
  nature: string | null
  text: string | null
  opened_at: string
  location: Location
  calls: number
  channels: string[]
  assignments: Assignment[]
  closed_at: string | null
  close_reason: string | null
  linked_to: number | null
  version: number
}

export interface Unit {
  id: string
  agency: string
  kind: string
  capabilities: string[]
  station: string | null
  status: UnitStatus
  since: string
  incident_id: number | null
  version: number
}

export interface QuarantineItem {
  id: number
  at: string
  door: string
  problem: string
  excerpt: string
  size: number
  handled_at: string | null
  handled_by: string | null
}

export interface JournalEvent {
  seq: number
  kind: string
  at: string
  actor: string
  incident: Incident | null
  units: Unit[]
  quarantine: QuarantineItem | null
  data: Record<string, unknown>
}

export interface Me {
  name: string
  role: string
}

/** id, lat, lon, heading_deg, at */
export type PositionRow = [string, number, number, number | null, string]

export interface Snapshot {
  type: 'snapshot'
  seq: number
  at: string
  incidents: Incident[]
  units: Unit[]
  positions: PositionRow[]
  quarantine: QuarantineItem[]
  me: Me
  screens: number
}

export type LiveMessage =
  | Snapshot
  | { type: 'events'; events: JournalEvent[] }
  | { type: 'positions'; at: string; units: PositionRow[] }
  | { type: 'pulse'; at: string; seq: number; screens: number }
  | { type: 'resync'; reason: string }

export interface Named {
  code: string
  es: string
  en: string
}

export interface Nature extends Named {
  service: string
  priority: number
  needs: Need[]
}

export interface Need {
  capability: string
  count: number
}

export interface Place {
  id: string
  name: string
  lat: number
  lon: number
}

export interface City {
  name: string
  timezone: string
  services: Named[]
  agencies: (Named & { letter: string })[]
  kinds: (Named & { agency: string })[]
  natures: Nature[]
  stations: Place[]
  hospitals: Place[]
  bounds: [number, number, number, number]
  tile_style_url: string | null
  stale_after_s: number
}

export interface Reason {
  code: string
  capability?: string
  age_s?: number
  nearer?: string
  because?: string
}

export interface RankedUnit {
  unit_id: string
  agency: string
  kind: string
  capabilities: string[]
  status: UnitStatus
  eta_s: number
  eta_low_s: number
  eta_high_s: number
  distance_m: number
  position_age_s: number | null
  stale: boolean
  fills: string | null
  chosen: boolean
  reasons: Reason[]
}

export interface Recommendation {
  incident_id: number
  at: string
  needs: Need[]
  units: RankedUnit[]
  shortfalls: { capability: string; missing: number }[]
}

export interface CallTaken {
  id: string
  channel: string
  number_masked: string | null
  name: string | null
  nature: string | null
  text: string | null
  location: Location
  received_at: string
  flaws: string[]
  trail: TrailPoint[]
}

/** Where a caller was: one fix, by its own time; a trail is oldest first. */
export interface TrailPoint {
  lat: number
  lon: number
  at: string
  radius_m: number | null
  source: Source
}

export interface IncidentDetail {
  incident: Incident
  calls: CallTaken[]
  assignments: Assignment[]
  timeline: JournalEvent[]
}

export interface Problem {
  type: string
  title: string
  status: number
  detail?: string
  errors?: { field: string; problem: string }[]
}

export type ParishCollection = GeoJSON.FeatureCollection<
  GeoJSON.Polygon | GeoJSON.MultiPolygon,
  { code: string; name: string; kind: 'urban' | 'rural' }
>
