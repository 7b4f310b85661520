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


# The first assignment and the first arrival of an incident are its own, and of the agency that made them; one that was
# reopened has a response more, and so a first assignment and arrival more. What was
# recalled was sent all the same. Each interval belongs to the time at which its incident was opened or its unit sent.
MEASURED = """
    with target as (
        select * from unnest($3::text[], $4::text[], $5::integer[], $6::float8[], $7::float8[])
            as t (interval, agency, priority, seconds, share)
    ), response as (
        select id, priority, parish, nature, opened_at as since, reopened[1] as until
        from incident where opened_at >= $1 and opened_at < $2
        union all
        select id, priority, parish, nature, again.at, reopened[again.number + 1]
        from incident cross join lateral unnest(reopened) with ordinality as again (at, number)
        where reopened <> '{{}}' and again.at >= $1 and again.at < $2
    ), first_sent as (
        select distinct on (r.id, r.since) r.since, r.priority, r.parish, r.nature, u.agency, a.assigned_at
        from response r join assignment a on a.incident_id = r.id join unit u on u.id = a.unit_id
        where a.assigned_at >= r.since and (r.until is null or a.assigned_at < r.until) and 'process' = any($8)
        order by r.id, r.since, a.assigned_at, a.id
    ), first_there as (
        select distinct on (r.id, r.since) r.since, r.priority, r.parish, r.nature, u.agency, a.on_scene_at
        from response r join assignment a on a.incident_id = r.id join unit u on u.id = a.unit_id
        where a.on_scene_at >= r.since and (r.until is null or a.on_scene_at < r.until) and 'response' = any($8)
        order by r.id, r.since, a.on_scene_at, a.id
    ), measured as (
        select 'process' as interval, '' as held_to, agency, priority, parish, nature, assigned_at - since as took
        from first_sent
        union all
        select 'response', '', agency, priority, parish, nature, on_scene_at - since
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
