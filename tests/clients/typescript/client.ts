// One report and the incident that it opened, by the generated types alone: whatever they don't allow doesn't compile.
import createClient from 'openapi-fetch'
import type { paths, components } from './api.js'

const { SERVICE_URL, SERVICE_KEY, CALL_ID } = process.env
const client = createClient<paths>({ baseUrl: SERVICE_URL!, headers: { Authorization: `Bearer ${SERVICE_KEY}` } })

const body: components['schemas']['CallBody'] = {
  id: CALL_ID!,
  channel: 'app',
  nature: 'crash_injured',
  fixes: [{ source: 'gnss', lat: -0.2201, lon: -78.5123, radius_m: 15 }],
}
const taken = await client.POST('/v1/calls', { body })
if (!taken.data || !('incident_id' in taken.data)) throw new Error(JSON.stringify(taken.error))

const seen = await client.GET('/v1/incidents/{incident_id}', {
  params: { path: { incident_id: taken.data.incident_id } },
})
if (!seen.data) throw new Error(JSON.stringify(seen.error))

const refused = await client.GET('/v1/incidents/{incident_id}', { params: { path: { incident_id: 999_999 } } })
console.log(
  JSON.stringify({
    call_id: taken.data.call_id,
    parish: taken.data.location.parish?.name,
    calls: seen.data.calls.map((call) => call.id),
    refused: refused.error?.status,
  }),
)
