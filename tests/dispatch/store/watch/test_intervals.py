"""Percentiles made by SQL are those that a person would make with pencil and paper."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import quantiles
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.city import load_city
from dispatch.model import Interval, Target
from dispatch.model.city import City
from dispatch.settings import QUITO
from dispatch.store.db import Connection, Pool, open_pool, transaction
from dispatch.store.watch.intervals import MEASURED, Figures, Grouping, figures

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SINCE, UNTIL = T0 + timedelta(seconds=500), T0 + timedelta(seconds=3_000)
AGENCIES = {"A1": "MSP", "B1": "CBQ", "P1": "PN", "X1": "of yesterday"}


@cache
def city() -> City:
    """Quito with a target that only one agency has for one priority, and without any for travel."""
    quito = load_city(QUITO)
    own = Target("own", Interval.TURNOUT, 20, 0.5, agency="PN", priority=2)
    return replace(quito, targets=(own, *(t for t in quito.targets if t.interval != Interval.TRAVEL)))


@pytest.fixture(scope="module")
async def pool(module_database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(module_database_url, size=2)
    async with transaction(pool) as db:
        await db.executemany("insert into unit (id, agency, kind, since) values ($1, $2, '', now())", AGENCIES.items())
        # Made-up histories may have a unit in two places; what is measured of each doesn't depend on it.
        await db.execute("drop index assignment_one_incident_per_unit")
    yield pool
    await pool.close()


@dataclass(frozen=True)
class Way:
    """Seconds after the incident was opened at which each step of a unit was reported, or None."""

    unit: str
    steps: tuple[int | None, ...]


@dataclass(frozen=True)
class Happened:
    opened: int
    priority: int
    parish: str | None
    nature: str | None
    ways: tuple[Way, ...]


@st.composite
def ways(draw: st.DrawFn) -> Way:
    moments = sorted(draw(st.lists(st.integers(0, 900), min_size=6, max_size=6)))
    reported = draw(st.integers(1, 5))
    skipped = draw(st.sets(st.integers(1, 5), max_size=2))
    steps = [m if n <= reported and n not in skipped else None for n, m in enumerate(moments[:5])]
    return Way(draw(st.sampled_from(list(AGENCIES))), (*steps, draw(st.sampled_from([None, moments[5]]))))


histories = st.lists(
    st.builds(
        Happened,
        opened=st.integers(0, 3_500),
        priority=st.integers(1, 5),
        parish=st.sampled_from([None, "170101", "170157"]),
        nature=st.sampled_from([None, "fall"]),
        ways=st.lists(ways(), max_size=3, unique_by=lambda w: w.unit).map(tuple),
    ),
    max_size=12,
)


async def write(db: Connection, happened: list[Happened]) -> None:
    for one in happened:
        number = await db.fetchval(
            """insert into incident (status, priority, nature, parish, opened_at, location, calls, channels)
               values ('waiting', $1, $2, $3, $4, '{}', 1, '{}') returning id""",
            one.priority,
            one.nature,
            one.parish,
            T0 + timedelta(seconds=one.opened),
        )
        for way in one.ways:
            moments = [None if s is None else T0 + timedelta(seconds=one.opened + s) for s in way.steps]
            await db.execute(
                """insert into assignment (incident_id, unit_id, assigned_by, assigned_at, en_route_at, on_scene_at,
                       transporting_at, at_hospital_at, released_at)
                   values ($1, $2, '', $3, $4, $5, $6, $7, $8)""",
                number,
                way.unit,
                *moments,
            )


@dataclass(frozen=True)
class Taken:
    interval: Interval
    seconds: float
    agency: str
    of: Happened
    own: bool = False


def in_period(second: int) -> bool:
    return SINCE <= T0 + timedelta(seconds=second) < UNTIL


def taken(one: Happened) -> Iterator[Taken]:
    if in_period(one.opened):
        for interval, step in ((Interval.PROCESS, 0), (Interval.RESPONSE, 2)):
            reached = [(way.steps[step], n, way.unit) for n, way in enumerate(one.ways) if way.steps[step] is not None]
            if reached:
                seconds, _, unit = min(reached)
                yield Taken(interval, float(seconds or 0), AGENCIES[unit], one, own=True)
    for way in one.ways:
        assigned, en_route, there, transporting, hospital, released = way.steps
        assert assigned is not None
        if in_period(one.opened + assigned):
            left = transporting if transporting is not None else released
            for interval, begin, end in (
                (Interval.TURNOUT, assigned, en_route),
                (Interval.TRAVEL, en_route, there),
                (Interval.ON_SCENE, there, left),
                (Interval.TRANSPORT, transporting, hospital),
                (Interval.HANDOVER, hospital, released),
            ):
                if begin is not None and end is not None:
                    yield Taken(interval, float(end - begin), AGENCIES[way.unit], one)


def by_hand(happened: list[Happened], by: Grouping) -> dict[tuple[Any, Interval], dict[str, Any]]:
    groups: defaultdict[tuple[Any, Interval], list[Taken]] = defaultdict(list)
    for each in (each for one in happened for each in taken(one)):
        groups[each.agency if by == "agency" else getattr(each.of, by), each.interval].append(each)
    found = {}
    for key, many in groups.items():
        seconds = [each.seconds for each in many]
        targets = [city().target(e.interval, agency=None if e.own else e.agency, priority=e.of.priority) for e in many]
        judged = [(s, t.seconds) for s, t in zip(seconds, targets, strict=True) if t is not None]
        found[key] = {
            "count": len(many),
            "median_s": float(np.median(seconds)),
            "p90_s": quantiles(seconds, n=10, method="inclusive")[8] if len(seconds) > 1 else seconds[0],
            "met": sum(s <= t for s, t in judged) / len(judged) if judged else None,
            "targets_s": " ".join(f"{t:g}" for t in sorted({t for _, t in judged})),
        }
    return found


def shown(found: list[Figures]) -> dict[tuple[Any, Interval], dict[str, Any]]:
    return {
        (each.group, each.interval): {
            "count": each.count,
            "median_s": each.median_s,
            "p90_s": each.p90_s,
            "met": each.met,
            "targets_s": " ".join(f"{t:g}" for t in each.targets_s),
        }
        for each in found
    }


@pytest.mark.parametrize("by", Grouping)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(happened=histories)
async def test_as_by_hand(pool: Pool, by: Grouping, happened: list[Happened]) -> None:
    async with pool.acquire() as db:
        changes = db.transaction()
        await changes.start()
        await write(db, happened)
        found = await figures(db, city=city(), since=SINCE, until=UNTIL, by=by)
        turnouts = await figures(db, city=city(), since=SINCE, until=UNTIL, by=by, only=[Interval.TURNOUT])
        await changes.rollback()
    expected = by_hand(happened, by)
    assert shown(found).keys() == expected.keys()
    for key, figure in shown(found).items():
        assert figure == pytest.approx(expected[key]), key
    assert all(each.target_s in (each.targets_s or (None,)) for each in found)
    assert turnouts == [each for each in found if each.interval is Interval.TURNOUT]
    order = [list(Interval).index(each.interval) for each in found]
    assert order == sorted(order)


async def test_a_mixed_group_shows_the_target_of_most(pool: Pool) -> None:
    def sent(priority: int, seconds: int) -> Happened:
        return Happened(1_000, priority, None, None, (Way("P1", (0, seconds, None, None, None, None)),))

    async with pool.acquire() as db:
        changes = db.transaction()
        await changes.start()
        await write(db, [sent(2, 15), sent(2, 25), sent(1, 59)])
        found = await figures(db, city=city(), since=SINCE, until=UNTIL, by=Grouping.AGENCY, only=[Interval.TURNOUT])
        await changes.rollback()
    [figure] = found
    assert (figure.group, figure.count, figure.median_s) == ("PN", 3, 25.0)
    assert (figure.target_s, figure.target_share, figure.targets_s) == (20, 0.5, (20, 60))
    assert figure.met == pytest.approx(2 / 3)


YEAR = """
    insert into incident (status, priority, parish, opened_at, location, calls, channels)
    select 'waiting', 1 + n % 5, '1701' || n % 65, $2::timestamptz - n * ($3::interval / $1::integer), '{}', 1, '{}'
    from generate_series(1, $1::integer) n
