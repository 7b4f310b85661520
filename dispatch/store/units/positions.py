"""Positions of units: the history by day of receipt, and the latest of each unit, which a restart loads and other nodes
fetch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from asyncpg import Record

from dispatch.model import UnitId, UnitPosition
from dispatch.model.doubt import CLOCK_AHEAD, Doubt
from dispatch.store.db import Connection

# unit_id, at, received_at, lat, lon, heading_deg, speed_mps, accuracy_m, doubt: plain tuples, because there are
# thousands a second.
Row = tuple[UnitId, datetime, datetime, float, float, float | None, float | None, float | None, str | None]
COLUMNS = ("unit_id", "at", "received_at", "lat", "lon", "heading_deg", "speed_mps", "accuracy_m", "doubt")
CHANNEL = "positions"
# An arbitrary number: only one service at a time creates or drops days.
DAYS_LOCK = 4_911_002


class Batch(NamedTuple):
    """What one node wrote at once. Numbers rise with each commit of a node, and can't be compared between nodes."""

    node: int
    number: int


@dataclass(frozen=True, slots=True)
class UnitTrailPoint:
    """`at`: the device's clock, but ours where `doubt` is that it was ahead."""

    lat: float
    lon: float
    at: datetime
    heading_deg: float | None
    speed_mps: float | None
    accuracy_m: float | None
    doubt: Doubt | None


@dataclass(frozen=True, slots=True)
class TrailEnd:
    """The end of a page of a trail: `told` rows with this time and receipt were on it or on earlier pages."""

    at: datetime
    received_at: datetime
    told: int


async def latest(db: Connection) -> list[UnitPosition]:
    """The last known position of each unit of the fleet."""
    rows = await db.fetch(
        """select unit_id, lat, lon, at, heading_deg, speed_mps, accuracy_m
           from unit_latest join unit on unit.id = unit_id where removed_at is null"""
    )
    return [UnitPosition(**row) for row in rows]


async def since(db: Connection, *, known: Mapping[int, int], but: int) -> tuple[list[UnitPosition], dict[int, int]]:
    """Positions that nodes other than `but` wrote after the batches in `known`, by node; and the new `known`. All of
    one node up to the last number seen is included, because a node writes one batch after the other."""
    rows = await db.fetch(
        """select unit_id, lat, lon, at, heading_deg, speed_mps, accuracy_m, node, batch
           from unit_latest join unit on unit.id = unit_id
           left join unnest($1::bigint[], $2::bigint[]) as known (node, number) using (node)
           where node <> $3 and batch > coalesce(number, 0) and removed_at is null""",
        list(known.keys()),
        list(known.values()),
        but,
    )
    now = dict(known)
    for row in rows:
        node, number = row[7:]
        now[node] = max(now.get(node, 0), number)
    return [UnitPosition(*row[:7]) for row in rows], now


async def write(db: Connection, *, rows: Sequence[Row], batch: Batch) -> None:
    """A batch of history in the order of arrival, and the latest accepted position of each unit: these are
    announced."""
    await db.copy_records_to_table("unit_position", columns=COLUMNS, records=rows)
    newest = {row[0]: row for row in rows if row[8] is None}
    if not newest:
        return
    # By id, so that two services which write at once queue and never deadlock.
    ids, at, _, lat, lon, heading, speed, accuracy, _ = zip(*(newest[unit] for unit in sorted(newest)), strict=True)
    await db.execute(
        """insert into unit_latest (unit_id, at, lat, lon, heading_deg, speed_mps, accuracy_m, node, batch)
           select p.*, $8, $9 from unnest($1::text[], $2::timestamptz[], $3::float8[], $4::float8[],
                                  $5::real[], $6::real[], $7::real[]) as p (id)
           where exists (select from unit where unit.id = p.id and removed_at is null)
           on conflict (unit_id) do update set
               at = excluded.at, lat = excluded.lat, lon = excluded.lon, heading_deg = excluded.heading_deg,
               speed_mps = excluded.speed_mps, accuracy_m = excluded.accuracy_m,
               node = excluded.node, batch = excluded.batch
           where unit_latest.at < excluded.at""",
        *(list(column) for column in (ids, at, lat, lon, heading, speed, accuracy)),
        *batch,
    )
    await db.execute("select pg_notify($1, $2)", CHANNEL, f"{batch.node} {batch.number}")


async def keep_days(db: Connection, *, days: Iterable[date], before: date) -> None:
    """Create the partitions of these days; drop those `before` one, but none of today or later. In a transaction, one
    service at a time."""
    await db.execute("select pg_advisory_xact_lock($1)", DAYS_LOCK)
    for day in sorted(set(days)):
        await db.execute("select make_position_day($1)", day)
    await db.execute("select drop_position_days($1)", before)


async def is_known(db: Connection, *, unit_id: UnitId) -> bool:
    """Whether there is, or ever was, such a unit."""
    return bool(await db.fetchval("select exists (select from unit where id = $1)", unit_id))


async def trail(
    db: Connection, *, unit_id: UnitId, since: datetime, until: datetime, after: TrailEnd | None, limit: int
) -> tuple[list[UnitTrailPoint], TrailEnd | None]:
    """Oldest first, from `since` to before `until`; and where to go on, None at the end.

    Nothing is received before it is measured, except with a clock ahead: days before `since` are not searched."""
    start = after or TrailEnd(since, datetime.min.replace(tzinfo=UTC), 0)
    rows = await db.fetch(
        """select lat, lon, at, heading_deg, speed_mps, accuracy_m, doubt, received_at from unit_position
           where unit_id = $1 and received_at >= $2 and at >= $3 and at < $4 and (at, received_at) >= ($3, $5)
           order by at, received_at, lat, lon, doubt nulls first
           limit $6 offset $7""",
        unit_id,
        since - CLOCK_AHEAD,
        start.at,
        until,
        start.received_at,
        limit + 1,
        start.told,
    )
    points = [_point(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return points, None
    at, received_at = rows[limit - 1]["at"], rows[limit - 1]["received_at"]
    told = sum((row["at"], row["received_at"]) == (at, received_at) for row in rows[:limit])
    before = start.told if (at, received_at) == (start.at, start.received_at) else 0
    return points, TrailEnd(at, received_at, before + told)


def _point(row: Record) -> UnitTrailPoint:
    lat, lon, at, heading_deg, speed_mps, accuracy_m, doubt, _ = row
    return UnitTrailPoint(lat, lon, at, heading_deg, speed_mps, accuracy_m, Doubt(doubt) if doubt else None)
