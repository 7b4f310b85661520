"""Earlier and later calls of the same phones, or from the same place, and what became of their incidents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record

from dispatch.model import Caller, CallId, Channel, IncidentId, IncidentStatus
from dispatch.model.phone import identities
from dispatch.store.db import Connection
from geo import destination, distance_m

MOST_RELATED = 20
WITHIN_M = 100.0
# A position known more widely than this is of no one place.
WIDEST_M = 500.0

CALLS = """
    select c.id, c.incident_id, c.received_at, c.channel, coalesce(c.nature, i.nature) as nature, c.number,
        i.status, i.close_reason, i.closed_at, i.linked_to,
        (c.location->>'lat')::float8 as lat, (c.location->>'lon')::float8 as lon
    from call c join incident i on i.id = c.incident_id
    where c.incident_id <> $1 and c.received_at >= $2
"""


@dataclass(frozen=True, slots=True)
class RelatedCall:
    """`status`, `close_reason` and `linked_to` of its incident: what became of it."""

    id: CallId
    incident_id: IncidentId
    received_at: datetime
    channel: Channel
    nature: str | None
    number: str | None
    status: IncidentStatus
    close_reason: str | None
    closed_at: datetime | None
    linked_to: IncidentId | None
    lat: float | None
    lon: float | None


async def of_phones(
    db: Connection, *, incident_id: IncidentId, callers: Iterable[Caller], since: datetime
) -> list[RelatedCall]:
    """Of the phones of these callers, in other incidents, the newest first."""
    known = [one for caller in callers for one in identities(caller)]
    marks = [[value for mark, value in known if mark == name] for name in ("number", "imei", "imsi", "installation")]
    if not known:
        return []
    rows = await db.fetch(
        f"""{CALLS} and (c.number = any($3) or c.imei = any($4) or c.imsi = any($5) or c.installation = any($6))
            order by c.received_at desc limit {MOST_RELATED}""",
        incident_id,
        since,
        *marks,
    )
    return [_related(row) for row in rows]


async def at_place(
    db: Connection, *, incident_id: IncidentId, lat: float, lon: float, since: datetime
) -> list[RelatedCall]:
    """From within WITHIN_M of here, in other incidents, the newest first."""
    north, east = destination(lat, lon, 0.0, WITHIN_M), destination(lat, lon, 90.0, WITHIN_M)
    d_lat, d_lon = abs(north[0] - lat), abs(east[1] - lon)
    rows = await db.fetch(
        f"""{CALLS} and (c.location->>'lat')::float8 between $3 and $4
            and (c.location->>'lon')::float8 between $5 and $6 and (c.location->>'radius_m')::float8 <= {WIDEST_M}
            order by c.received_at desc limit {2 * MOST_RELATED}""",
        incident_id,
        since,
        lat - d_lat,
        lat + d_lat,
        lon - d_lon,
        lon + d_lon,
    )
    found = (_related(row) for row in rows if distance_m(lat, lon, row["lat"], row["lon"]) <= WITHIN_M)
    return list(found)[:MOST_RELATED]


def _related(row: Record) -> RelatedCall:
    values = dict(row) | {"channel": Channel(row["channel"]), "status": IncidentStatus(row["status"])}
    return RelatedCall(**values)
