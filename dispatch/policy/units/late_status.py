"""A status that reaches the service after a later one: where it belongs in an assignment."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from dispatch.model import ON_INCIDENT, Assignment, UnitStatus

# The moment of an assignment that each status sets, in the order in which a crew passes them. Any status off the
# incident sets `released_at`.
MOMENTS = {
    UnitStatus.EN_ROUTE: "en_route_at",
    UnitStatus.ON_SCENE: "on_scene_at",
    UnitStatus.TRANSPORTING: "transporting_at",
    UnitStatus.AT_HOSPITAL: "at_hospital_at",
}
_ORDER = ("assigned_at", *MOMENTS.values(), "released_at")


def assignment_at(assignments: Iterable[Assignment], moment: datetime) -> Assignment | None:
    """The newest of one unit's assignments that was running at the moment."""
    running = (a for a in assignments if a.assigned_at <= moment and (a.released_at is None or moment <= a.released_at))
    return max(running, key=lambda a: a.assigned_at, default=None)


def with_late_status(
    assignment: Assignment, status: UnitStatus, moment: datetime, *, current: UnitStatus | None = None
) -> Assignment | None:
    """The assignment with a moment that was missing, or an earlier one. None where the status changes nothing: it is
    no earlier than what is known, or contradicts the other moments.

    `current`: the status of a unit that is still on it, beyond which nothing is filled: a step that the crew went back
    from was no step. Only a release by a crew's own status can have been earlier, never one by a dispatcher."""
    name = MOMENTS.get(status, "released_at")
    if status is UnitStatus.DISPATCHED or not _may_change(assignment, name, current):
        return None
    known: datetime | None = getattr(assignment, name)
    if known is not None and known <= moment:
        return None
    changes: dict[str, Any] = {name: moment}
    if name == "released_at":
        changes["release_reason"] = str(status)
    changed = replace(assignment, **changes)
    moments = [at for field in _ORDER if (at := getattr(changed, field)) is not None]
    return changed if moments == sorted(moments) else None


def _may_change(assignment: Assignment, name: str, current: UnitStatus | None) -> bool:
    if name == "released_at":
        by_crew = {str(status) for status in UnitStatus if status not in ON_INCIDENT}
        return assignment.released_at is not None and assignment.release_reason in by_crew
    if assignment.released_at is not None:
        return True
    return current in MOMENTS and _ORDER.index(name) <= _ORDER.index(MOMENTS[current])