"""
SENT = """
    insert into assignment (incident_id, unit_id, assigned_by, assigned_at, en_route_at, on_scene_at, released_at)
    select id, case when id % 3 = 0 then 'A1' else 'B1' end, '', opened_at + '40 s', opened_at + '2 min',
           opened_at + (id % 1000) * interval '1 s' + '3 min', opened_at + '1 h'
    from incident
"""


async def test_a_day_of_a_year_is_found_by_its_time(database_url: str) -> None:
    """By index, not by reading the year: what the planner says it will do."""
    pool = await open_pool(database_url, size=1)
    async with pool.acquire() as db:
        await db.executemany("insert into unit (id, agency, kind, since) values ($1, $2, '', now())", AGENCIES.items())
        await db.execute(YEAR, 20_000, T0, timedelta(days=365))
        await db.execute(SENT)
        await db.execute("analyze")
        sql = MEASURED.format(group="agency")
        day = T0 - timedelta(days=1)
        plan = await db.fetch(f"explain {sql}", day, T0, [], [], [], [], [], list(Interval))
        found = await figures(db, city=city(), since=day, until=T0, by=Grouping.AGENCY, only=[Interval.PROCESS])
    await pool.close()
    text = "\n".join(row[0] for row in plan)
    assert "incident_opened" in text and "assignment_time" in text and "Seq Scan on incident" not in text, text
    assert sum(each.count for each in found) == pytest.approx(20_000 / 365, abs=1)
