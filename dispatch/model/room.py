"""The current state: what a new screen is shown, and how an event changes it."""

from dataclasses import dataclass, field

from dispatch.model.event import Event
from dispatch.model.ids import IncidentId, Seq, UnitId
from dispatch.model.incident import Incident, IncidentStatus
from dispatch.model.unit import Unit


@dataclass(slots=True)
class Room:
    """Open incidents, all units, and the number of unhandled reports in quarantine, as of event `seq`."""

    seq: Seq = Seq(0)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    units: dict[UnitId, Unit] = field(default_factory=dict)
    quarantine_open: int = 0

    def apply(self, event: Event) -> None:
        """The rule for this service, the console and any client: replace what the event carries.

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
        if event.quarantine_open is not None:
            self.quarantine_open = event.quarantine_open
        elif event.quarantine is not None:
            self.quarantine_open += 1 if event.quarantine.handled_at is None else -1
