"""The open incidents as a batch of calls sees them: as they were, with what the batch has changed so far laid over."""

from collections.abc import Mapping, Sequence

from dispatch.model import Incident, IncidentId, Similar
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel
from dispatch.policy.incidents.incident_index import NONE, IncidentIndex
from dispatch.policy.incidents.incident_table import IncidentTable
from dispatch.policy.incidents.same_incident import (
    MOST_SIMILAR,
    REACH_M,
    Sighting,
    incidents_alike,
    likenesses,
    may_join,
    reach_m,
)
from geo import Location


class OpenIncidents:
    """`index` and `incidents` are only read: whoever keeps them true sees the changes when they are committed."""

    def __init__(self, index: IncidentIndex, incidents: Mapping[IncidentId, Incident]) -> None:
        self._index, self._incidents = index, incidents
        self._changed: dict[IncidentId, Incident] = {}
        self._changed_index = index.empty_copy()

    @property
    def duplicates(self) -> DuplicateModel:
        return self._index.duplicates

    def get(self, incident_id: IncidentId) -> Incident | None:
        return self._changed.get(incident_id) or self._incidents.get(incident_id)

    def put(self, incident: Incident) -> None:
        """The incident as it is from now on; one that is closed is no longer among them."""
        self._changed[incident.id] = incident
        self._changed_index.follow(incident)

    def near(self, location: Location, within_m: float = REACH_M) -> IncidentTable:
        """Those within `within_m` whose place could matter to what was seen at `location`."""
        if location.lat is None or location.lon is None:
            return NONE
        narrow_m = reach_m(location, self.duplicates)
        near = self._index.within(location.lat, location.lon, within_m, narrow_m=narrow_m)
        if not self._changed:
            return near
        changed = self._changed_index.within(location.lat, location.lon, within_m, narrow_m=narrow_m)
        return near.but(self._changed.keys()) + changed

    def like_sighting(self, sighting: Sighting) -> list[Similar]:
        """Which of them a call is likely about, the likeliest first, whatever their score."""
        return likenesses(sighting, self.near(sighting.location), self.duplicates)

    def like_incident(self, incident: Incident, within_m: float = REACH_M) -> list[Similar]:
        """Which of the others an incident is likely the same as, the likeliest first."""
        return incidents_alike(incident, self.near(incident.location, within_m), self.duplicates)

    def surely_same(self, sighting: Sighting, similar: Sequence[Similar], *, above: float) -> Similar | None:
        """The likeliest of `similar` that a call may join without a person."""
        for one in similar:
            if one.score < above:
                return None
            incident = self.get(one.incident_id)
            if incident is not None and may_join(sighting, incident):
                return one
        return None


def with_same_phone(similar: Sequence[Similar], phone: Sequence[Similar]) -> list[Similar]:
    """Both, the likeliest first: of an incident that place and phone speak for, what says more."""
    best: dict[IncidentId, Similar] = {}
    for one in (*similar, *phone):
        known = best.get(one.incident_id)
        if known is None or one.score > known.score:
            best[one.incident_id] = one
    return sorted(best.values(), key=lambda one: (-one.score, one.incident_id))


def suggested(similar: Sequence[Similar], *, above: float, but: IncidentId | None = None) -> tuple[Similar, ...]:
    """Those that a person should look at, the likeliest first."""
    return tuple([s for s in similar if s.score >= above and s.incident_id != but][:MOST_SIMILAR])
