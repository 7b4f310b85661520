"""Units, their assignments and where they were."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from asyncpg import Record

from dispatch.errors import NotFound
from dispatch.model import ON_INCIDENT, Unit, UnitId, UnitPosition, UnitStatus
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


async def latest_positions(db: Connection) -> list[UnitPosition]:
    rows = await db.fetch("select unit_id, lat, lon, at, heading_deg, speed_mps, accuracy_m from unit_latest")
    return [UnitPosition(**row) for row in rows]


async def write_positions(
    db: Connection, *, positions: Sequence[tuple[UnitPosition, datetime]], latest: Sequence[UnitPosition]
) -> None:
    """A batch of history (each with its time of receipt) and the newest of each unit in it."""
    await db.copy_records_to_table(
        "unit_position",
        columns=["unit_id", "at", "received_at", "lat", "lon", "heading_deg", "speed_mps", "accuracy_m"],
        records=[
            (p.unit_id, p.at, received, p.lat, p.lon, p.heading_deg, p.speed_mps, p.accuracy_m)
            for p, received in positions
        ],
    )
    await db.execute(
        """insert into unit_latest (unit_id, at, lat, lon, heading_deg, speed_mps, accuracy_m)
           select * from unnest($1::text[], $2::timestamptz[], $3::float8[], $4::float8[],
                                $5::real[], $6::real[], $7::real[])
           on conflict (unit_id) do update set
               at = excluded.at, lat = excluded.lat, lon = excluded.lon, heading_deg = excluded.heading_deg,
               speed_mps = excluded.speed_mps, accuracy_m = excluded.accuracy_m
           where unit_latest.at < excluded.at""",
        [p.unit_id for p in latest],
        [p.at for p in latest],
        [p.lat for p in latest],
        [p.lon for p in latest],
        [p.heading_deg for p in latest],
        [p.speed_mps for p in latest],
        [p.accuracy_m for p in latest],
    )


async def keep_position_days(db: Connection, *, today: datetime, retention_days: int) -> None:
    """Make the partitions of today and tomorrow; drop those past retention."""
    for day in (today, today + timedelta(days=1)):
        name, start = f"unit_position_{day:%Y%m%d}", day.replace(hour=0, minute=0, second=0, microsecond=0)
        await db.execute(
            f"create table if not exists {name} partition of unit_position "
            f"for values from ('{start.isoformat()}') to ('{(start + timedelta(days=1)).isoformat()}')"
        )
    oldest = f"unit_position_{today - timedelta(days=retention_days):%Y%m%d}"
    rows = await db.fetch(
        """select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where i.inhparent = 'unit_position'::regclass and c.relname < $1""",
        oldest,
    )
    for row in rows:
        await db.execute(f"drop table {row['relname']}")
