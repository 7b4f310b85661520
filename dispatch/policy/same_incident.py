"""Is this call about an emergency already known?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.model import Incident, IncidentId, IncidentStatus
from geo import Location, LocationStatus, distance_m


@dataclass(frozen=True, slots=True)
class Likeness:
    """When two calls are one incident. Callers stand around what they see, not in it: hence `around_m` on top of what
    both positions are uncertain by; a position worse than `widest_m` proves nothing."""

    around_m: float = 120.0
    widest_m: float = 250.0
    within: timedelta = timedelta(minutes=30)


def same_incident(
    *,
    location: Location,
    nature: str | None,
    at: datetime,
    incidents: Iterable[Incident],
    likeness: Likeness = Likeness(),
) -> IncidentId | None:
    """The open incident, nearest first, that this call is about; None where none is surely the same.

    Joins only where it is near to certain: same nature, recent, both positions good and their circles within reach of
    each other. Joining wrongly hides an emergency; not joining shows one twice, which a person can link."""
    if nature is None or not _good(location, likeness):
        return None
    nearest: tuple[float, IncidentId] | None = None
    for incident in incidents:
        if incident.nature != nature or incident.status is IncidentStatus.CLOSED:
            continue
        if at - incident.opened_at > likeness.within or not _good(incident.location, likeness):
            continue
        reach = likeness.around_m + (location.radius_m or 0) / 2 + (incident.location.radius_m or 0) / 2
        if _farther_north_or_south(location, incident.location, reach):
            continue
        apart = apart_m(location, incident.location)
        if apart <= reach and (nearest is None or apart < nearest[0]):
            nearest = (apart, incident.id)
    return nearest[1] if nearest else None


def _farther_north_or_south(a: Location, b: Location, reach_m: float) -> bool:
    """A look that costs nothing, before the geodesic: no degree of latitude is shorter than this."""
    return a.lat is not None and b.lat is not None and abs(a.lat - b.lat) * 110_500 > reach_m


def apart_m(a: Location, b: Location) -> float:
    assert a.lat is not None and a.lon is not None and b.lat is not None and b.lon is not None
    return float(distance_m(a.lat, a.lon, b.lat, b.lon))


def _good(location: Location, likeness: Likeness) -> bool:
    return (
        location.status in {LocationStatus.LOCATED, LocationStatus.AMBIGUOUS}
        and location.radius_m is not None
        and location.radius_m <= likeness.widest_m
    )
