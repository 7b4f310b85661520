"""Durations of intervals beside their targets: percentiles of every interval, computed in the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from asyncpg import Record

from dispatch.model import Interval
from dispatch.model.city import City
from dispatch.store.db import Connection


class Grouping(StrEnum):
    AGENCY = "agency"
    PARISH = "parish"
    PRIORITY = "priority"
    NATURE = "nature"


@dataclass(frozen=True, slots=True)
class Figures:
    """For one interval in one group; `group` None: unknown parish or nature. Percentiles are interpolated.

    `met` is the share (0-1) of those with a target that were within theirs; it should be at least `target_share`. If
    the group mixes several targets `target_s` is the one of most, and `targets_s` are all."""

    group: str | int | None
    interval: Interval
    count: int
    median_s: float
    p90_s: float
    target_s: float | None
    target_share: float | None
    met: float | None
    targets_s: tuple[float, ...]


# The first assignment and the first arrival of an incident count for the incident, and for the agency of the unit.
# Recalled units count as sent. Each interval belongs to the time at which its incident was opened or its unit sent.
MEASURED = """
    with target as (
        select * from unnest($3::text[], $4::text[], $5::integer[], $6::float8[], $7::float8[])
            as t (interval, agency, priority, seconds, share)
    ), first_sent as (
        select distinct on (i.id) i.opened_at, i.priority, i.parish, i.nature, u.agency, a.assigned_at
        from incident i join assignment a on a.incident_id = i.id join unit u on u.id = a.unit_id
        where i.opened_at >= $1 and i.opened_at < $2 and 'process' = any($8)
        order by i.id, a.assigned_at, a.id
    ), first_there as (
        select distinct on (i.id) i.opened_at, i.priority, i.parish, i.nature, u.agency, a.on_scene_at
        from incident i join assignment a on a.incident_id = i.id join unit u on u.id = a.unit_id
        where i.opened_at >= $1 and i.opened_at < $2 and a.on_scene_at is not null and 'response' = any($8)
        order by i.id, a.on_scene_at, a.id
    ), measured as (
        select 'process' as interval, '' as held_to, agency, priority, parish, nature, assigned_at - opened_at as took
        from first_sent
        union all
        select 'response', '', agency, priority, parish, nature, on_scene_at - opened_at
        from first_there
        union all
        select s.interval, u.agency, u.agency, i.priority, i.parish, i.nature, s.took
        from assignment a join unit u on u.id = a.unit_id join incident i on i.id = a.incident_id cross join lateral (
            values ('turnout', a.en_route_at - a.assigned_at),
                   ('travel', a.on_scene_at - a.en_route_at),
                   ('on_scene', coalesce(a.transporting_at, a.released_at) - a.on_scene_at),
                   ('transport', a.at_hospital_at - a.transporting_at),
                   ('handover', a.released_at - a.at_hospital_at)
        ) s (interval, took)
        where a.assigned_at >= $1 and a.assigned_at < $2 and s.took is not null and s.interval = any($8)
    ), judged as (
        select m.{group} as of_group, m.interval, extract(epoch from m.took)::float8 as seconds,
               t.seconds as target_s, t.share
        from measured m left join target t
            on t.interval = m.interval and t.agency = m.held_to and t.priority = m.priority
    )
    select of_group, interval, count(*) as count,
           percentile_cont(array[0.5, 0.9]) within group (order by seconds) as percentiles,
           mode() within group (order by target_s) as target_s,
           mode() within group (order by share) as target_share,
           avg((seconds <= target_s)::integer)::float8 as met,
           array_agg(distinct target_s) filter (where target_s is not null) as targets_s
    from judged group by of_group, interval
"""


async def figures(
    db: Connection,
    *,
    city: City,
    since: datetime,
    until: datetime,
    by: Grouping,
    only: Collection[Interval] = tuple(Interval),
) -> list[Figures]:
    """From `since` to before `until`; by interval in their order, then by group, the unknown one last.

    An incident's priority, parish and nature are the current ones."""
    agencies = [row["agency"] for row in await db.fetch("select distinct agency from unit")]
    targets = _targets(city, agencies)
    async with db.transaction():
        # A report over a year uses one core; the others are for calls.
        await db.execute("set local max_parallel_workers_per_gather = 0")
        columns = (list(column) for column in targets)
        rows = await db.fetch(MEASURED.format(group=by), since, until, *columns, [str(i) for i in only])
    order = {interval: place for place, interval in enumerate(Interval)}
    found = [_figures(row) for row in rows]
    return sorted(found, key=lambda f: (order[f.interval], f.group is None, f.group))


def _targets(city: City, agencies: Collection[str]) -> tuple[tuple[object, ...], ...]:
    """Columns: interval, agency ("" for the incident's intervals), priority, seconds, share; all combinations are
    resolved, so that SQL only looks them up."""
    cases = [
        (interval, agency or "", priority, target.seconds, target.share)
        for interval in Interval
        for agency in (None, *agencies)
        for priority in range(1, 6)
        if (target := city.target(interval, agency=agency, priority=priority)) is not None
    ]
    return tuple(zip(*cases, strict=True)) if cases else ((),) * 5


def _figures(row: Record) -> Figures:
    median_s, p90_s = row["percentiles"]
    return Figures(
        group=row["of_group"],
        interval=Interval(row["interval"]),
        count=row["count"],
        median_s=median_s,
        p90_s=p90_s,
        target_s=row["target_s"],
        target_share=row["target_share"],
        met=row["met"],
        targets_s=tuple(row["targets_s"] or ()),
    )
