"""Add, change and remove units; one at a time, or the whole list."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.errors import Conflict, FieldProblem, Invalid
from dispatch.model import EventKind, Unit, UnitId
from dispatch.model.city import City
from dispatch.policy.units.fleet import faults
from dispatch.store.units import units

# The fields that a table may change.
TABLE_FIELDS = ("agency", "kind", "capabilities", "station", "crew", "shift")
# Units in one event: a fleet of thousands is sent in messages that a screen can process.
UNITS_PER_EVENT = 500
MOST_FAULTS = 200

# The desired fleet, given the current one. Raises Invalid.
Wanted = Callable[[Mapping[UnitId, Unit]], Sequence[Unit]]


@dataclass(frozen=True, slots=True)
class FleetChange:
    """Numbers of units; with `dry_run`, the numbers that would be."""

    added: int
    changed: int
    unchanged: int
    removed: int
    dry_run: bool


async def add_units(desk: Desk, *, new: Sequence[Unit], actor: str) -> tuple[Unit, ...]:
    """A removed unit is restored under its id. Raises Invalid if one doesn't match the city; Conflict for an existing
    id."""
    if problems := list(islice(_faults(new, desk.city), MOST_FAULTS)):
        raise Invalid("some units don't match the city's data; see errors", errors=problems)
    async with begin(desk, actor=actor) as tx:
        added = await units.add(tx.db, units=new)
        _append_event(tx, EventKind.UNIT_ADDED, added)
    by_id = {unit.id: unit for unit in added}
    return tuple(by_id[unit.id] for unit in new)


async def change_unit(desk: Desk, *, unit_id: UnitId, changes: dict[str, Any], version: int | None, actor: str) -> Unit:
    """Change a unit's kind, station, crew, shift or capabilities (a new kind without capabilities brings its own).
    Raises NotFound; Invalid if the result doesn't match the city; Conflict if the unit has another version."""
    async with begin(desk, actor=actor) as tx:
        before = (await units.lock(tx.db, unit_ids=[unit_id]))[unit_id]
        if version is not None and version != before.version:
            raise Conflict(
                f"{unit_id} was changed by somebody else; get its current version and try again", unit=before
            )
        after = replace(before, **_with_capabilities(changes, before, desk.city))
        if problems := list(faults(after, desk.city, before)):
            raise Invalid(f"{unit_id} would not match the city's data; see errors", errors=problems)
        if after == before:
            return before
        [unit] = await units.change(tx.db, units=[after])
        data = {"unit_id": unit_id, "changed": _difference(before, unit)}
        tx.tell(EventKind.UNIT_CHANGED, units=(unit,), data=data)
    return unit


async def remove_unit(desk: Desk, *, unit_id: UnitId, actor: str) -> Unit:
    """Raises NotFound; Conflict while it is on an incident."""
    async with begin(desk, actor=actor) as tx:
        before = (await units.lock(tx.db, unit_ids=[unit_id]))[unit_id]
        _refuse_busy([before])
        removed = await units.remove(tx.db, unit_ids=[unit_id], at=tx.at)
        _append_event(tx, EventKind.UNIT_REMOVED, removed)
    return removed[0]


async def put_fleet(desk: Desk, *, wanted: Wanted, remove_missing: bool, dry_run: bool, actor: str) -> FleetChange:
    """All or nothing, see `put`."""
    async with begin(desk, actor=actor) as tx:
        return await put(tx, wanted=wanted, remove_missing=remove_missing, dry_run=dry_run)


async def put(tx: Transaction, *, wanted: Wanted, remove_missing: bool, dry_run: bool) -> FleetChange:
    """Make the fleet what `wanted` returns; the units' status stays. Units that it doesn't name stay, or are removed
    (`remove_missing`).

    Raises Invalid; Conflict if a unit to be removed is on an incident."""
    there = await (units.every(tx.db) if dry_run else units.lock_every(tx.db))
    fleet = {unit.id: unit for unit in there}
    # In a thread, so that the event loop goes on while ten thousand lines are compared.
    listed = await asyncio.to_thread(wanted, fleet)
    new = [unit for unit in listed if unit.id not in fleet]
    changed = [unit for unit in listed if unit.id in fleet and unit != fleet[unit.id]]
    gone = list(fleet.keys() - {unit.id for unit in listed}) if remove_missing else []
    _refuse_busy([fleet[unit_id] for unit_id in sorted(gone)])
    if not dry_run:
        if gone:
            _append_event(tx, EventKind.UNIT_REMOVED, await units.remove(tx.db, unit_ids=gone, at=tx.at))
        if new:
            _append_event(tx, EventKind.UNIT_ADDED, await units.add(tx.db, units=new))
        if changed:
            _append_event(tx, EventKind.UNIT_CHANGED, await units.change(tx.db, units=changed), fleet)
    return FleetChange(len(new), len(changed), len(listed) - len(new) - len(changed), len(gone), dry_run)


def _append_event(
    tx: Transaction, kind: EventKind, affected: Sequence[Unit], before: Mapping[UnitId, Unit] | None = None
) -> None:
    for start in range(0, len(affected), UNITS_PER_EVENT):
        some = tuple(affected[start : start + UNITS_PER_EVENT])
        data: dict[str, Any] = {"unit_ids": [unit.id for unit in some]}
        if before is not None:
            data["changes"] = {unit.id: _difference(before[unit.id], unit) for unit in some}
        tx.tell(kind, units=some, data=data)


def _difference(before: Unit, after: Unit) -> dict[str, list[Any]]:
    pairs = ((field, getattr(before, field), getattr(after, field)) for field in TABLE_FIELDS)
    return {field: [old, new] for field, old, new in pairs if old != new}


def _faults(new: Sequence[Unit], city: City) -> Iterator[FieldProblem]:
    seen: set[UnitId] = set()
    for number, unit in enumerate(new):
        if unit.id in seen:
            yield FieldProblem(f"units.{number}.id", f"{unit.id!r} appears twice")
        seen.add(unit.id)
        for fault in faults(unit, city):
            yield FieldProblem(f"units.{number}.{fault.field}", fault.problem)


def _with_capabilities(changes: dict[str, Any], before: Unit, city: City) -> dict[str, Any]:
    kind = city.kinds_by_code.get(changes.get("kind", before.kind))
    if kind is None or kind.code == before.kind or "capabilities" in changes:
        return changes
    return changes | {"capabilities": kind.capabilities}


def _refuse_busy(going: Sequence[Unit]) -> None:
    if busy := [unit for unit in going if unit.incident_id is not None]:
        where = "; ".join(f"{unit.id} is {unit.status} on {unit.incident_id}" for unit in busy[: units.NAMED])
        more = f", and {len(busy) - units.NAMED} more" if len(busy) > units.NAMED else ""
        raise Conflict(f"{where}{more}: release a unit before you remove it from the fleet", units=busy)
