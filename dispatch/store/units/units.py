"""Units, their assignments and positions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from dispatch.errors import Conflict, NotFound
from dispatch.model import ON_INCIDENT, Assignment, IncidentId, Unit, UnitId, UnitStatus
from dispatch.model.wire import encode
from dispatch.store.db import Connection

UNITS = """
    select u.id, u.agency, u.kind, u.capabilities, u.station, u.status, u.since, u.version, u.crew, u.shift,
           u.silent_since, u.removed_at, a.incident_id
    from unit u left join assignment a on a.unit_id = u.id and a.released_at is null
"""

# The maximum number of units named in an error message.
NAMED = 10


def to_unit(row: Record) -> Unit:
    return Unit(
        id=UnitId(row["id"]),
        agency=row["agency"],
        kind=row["kind"],
        capabilities=tuple(row["capabilities"]),
        station=row["station"],
        status=UnitStatus(row["status"]),
        since=row["since"],
        incident_id=row["incident_id"],
        version=row["version"],
        crew=tuple(row["crew"]),
        shift=row["shift"],
        silent_since=row["silent_since"],
        removed_at=row["removed_at"],
    )


async def every(db: Connection) -> list[Unit]:
    return [to_unit(row) for row in await db.fetch(f"{UNITS} where u.removed_at is null order by u.id")]


async def some(db: Connection, *, unit_ids: Sequence[UnitId]) -> list[Unit]:
    """By id, including removed ones."""
    return [to_unit(row) for row in await db.fetch(f"{UNITS} where u.id = any($1) order by u.id", unit_ids)]


async def get(db: Connection, *, unit_id: UnitId) -> Unit:
    """Raises NotFound, also for one that was removed."""
    return _present(await some(db, unit_ids=[unit_id]), [unit_id])[unit_id]


async def ever(db: Connection) -> bool:
    """Whether there was ever a fleet."""
    return bool(await db.fetchval("select exists (select from unit)"))


async def lock(db: Connection, *, unit_ids: Sequence[UnitId]) -> dict[UnitId, Unit]:
    """These units, locked until the transaction ends. Locked in the order of their ids, so that two transactions on the
    same units queue and never deadlock; not against references to a unit, such as its positions. Raises NotFound naming
    those that don't exist, or no longer."""
    ids = sorted(set(unit_ids))
    await db.execute("select id from unit where id = any($1) order by id for no key update", ids)
    return _present(await some(db, unit_ids=ids), ids)


async def lock_every(db: Connection) -> list[Unit]:
    """The whole fleet, by id, locked."""
    await db.execute("select id from unit where removed_at is null order by id for no key update")
    return await every(db)


def _present(units: Sequence[Unit], ids: Sequence[UnitId]) -> dict[UnitId, Unit]:
    present = {unit.id: unit for unit in units if unit.removed_at is None}
    if missing := [i for i in ids if i not in present]:
        gone = {u.id: f"{u.id} was removed from the fleet on {u.removed_at:%F}" for u in units if u.removed_at}
        raise NotFound("; ".join(gone.get(i, f"no unit {i}") for i in missing))
    return present


async def add(db: Connection, *, units: Sequence[Unit]) -> list[Unit]:
    """Returns them as stored, by id: a removed one is restored with the new data. Raises Conflict naming those that
    exist."""
    rows = await db.fetch(
        """insert into unit as u (id, agency, kind, capabilities, station, crew, shift, status, since)
            select id, agency, kind, capabilities, station, crew, shift, status, since
            from json_to_recordset($1::json) as r (id text, agency text, kind text, capabilities text[], station text,
                crew text[], shift text, status text, since timestamptz)
            order by id
            on conflict (id) do update set
                agency = excluded.agency, kind = excluded.kind, capabilities = excluded.capabilities,
                station = excluded.station, crew = excluded.crew, shift = excluded.shift, status = excluded.status,
                since = excluded.since, silent_since = null, removed_at = null, version = u.version + 1
            where u.removed_at is not null
            returning u.id""",
        encode(units),
    )
    added = {row["id"] for row in rows}
    if there := sorted(u.id for u in units if u.id not in added):
        named = ", ".join(there[:NAMED]) + (f" and {len(there) - NAMED} more" if len(there) > NAMED else "")
        raise Conflict(f"these units already exist: {named}")
    await _forget_places(db, list(added))
    return await some(db, unit_ids=list(added))


