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

export type Source = 'gnss' | 'wifi' | 'cell' | 'address' | 'manual' | 'reported' | 'unknown'

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
  transporting_at: string | null
  at_hospital_at: string | null
  released_at: string | null
  release_reason: string | null
}

export type Interval = 'process' | 'turnout' | 'travel' | 'response' | 'on_scene' | 'transport' | 'handover'

/** An interval that has outlasted its target; `unit_id`: whose it is, if one's. */
export interface Overdue {
  interval: Interval
  since: string
  target_s: number
  unit_id: string | null
}

/** Another incident that may be this one, 0-1. */
export interface Similar {
  incident_id: number
  score: number
  /** One phone reported both. */
  same_phone?: boolean
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
  alarm: number
  overdue: Overdue[]
  similar: Similar[]
  /** When it was opened again, each time; older nodes don't say. */
  reopened?: string[]
  /** The closed incident that its first call continues. */
  continues?: number | null
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
  crew: string[]
  /** «07:00-19:00», local. */
  shift: string | null
  silent_since: string | null
  removed_at: string | null
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

export interface QuarantinePage {
  items: QuarantineItem[]
  next: number | null
  open: number
  senders: { sender: string; items: number; bytes: number; not_kept: number; not_kept_at: string | null }[]
}

export interface JournalEvent {
  seq: number
  kind: string
  at: string
  actor: string
  incident: Incident | null
  units: Unit[]
  /** Told by older nodes only, instead of the number. */
  quarantine: QuarantineItem | null
  /** How many quarantined reports nobody has looked at then; null where the event changed none. */
  quarantine_open?: number | null
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
  /** Of older nodes only, which give no number. */
  quarantine?: QuarantineItem[]
  quarantine_open?: number
  me: Me
  screens: number
}

export type LiveMessage =
  | Snapshot
  | { type: 'events'; events: JournalEvent[] }
  | { type: 'positions'; at: string; units: PositionRow[] }
  | { type: 'pulse'; at: string; seq: number; screens: number }
  | { type: 'resync'; reason: string }
  | { type: 'move'; reason: string }

export interface Named {
  code: string
  es: string
  en: string
}

export interface Nature extends Named {
  service: string
  priority: number
  needs: Need[]
  /** What each further alarm adds. */
  alarms?: Need[][]
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
  agencies: (Named & { letter: string; silent_after_s?: number })[]
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
  lacks?: string[]
  age_s?: number
  nearer?: string
  because?: string
  incident_id?: number
  priority?: number
  minutes?: number
  since?: string
  lost?: number
  metres?: number
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
  /** The incident that it would be taken from; such a unit is never chosen by the service. */
  preempts?: { incident_id: number; priority: number } | null
  /** Priority 1 and 2 calls a day that would no longer be reached in time. */
  coverage_lost?: number | null
}

export type TravelSource = 'line' | 'roads' | 'server'

/** How arrival times were made, and what was wanted instead. */
export interface Travel {
  source: TravelSource
  fallback: { wanted: TravelSource; because: string } | null
}

/** Whether the same units would be sent from everywhere the caller may be. */
export interface Certainty {
  points: number
  same_choice: number
  others: { unit_ids: string[]; probability: number }[]
}

export interface Recommendation {
  incident_id: number
  at: string
  alarm?: number
  /** How many alarm levels the plan of this nature has. */
  alarms?: number
  needs: Need[]
  units: RankedUnit[]
  shortfalls: { capability: string; missing: number }[]
  travel?: Travel
  certainty?: Certainty | null
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
  /** How alike it was to its incident when it was joined without a person, 0-1. */
  likeness?: number | null
  /** The incident it was of before a person found that two were one. */
  linked_from?: number | null
}

/** Where a caller was: one fix, by its own time; a trail is oldest first. */
export interface TrailPoint {
  lat: number
  lon: number
  at: string
  radius_m: number | null
  source: Source
}

/** Where a unit was; `doubt` says why a position is kept as history and not shown as truth. */
export interface UnitTrailPoint {
  lat: number
  lon: number
  at: string
  heading_deg: number | null
  speed_mps: number | null
  accuracy_m: number | null
  doubt: string | null
}

export interface UnitTrail {
  items: UnitTrailPoint[]
  next: string | number | null
}

export type Grouping = 'agency' | 'parish' | 'priority' | 'nature'

export interface IntervalRow {
  group: string | number | null
  interval: Interval
  count: number
  median_s: number | null
  p90_s: number | null
  /** The one of most, where the group mixes several. */
  target_s: number | null
  targets_s: number[]
  /** Which share, 0-1, is to be within the target, and which was. */
  target_share: number | null
  met: number | null
}

export interface CoverageCell {
  h3: string
  /** Priority 1 and 2 calls a day, and the share of them, 0-1, that would be reached in time. */
  demand: number
  covered: number
}

export interface Move {
  unit_id: string
  to_station: string
  gain: number
  drive_s: number
}

export interface CoverageView {
  at: string
  /** The share of all urgent calls, 0-1. */
  covered: number
  cells: CoverageCell[]
  moves: Move[]
}

export interface IncidentDetail {
  incident: Incident
  calls: CallTaken[]
  assignments: Assignment[]
  timeline: JournalEvent[]
}

/** A call of another incident, and what became of that. */
export interface RelatedCall {
  call_id: string
  incident_id: number
  received_at: string
  channel: string
  nature: string | null
  number_masked: string | null
  status: IncidentStatus
  close_reason: string | null
  closed_at: string | null
  linked_to: number | null
  distance_m: number | null
}

/** The latest calls of the same phones, and from within 100 m. */
export interface RelatedCalls {
  phone: RelatedCall[]
  shared: boolean
  place: RelatedCall[]
}

export interface Problem {
  type: string
  title: string
  status: number
  detail?: string
  errors?: { field: string; problem: string }[]
  /** Of a lost race (409): what is true now. */
  incident?: Incident
  units?: Unit[]
  unit?: Unit
  /** Of a sign-in link that is refused. */
  link?: 'used' | 'expired' | 'unknown'
}

export type ParishCollection = GeoJSON.FeatureCollection<
  GeoJSON.Polygon | GeoJSON.MultiPolygon,
  { code: string; name: string; kind: 'urban' | 'rural' }
>
