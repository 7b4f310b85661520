"""Numbers that many people call from: those that the city names, and those whose history shows it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from dispatch.model import Call, IncidentId
from geo import distance_m

# So long a number's history is looked at.
HISTORY = timedelta(days=30)
# A number is shared that was in so many emergencies, of so many natures or places. A person with an illness calls often
# too, but about the same and from the same place.
EMERGENCIES, NATURES, PLACES = 4, 3, 3
# Two places are different that are farther apart, beyond both radii.
APART_M = 1_000.0


class PastCall(NamedTuple):
    """`lat`, `lon` and `radius_m` None: it had no place."""

    incident_id: IncidentId
    nature: str | None
    lat: float | None
    lon: float | None
    radius_m: float | None

    @classmethod
    def of(cls, call: Call) -> "PastCall":
        place = call.location
        return cls(call.incident_id, call.nature, place.lat, place.lon, place.radius_m)


def is_shared(past: Iterable[PastCall]) -> bool:
    """Whether these calls of one number are of many people."""
    calls = list(past)
    if len({call.incident_id for call in calls}) < EMERGENCIES:
        return False
    natures = {call.nature for call in calls if call.nature is not None}
    return len(natures) >= NATURES or len(_places(calls)) >= PLACES


def _places(calls: Iterable[PastCall]) -> list[PastCall]:
    """Calls of which each is somewhere else than all others."""
    places: list[PastCall] = []
    for call in sorted(calls, key=lambda call: (call.incident_id, call.lat or 0.0, call.lon or 0.0)):
        if call.lat is not None and all(_apart(call, other) for other in places):
            places.append(call)
    return places


def _apart(a: PastCall, b: PastCall) -> bool:
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return False
    return distance_m(a.lat, a.lon, b.lat, b.lon) > APART_M + (a.radius_m or 0.0) + (b.radius_m or 0.0)
