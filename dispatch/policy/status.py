"""An incident's status follows from what its units are doing."""

from collections.abc import Iterable

from dispatch.model import Assignment, IncidentStatus


def status_of(assignments: Iterable[Assignment]) -> IncidentStatus:
    running = list(assignments)
    if any(a.on_scene_at for a in running):
        return IncidentStatus.ATTENDED
    return IncidentStatus.DISPATCHED if running else IncidentStatus.WAITING
