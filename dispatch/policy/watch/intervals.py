"""The intervals of a response: when each begins and ends, and which are running."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.model import Assignment, Incident, IncidentStatus, Interval, UnitId

I = Interval  # noqa: E741


@dataclass(frozen=True, slots=True)
class Clock:
    """An interval that has been running since a time. `unit_id` None: the incident's."""

    interval: Interval
    since: datetime
    unit_id: UnitId | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """An interval that has ended, with its duration."""

    interval: Interval
    seconds: float
    unit_id: UnitId | None = None


def clocks(incident: Incident) -> Iterator[Clock]:
    """Those that run now. Nobody's way is left out of account: an incident whose units were all recalled before they
    arrived is again one to which nobody was sent, and its caller has waited since it was opened, or opened again."""
    if incident.status is IncidentStatus.CLOSED:
        return
    if incident.status is IncidentStatus.WAITING and not incident.assignments:
        yield Clock(I.PROCESS, incident.responding_since)
    if incident.status is not IncidentStatus.ATTENDED and not any(a.on_scene_at for a in incident.assignments):
        yield Clock(I.RESPONSE, incident.responding_since)
    for assignment in incident.assignments:
        yield _stage(assignment)


def _stage(a: Assignment) -> Clock:
    """The stage of a running assignment. A crew may skip a step (on scene without having reported that it left)."""
    if a.at_hospital_at:
        return Clock(I.HANDOVER, a.at_hospital_at, a.unit_id)
    if a.transporting_at:
        return Clock(I.TRANSPORT, a.transporting_at, a.unit_id)
    if a.on_scene_at:
        return Clock(I.ON_SCENE, a.on_scene_at, a.unit_id)
    if a.en_route_at:
        return Clock(I.TRAVEL, a.en_route_at, a.unit_id)
    return Clock(I.TURNOUT, a.assigned_at, a.unit_id)


def measured(a: Assignment) -> dict[Interval, float]:
    """Seconds of each interval of an assignment that has both ends. An interval whose beginning or end nobody reported
    is unknown, and not guessed."""
    ends = {
        I.TURNOUT: (a.assigned_at, a.en_route_at),
        I.TRAVEL: (a.en_route_at, a.on_scene_at),
        I.ON_SCENE: (a.on_scene_at, a.transporting_at or a.released_at),
        I.TRANSPORT: (a.transporting_at, a.at_hospital_at),
        I.HANDOVER: (a.at_hospital_at, a.released_at),
    }
    return {i: (end - begin).total_seconds() for i, (begin, end) in ends.items() if begin and end}


def ended(before: Incident | None, after: Incident, *, at: datetime) -> list[Ended]:
    """Intervals that ended between two states of an incident, `at` being when it changed. `before` None: it was just
    opened.

    First assignment and first arrival are those that these two states show; a caller that sees units sent again after a
    recall must remember that the incident was processed once."""
    known = {(a.unit_id, a.assigned_at): a for a in before.assignments} if before else {}
    now = {(a.unit_id, a.assigned_at): a for a in after.assignments}
    gone = {key: replace(a, released_at=at) for key, a in known.items() if key not in now}
    found = [
        Ended(interval, seconds, key[0])
        for key, a in (now | gone).items()
        for interval, seconds in measured(a).items()
        if key not in known or interval not in measured(known[key])
    ]
    running = {c.interval for c in clocks(before)} if before else set()
    if I.PROCESS in running and (sent := [a.assigned_at for a in now.values()]):
        found.append(Ended(I.PROCESS, (min(sent) - after.responding_since).total_seconds()))
    if I.RESPONSE in running and (there := [a.on_scene_at for a in now.values() if a.on_scene_at]):
        found.append(Ended(I.RESPONSE, (min(there) - after.responding_since).total_seconds()))
    return found
