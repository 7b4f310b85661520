"""An incident's status follows from what its units are doing."""

from collections.abc import Iterable

from dispatch.model import Assignment, IncidentStatus


def status_of(assignments: Iterable[Assignment], before: IncidentStatus) -> IncidentStatus:
    """Once somebody has been there it is attended, until it is closed: a crew that left is no call unanswered."""
    running = list(assignments)
    if before is IncidentStatus.ATTENDED or any(a.on_scene_at for a in running):
        return IncidentStatus.ATTENDED
    return IncidentStatus.DISPATCHED if running else IncidentStatus.WAITING
