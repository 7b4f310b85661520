"""What intervals do, for Prometheus: those that end are observed as events tell of them, those that run are counted
when somebody asks. Every node sees every event: take one of them, or the average, never their sum."""

from collections import Counter
from collections.abc import Iterable, Sequence

from dispatch.api import metrics
from dispatch.model import Incident, IncidentId, IncidentStatus, Interval, Unit
from dispatch.model.room import Room
from dispatch.policy.watch.intervals import ended
from dispatch.store.journal import Entry


class Measuring:
    """Remembers each open incident as it was before an event, and which were sent to once."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._before: dict[IncidentId, Incident] = dict(room.incidents)
        self._processed = {i.id for i in room.incidents.values() if i.status is not IncidentStatus.WAITING}

    def follow(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if (incident := entry.event.incident) is not None:
                self._observe(incident, entry)

    def _observe(self, after: Incident, entry: Entry) -> None:
        for end in ended(self._before.get(after.id), after, at=entry.event.at):
            if end.interval is Interval.PROCESS:
                if after.id in self._processed:
                    continue
                self._processed.add(after.id)
            unit = self._room.units.get(end.unit_id) if end.unit_id is not None else None
            agency = unit.agency if unit is not None else ""
            metrics.INTERVAL_SECONDS.labels(interval=end.interval, agency=agency).observe(max(0.0, end.seconds))
        if after.status is IncidentStatus.CLOSED:
            self._before.pop(after.id, None)
            self._processed.discard(after.id)
        else:
            self._before[after.id] = after


def count(incidents: Iterable[Incident], units: Iterable[Unit], agencies: Iterable[str]) -> None:
    """Set the gauges; what there is none of is 0, not absent."""
    overdue = Counter(o.interval for incident in incidents for o in incident.overdue)
    for interval in Interval:
        metrics.OVERDUE.labels(interval=interval).set(overdue[interval])
    silent = Counter(unit.agency for unit in units if unit.silent_since is not None)
    for agency in {*agencies, *silent}:
        metrics.SILENT_UNITS.labels(agency=agency).set(silent[agency])
