"""Where a unit is, by what was sent to another node: no event, nothing missed, and the newer always wins."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.city import load_city
from dispatch.desk.units.fleet import add_units
from dispatch.model import Unit, UnitId, UnitPosition, UnitStatus
from dispatch.model.city import City
from dispatch.settings import Settings
from dispatch.store.db import Pool, connection, transaction
from dispatch.store.units import positions
from dispatch.store.units.units import add
from geo import Point
from tests.dispatch.nodes.following import Follower, end_listeners, until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNITS = ["A1", "A2", "A3"]


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(Settings().city)


@pytest.fixture
async def two(database_url: str, pool: Pool, quito: City) -> AsyncIterator[tuple[Follower, Follower]]:
    """Two nodes on one database, with a fleet that both know."""
    async with transaction(pool) as db:
        await add(db, units=[ambulance(unit_id) for unit_id in UNITS])
    async with Follower.on(database_url, quito) as here, Follower.on(database_url, quito) as there:
        yield here, there


def ambulance(unit_id: str) -> Unit:
    return Unit(UnitId(unit_id), "MSP", "ambulance_bls", ("bls",), None, UnitStatus.AVAILABLE, NOW)


def at(unit_id: str, seconds: float, lat: float = -0.2, **more: float) -> UnitPosition:
    return UnitPosition(UnitId(unit_id), lat, -78.5, NOW + timedelta(seconds=seconds), **more)


async def test_what_one_hears_the_other_knows(two: tuple[Follower, Follower]) -> None:
    here, there = two
    shown = there.node.desk.picture.moved
    await here.hear(at("A1", 0, heading_deg=90), at("A2", 0))
    await until(lambda: there.where("A2") is not None)
    assert there.where("A1") == at("A1", 0, heading_deg=90)
    # What screens are told next, and from where it is ranked.
    moved = there.node.desk.picture.moved_since(shown)
    assert {p.unit_id for p in moved} == {"A1", "A2"}
    nearest = there.node.desk.picture.nearest(Point(-0.2, -78.5), k=3)
    assert {s.unit.id for s in nearest} == {"A1", "A2"}
    assert there.node.desk.picture.heard_at.keys() == {"A1", "A2"}
    assert await there.node.events() == []


async def test_the_older_never_overwrites_the_newer(two: tuple[Follower, Follower], pool: Pool) -> None:
    """Both hear of it before either has heard of the other."""
    here, there = two
    await asyncio.gather(here.hear(at("A1", 10, lat=-0.21)), there.hear(at("A1", 5, lat=-0.20)))
    await there.hear(at("A2", 5))
    await until(lambda: there.where("A1") == at("A1", 10, lat=-0.21) and here.where("A2") is not None)
    assert here.where("A1") == at("A1", 10, lat=-0.21)
    async with connection(pool) as db:
        assert at("A1", 10, lat=-0.21) in await positions.latest(db)


async def test_what_is_doubted_here_is_not_believed_there(two: tuple[Follower, Follower]) -> None:
    here, there = two
    await here.hear(at("A1", 0, lat=12.0), at("A2", 0, accuracy_m=9_000))
    await here.hear(at("A3", 0))
    await until(lambda: there.where("A3") is not None)
    assert there.where("A1") is there.where("A2") is None


async def test_what_was_missed_is_caught_up_with(two: tuple[Follower, Follower], pool: Pool) -> None:
    here, there = two
    await there.elsewhere.following.stop()  # as one that is cut off: announced, and not heard
    await here.hear(at("A1", 0))
    await here.hear(at("A1", 9, lat=-0.201), at("A2", 9))
    there.elsewhere.following.start()
    assert await end_listeners(pool) == 2
    await until(lambda: there.where("A1") == at("A1", 9, lat=-0.201) and there.where("A2") is not None)
    await here.hear(at("A3", 9))
    await until(lambda: there.where("A3") is not None)


async def test_one_that_starts_knows_all(database_url: str, two: tuple[Follower, Follower], quito: City) -> None:
    here, there = two
    await here.hear(at("A1", 0))
    await there.hear(at("A2", 0))
    async with Follower.on(database_url, quito) as third:
        assert third.where("A1") == at("A1", 0) and third.where("A2") == at("A2", 0)
        # That may have been long ago: it is no word of now.
        assert not third.node.desk.picture.heard_at


async def test_a_unit_whose_event_is_still_on_its_way(two: tuple[Follower, Follower]) -> None:
    here, there = two
    await there.node.desk.feed.following.stop()
    await add_units(here.node.desk, new=[ambulance("B1")], actor="test")
    await here.hear(at("B1", 0))
    await until(lambda: there.where("B1") is not None)
    assert there.told == [1]


async def test_alone_it_asks_for_nothing(
    database_url: str, pool: Pool, quito: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    since = positions.since

    async def asking(db: object, **more: object) -> object:
        asked.append(more)
        return await since(db, **more)  # type: ignore[arg-type]

    async with transaction(pool) as db:
        await add(db, units=[ambulance("A1")])
    async with Follower.on(database_url, quito) as node:
        monkeypatch.setattr(positions, "since", asking)
        for second in range(5):
            await node.hear(at("A1", second))
        async with connection(pool) as db:
            # Heard after all of its own: by then it would have asked.
            await db.execute("select pg_notify($1, '1 1')", positions.CHANNEL)
        await until(lambda: bool(asked))
        assert len(asked) == 1
