"""What a unit does: its status, its place, its way off an incident."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from dispatch.desk.desk import Act, Desk, act
from dispatch.errors import Conflict, FieldProblem, Invalid
from dispatch.model import (
    ON_INCIDENT,
    STEPS,
    EventKind,
    Incident,
    IncidentId,
    Unit,
    UnitId,
    UnitStatus,
)
from dispatch.policy.status import status_of
from dispatch.store import incidents, units

# A crew that had not arrived is free where it is; one that had goes back first.
NOT_YET_THERE = frozenset({UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE})


async def add_units(desk: Desk, *, new: Sequence[Unit], actor: str) -> None:
    """Raises Invalid for an unknown agency, kind or station; Conflict for an id that exists."""
    problems = [
        FieldProblem(f"{unit.id}.{field}", f"{value!r} is not in the city's data")
        for unit in new
        for field, value, known in (
            ("agency", unit.agency, desk.city.agencies_by_code),
            ("kind", unit.kind, desk.city.kinds_by_code),
            ("station", unit.station, desk.city.stations_by_id),
        )
        if value is not None and value not in known
    ]
    if problems:
        raise Invalid("these units don't fit the city", errors=problems)
    async with act(desk, actor=actor) as doing:
        await units.add(doing.db, units=new)
        doing.tell(EventKind.UNIT_ADDED, units=tuple(new))


async def set_status(desk: Desk, *, unit_id: UnitId, status: UnitStatus, actor: str) -> Unit:
    """A step that a crew or a dispatcher sets by hand; leaving an incident releases the unit from it.

    Raises NotFound; Conflict for a step that STEPS doesn't have."""
    async with act(desk, actor=actor) as doing:
        incident = await _lock_incident_of(doing, unit_id)
        before = (await units.lock(doing.db, unit_ids=[unit_id]))[unit_id]
        if before.incident_id != (incident.id if incident else None):
            raise Conflict(f"{unit_id} was sent somewhere else at the same moment", unit=before)
        if before.status is status:
            return before
        if status not in STEPS[before.status]:
            allowed = ", ".join(sorted(STEPS[before.status]))
            raise Conflict(f"{unit_id} is {before.status}; from there it can become {allowed}", unit=before)
        if before.incident_id is not None and status not in ON_INCIDENT:
            await units.release(doing.db, unit_id=unit_id, at=doing.at, reason=str(status))
        unit = await units.set_status(doing.db, unit_id=unit_id, status=status, at=doing.at)
        if incident is not None:
            incident = await refresh(doing, incident.id)
        doing.tell(
            EventKind.UNIT_STATUS_CHANGED,
            incident=incident,
            units=(unit,),
            data={"unit_id": unit_id, "from": before.status, "to": status},
        )
    return unit


async def set_silent(
    doing: Act, unit_ids: Iterable[UnitId], since: datetime | Mapping[UnitId, datetime] | None
) -> tuple[Unit, ...]:
    """Note that these are silent `since` (one moment for all, or each its own), or None: that they were heard of.

    Returns those that weren't so already, by id: of two nodes that notice, one gets them. To tell of it
    (UNIT_SILENT, UNIT_HEARD) is the caller's part. Units that don't exist, or no more, are passed over."""
    moments = {u: since[u] if isinstance(since, Mapping) else since for u in unit_ids}
    return tuple(await units.set_silent(doing.db, since=moments))


async def set_free(doing: Act, *, unit_id: UnitId, reason: str) -> Unit:
    """The unit off its incident, which must be locked already; to tell of it is the caller's part."""
    unit = (await units.lock(doing.db, unit_ids=[unit_id]))[unit_id]
    await units.release(doing.db, unit_id=unit_id, at=doing.at, reason=reason)
    status = UnitStatus.AVAILABLE if unit.status in NOT_YET_THERE else UnitStatus.RETURNING
    return await units.set_status(doing.db, unit_id=unit_id, status=status, at=doing.at)


async def refresh(doing: Act, incident_id: IncidentId) -> Incident:
    """The incident with its assignments as they now are, and the status that follows from them."""
    incident = await incidents.get(doing.db, incident_id=incident_id)
    return await incidents.save(
        doing.db, incident=replace(incident, status=status_of(incident.assignments, incident.status))
    )


async def _lock_incident_of(doing: Act, unit_id: UnitId) -> Incident | None:
    """Incident before unit: the one order in which acts take their locks."""
    held = await incidents.of_unit(doing.db, unit_id=unit_id)
    return await incidents.lock(doing.db, incident_id=held) if held is not None else None
