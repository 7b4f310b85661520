"""What a dispatcher does with an incident."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from dispatch.desk.desk import Act, Desk, act
from dispatch.desk.units import set_free
from dispatch.errors import Conflict, FieldProblem, Invalid
from dispatch.model import EventKind, Incident, IncidentId, IncidentStatus, Unit
from dispatch.policy.best_location import best_location
from dispatch.store import calls, incidents
from geo import Fix, Location, Point, Source


async def change(
    desk: Desk, *, incident_id: IncidentId, changes: dict[str, Any], version: int | None, actor: str
) -> Incident:
    """Give it another priority, nature, text or place. Raises NotFound, Conflict, Invalid for an unknown nature."""
    if changes.get("nature") is not None and changes["nature"] not in desk.city.natures_by_code:
        raise Invalid(f"no nature {changes['nature']!r}", errors=[FieldProblem("nature", "not in the catalogue")])
    async with act(desk, actor=actor) as doing:
        before = await lock_open(doing, incident_id, version=version)
        after = replace(before, **changes)
        changed = {
            f: [getattr(before, f), getattr(after, f)] for f in changes if getattr(before, f) != getattr(after, f)
        }
        if not changed:
            return before
        incident = await incidents.save(doing.db, incident=after)
        doing.tell(EventKind.INCIDENT_CHANGED, incident=incident, data={"changed": changed})
    return incident


def placed(desk: Desk, *, lat: float, lon: float, radius_m: float, at: datetime) -> Location:
    """A place that a dispatcher puts by hand."""
    fix = Fix(source=Source.MANUAL, point=Point(lat, lon), radius_m=radius_m, at=at)
    return desk.locate([fix], at=at)


async def close(desk: Desk, *, incident_id: IncidentId, reason: str, version: int | None, actor: str) -> Incident:
    """Its units come free. Raises NotFound, Conflict."""
    async with act(desk, actor=actor) as doing:
        incident = await lock_open(doing, incident_id, version=version)
        incident, units = await _close(doing, incident, reason)
        doing.tell(EventKind.INCIDENT_CLOSED, incident=incident, units=units, data={"reason": reason})
    return incident


async def add_note(desk: Desk, *, incident_id: IncidentId, text: str, actor: str) -> None:
    """A note may be added to a closed incident too. Raises NotFound."""
    async with act(desk, actor=actor) as doing:
        incident = await incidents.lock(doing.db, incident_id=incident_id)
        doing.tell(EventKind.NOTE_ADDED, incident=incident, data={"text": text})


async def link(desk: Desk, *, incident_id: IncidentId, into: IncidentId, actor: str) -> Incident:
    """Two incidents are one: the calls of the first go to the second, the first is closed. Returns the second.

    Raises NotFound, Conflict, Invalid for an incident and itself."""
    if incident_id == into:
        raise Invalid("an incident can't be joined into itself", errors=[FieldProblem("into", "is the same incident")])
    async with act(desk, actor=actor) as doing:
        # The lower id is locked first, so that two people linking the same pair both ways can't block each other.
        both = {i: await lock_open(doing, i) for i in sorted((incident_id, into))}
        source, target = both[incident_id], both[into]
        await calls.move_to_incident(doing.db, source=source.id, target=target.id)
        joined = replace(
            target,
            calls=target.calls + source.calls,
            channels=tuple(dict.fromkeys((*target.channels, *source.channels))),
            priority=min(target.priority, source.priority),
            location=best_location([target.location, source.location]),
        )
        joined = await incidents.save(doing.db, incident=joined)
        source = replace(source, calls=0, linked_to=into)
        source, units = await _close(doing, source, f"linked to {into}")
        doing.tell(EventKind.INCIDENT_LINKED, incident=source, units=units, data={"into": into})
        doing.tell(
            EventKind.INCIDENT_CHANGED, incident=joined, data={"changed": {"calls": [target.calls, joined.calls]}}
        )
    return joined


async def lock_open(doing: Act, incident_id: IncidentId, *, version: int | None = None) -> Incident:
    """The incident, ours until the act ends. Raises NotFound; Conflict where closed, or not as the actor saw it."""
    incident = await incidents.lock(doing.db, incident_id=incident_id)
    if incident.status is IncidentStatus.CLOSED:
        raise Conflict(f"incident {incident_id} is closed", incident=incident)
    if version is not None and version != incident.version:
        raise Conflict(f"incident {incident_id} was changed meanwhile", incident=incident)
    return incident


async def _close(doing: Act, incident: Incident, reason: str) -> tuple[Incident, tuple[Unit, ...]]:
    # By their ids, as everybody locks units.
    on_it = sorted(a.unit_id for a in incident.assignments)
    units = [await set_free(doing, unit_id=unit_id, reason="incident closed") for unit_id in on_it]
    closed = replace(incident, status=IncidentStatus.CLOSED, closed_at=doing.at, close_reason=reason, assignments=())
    return await incidents.save(doing.db, incident=closed), tuple(units)
