"""Who should go to an incident, asked of the room as it is now."""

from datetime import datetime

from dispatch.desk.desk import Desk
from dispatch.model import Incident, IncidentId
from dispatch.model.city import Need
from dispatch.policy.recommend import Recommendation, recommend
from dispatch.store import incidents
from dispatch.store.db import connection
from geo import Point

# The candidates: enough that every capability of a city is among them, bounded so that a nation's fleet isn't ranked.
NEAREST = 200


def recommend_for(desk: Desk, incident: Incident, *, at: datetime) -> Recommendation:
    location = incident.location
    near = (
        desk.picture.nearest(Point(location.lat, location.lon), k=NEAREST)
        if location.lat is not None and location.lon is not None
        else []
    )
    return recommend(
        location=location,
        needs=_still_needed(desk, incident),
        standings=near,
        agencies=desk.city.agencies_by_code,
        travel=desk.travel,
        stale_after_s=desk.settings.stale_after_s,
        at=at,
    )


async def recommendation(desk: Desk, *, incident_id: IncidentId, at: datetime) -> Recommendation:
    """Raises NotFound."""
    incident = desk.picture.room.incidents.get(incident_id)
    if incident is None:
        async with connection(desk.pool) as db:
            incident = await incidents.get(db, incident_id=incident_id)
    return recommend_for(desk, incident, at=at)


def _still_needed(desk: Desk, incident: Incident) -> tuple[Need, ...]:
    """What the nature needs, less what is already on its way."""
    nature = desk.city.natures_by_code.get(incident.nature) if incident.nature else None
    if nature is None:
        return ()
    units = desk.picture.room.units
    going = [set(units[a.unit_id].capabilities) for a in incident.assignments if a.unit_id in units]
    left = []
    for need in nature.needs:
        serving = [capabilities for capabilities in going if need.capability in capabilities][: need.count]
        for capabilities in serving:
            going.remove(capabilities)
        if need.count > len(serving):
            left.append(Need(need.capability, need.count - len(serving)))
    return tuple(left)
