"""What a dispatcher says of an incident."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from dispatch.desk.desk import Desk, begin
from dispatch.desk.incidents.close import lock_open
from dispatch.desk.incidents.same_incident import emit_likeness, with_similar
from dispatch.errors import FieldProblem, Invalid
from dispatch.model import EventKind, Incident, IncidentId
from dispatch.store.incidents import incidents
from geo import Fix, Location, Point, Source


async def change(
    desk: Desk, *, incident_id: IncidentId, changes: dict[str, Any], version: int | None, actor: str
) -> Incident:
    """Give it another priority, nature, text, place or alarm level.

    Raises NotFound, Conflict, Invalid for an unknown nature."""
    if changes.get("nature") is not None and changes["nature"] not in desk.city.natures_by_code:
        raise Invalid(f"no nature {changes['nature']!r}", errors=[FieldProblem("nature", "not in the catalogue")])
    async with begin(desk, actor=actor) as tx:
        before = await lock_open(tx, incident_id, version=version)
        after = replace(before, **changes)
        changed = {
            f: [getattr(before, f), getattr(after, f)] for f in changes if getattr(before, f) != getattr(after, f)
        }
        if not changed:
            return before
        if {"nature", "location"} & changed.keys():
            after = with_similar(desk, after)
        incident = await incidents.save(tx.db, incident=after)
        tx.tell(EventKind.INCIDENT_CHANGED, incident=incident, data={"changed": changed})
        emit_likeness(tx, before, incident)
    return incident


def placed(desk: Desk, *, lat: float, lon: float, radius_m: float, at: datetime) -> Location:
    """A place that a dispatcher puts by hand."""
    fix = Fix(source=Source.MANUAL, point=Point(lat, lon), radius_m=radius_m, at=at)
    return desk.locate([fix], at=at)


async def add_note(desk: Desk, *, incident_id: IncidentId, text: str, actor: str) -> None:
    """A note may be added to a closed incident too. Raises NotFound."""
    async with begin(desk, actor=actor) as tx:
        incident = await incidents.lock(tx.db, incident_id=incident_id)
        tx.tell(EventKind.NOTE_ADDED, incident=incident, data={"text": text})
