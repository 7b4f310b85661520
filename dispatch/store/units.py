"""Units, their assignments and where they were."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from dispatch.errors import NotFound
from dispatch.model import ON_INCIDENT, Unit, UnitId, UnitStatus
from dispatch.store.db import Connection

UNITS = """
    select u.id, u.agency, u.kind, u.capabilities, u.station, u.status, u.since, u.version, u.crew, u.shift,
           u.silent_since, u.removed_at, a.incident_id
    from unit u left join assignment a on a.unit_id = u.id and a.released_at is null
"""


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
    """These, by id, removed ones too."""
    return [to_unit(row) for row in await db.fetch(f"{UNITS} where u.id = any($1) order by u.id", unit_ids)]


async def lock(db: Connection, *, unit_ids: Sequence[UnitId]) -> dict[UnitId, Unit]:
    """These units, theirs alone until the transaction ends. Locked in the order of their ids, so that two acts on the
    same units queue up and never deadlock. Raises NotFound naming those that don't exist."""
    ids = sorted(set(unit_ids))
    await db.execute("select id from unit where id = any($1) order by id for update", ids)
    units = {unit.id: unit for unit in map(to_unit, await db.fetch(f"{UNITS} where u.id = any($1)", ids))}
    units = {unit.id: unit for unit in units.values() if unit.removed_at is None}
    if missing := [i for i in ids if i not in units]:
        raise NotFound(f"no unit {', '.join(missing)}")
    return units


async def add(db: Connection, *, units: Sequence[Unit]) -> None:
    await db.executemany(
        """insert into unit (id, agency, kind, capabilities, station, status, since, crew, shift)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        [
            (u.id, u.agency, u.kind, list(u.capabilities), u.station, u.status, u.since, list(u.crew), u.shift)
            for u in units
        ],
    )


async def set_status(db: Connection, *, unit_id: UnitId, status: UnitStatus, at: datetime) -> Unit:
    """The unit with its new status, the moment also noted on its running assignment."""
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


async def set_silent(db: Connection, *, since: Mapping[UnitId, datetime | None]) -> list[Unit]:
    """Those that were not as `since` says (silent from a moment, or heard of: None), by id, with what they are now.
    Whoever comes second, on this node or another, finds nothing to change."""
    ids = sorted(since)
    await db.execute("select id from unit where id = any($1) order by id for update", ids)
    rows = await db.fetch(
        """update unit u set silent_since = s.since, version = u.version + 1
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