async def change(db: Connection, *, units: Sequence[Unit]) -> list[Unit]:
    """Write the units' data, crews and shifts, but not their status. They must be locked."""
    await db.execute(
        """update unit u set agency = r.agency, kind = r.kind, capabilities = r.capabilities, station = r.station,
                crew = r.crew, shift = r.shift, version = u.version + 1
            from json_to_recordset($1::json) as r (id text, agency text, kind text, capabilities text[], station text,
                crew text[], shift text)
            where u.id = r.id""",
        encode(units),
    )
    return await some(db, unit_ids=[u.id for u in units])


async def remove(db: Connection, *, unit_ids: Sequence[UnitId], at: datetime) -> list[Unit]:
    """Remove them from the fleet; history still names them. They must be locked."""
    await db.execute(
        "update unit set removed_at = $2, silent_since = null, version = version + 1 where id = any($1)", unit_ids, at
    )
    await _forget_places(db, unit_ids)
    return await some(db, unit_ids=unit_ids)


async def _forget_places(db: Connection, unit_ids: Sequence[UnitId]) -> None:
    await db.execute("delete from unit_latest where unit_id = any($1)", unit_ids)


async def set_status(db: Connection, *, unit_id: UnitId, status: UnitStatus, at: datetime) -> Unit:
    """The unit with its new status; the time is also recorded on its running assignment."""
    await db.execute(
        "update unit set status = $2, since = $3, version = version + 1 where id = $1", unit_id, status, at
    )
    if status in ON_INCIDENT:
        await db.execute(
            """update assignment set
                   en_route_at = case when $2 = 'en_route' then coalesce(en_route_at, $3) else en_route_at end,
                   on_scene_at = case when $2 = 'on_scene' then coalesce(on_scene_at, $3) else on_scene_at end,
                   transporting_at =
                       case when $2 = 'transporting' then coalesce(transporting_at, $3) else transporting_at end,
                   at_hospital_at =
                       case when $2 = 'at_hospital' then coalesce(at_hospital_at, $3) else at_hospital_at end
               where unit_id = $1 and released_at is null""",
            unit_id,
            status,
            at,
        )
    row = await db.fetchrow(f"{UNITS} where u.id = $1", unit_id)
    assert row is not None
    return to_unit(row)


async def set_moments(db: Connection, *, incident_id: IncidentId, assignment: Assignment) -> None:
    """Write the moments of an assignment, running or past; the incident and the unit must be locked."""
    await db.execute(
        """update assignment set en_route_at = $4, on_scene_at = $5, transporting_at = $6, at_hospital_at = $7,
               released_at = $8, release_reason = $9
           where incident_id = $1 and unit_id = $2 and assigned_at = $3""",
        incident_id,
        assignment.unit_id,
        assignment.assigned_at,
        assignment.en_route_at,
        assignment.on_scene_at,
        assignment.transporting_at,
        assignment.at_hospital_at,
        assignment.released_at,
        assignment.release_reason,
    )


async def set_silent(db: Connection, *, since: Mapping[UnitId, datetime | None]) -> list[Unit]:
    """Returns the units that changed to `since` (silent from a time, or heard: None), by id. A second node that does
    the same changes nothing."""
    ids = sorted(since)
    await db.execute("select id from unit where id = any($1) order by id for no key update", ids)
    rows = await db.fetch(
        """update unit u set silent_since = s.since
           from unnest($1::text[], $2::timestamptz[]) as s (id, since)
           where u.id = s.id and u.removed_at is null and (u.silent_since is null) <> (s.since is null)
           returning u.id""",
        ids,
        [since[i] for i in ids],
    )
    return await some(db, unit_ids=[row["id"] for row in rows])


async def release(db: Connection, *, unit_id: UnitId, at: datetime, reason: str) -> None:
    await db.execute(
        "update assignment set released_at = $2, release_reason = $3 where unit_id = $1 and released_at is null",
        unit_id,
        at,
        reason,
    )
