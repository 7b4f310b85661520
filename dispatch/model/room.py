"""The room as it is now: what a fresh screen is shown, and how one event changes it."""

from dataclasses import dataclass, field

from dispatch.model.event import Event
from dispatch.model.ids import IncidentId, Seq, UnitId
from dispatch.model.incident import Incident, IncidentStatus
from dispatch.model.quarantine import QuarantineItem
from dispatch.model.unit import Unit


@dataclass(slots=True)
class Room:
    """Open incidents, all units, quarantined reports not yet looked at, as of event `seq`."""

    seq: Seq = Seq(0)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    units: dict[UnitId, Unit] = field(default_factory=dict)
    quarantine: dict[int, QuarantineItem] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        """The whole rule, for this service, for the console and for anybody's screen: replace what the event carries.

        Raises ValueError for an event out of order."""
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} after {self.seq}")
        self.seq = event.seq
        if event.incident is not None:
            if event.incident.status is IncidentStatus.CLOSED:
                self.incidents.pop(event.incident.id, None)
            else:
                self.incidents[event.incident.id] = event.incident
        for unit in event.units:
            if unit.removed_at is not None:
                self.units.pop(unit.id, None)
            else:
                self.units[unit.id] = unit
        if event.quarantine is not None:
            if event.quarantine.handled_at is not None:
                self.quarantine.pop(event.quarantine.id, None)
            else:
                self.quarantine[event.quarantine.id] = event.quarantine
