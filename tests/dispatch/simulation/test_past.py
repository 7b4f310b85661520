"""The demo's past, made on real databases: what a newcomer finds, and that the service could have had it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from dispatch.app import DEMO_PAST
from dispatch.desk.calls.take_call import take_call
from dispatch.desk.incidents.close import close
from dispatch.desk.units.positions import PositionWriter, trail
from dispatch.errors import Unavailable
from dispatch.model import CallId, Channel, Event, EventKind, IncidentStatus, Report, Unit, UnitId, UnitStatus
from dispatch.model.city import City
from dispatch.model.room import Room
from dispatch.model.sender import Sender, SenderKind
from dispatch.simulation.past.making import INCIDENTS_A_DAY, make_past
from dispatch.simulation.past.missions import ACTOR
from dispatch.store import journal
from dispatch.store.db import Pool, connection, open_pool
from scripts.fault_runs.checker import violations
from scripts.fault_runs.history import History, stored
from tests.dispatch.desk.nodes import Node
from tests.service import Service

LIVING_S = 60.0


async def events_of(pool: Pool) -> list[Event]:
    async with connection(pool) as db:
        return [entry.event for entry in await journal.after(db, seq=0, limit=100_000)]


async def is_sound(pool: Pool, *, before: Room) -> list[str]:
    """What the checker of the fault runs says of everything in the database since `before`."""
    async with connection(pool) as db:
        ids = [row["id"] for row in await db.fetch("select id from report")]
    found = await stored(pool, since=before.seq, report_ids=ids)
    assert found.calls and len(found.reports) == len(ids)
    history = History(
        before=before,
        events=found.events,
        fresh=found.fresh,
        reports=found.reports,
        calls=found.calls,
        tables=found.tables,
    )
    return violations(history)


def is_lively(room: Room) -> None:
    """What the first minute is to show."""
    open_now = list(room.incidents.values())
    assert 20 <= len(open_now) <= 30
    by_priority = Counter(incident.priority for incident in open_now)
    assert all(by_priority[priority] >= 2 for priority in range(1, 6)), by_priority
    by_status = Counter(incident.status for incident in open_now)
    assert by_status[IncidentStatus.WAITING] >= 7
    assert by_status[IncidentStatus.DISPATCHED] >= 5
    assert by_status[IncidentStatus.ATTENDED] >= 3
    assert 2 <= sum(bool(incident.overdue) for incident in open_now) <= 8
    assert sum(bool(incident.location.contradicted) for incident in open_now) >= 1
    alike = [incident for incident in open_now if incident.similar]
    assert alike and all(similar.incident_id in room.incidents for one in alike for similar in one.similar)
    tx = Counter(unit.status for unit in room.units.values())
    assert tx[UnitStatus.EN_ROUTE] >= 5 and tx[UnitStatus.ON_SCENE] >= 3 and tx[UnitStatus.DISPATCHED] >= 1
    assert len({incident.location.parish.code for incident in open_now if incident.location.parish}) >= 15
    assert len({incident.nature for incident in open_now}) >= 15
    assert all(incident.text for incident in open_now)


def fleet_of(city: City, *, since: datetime) -> list[Unit]:
    return [
        Unit(UnitId(u.id), u.agency, u.kind, u.capabilities, u.station, UnitStatus.AVAILABLE, since) for u in city.fleet
    ]


async def make(node: Node) -> bool:
    writer = PositionWriter(node.desk.pool, retention_days=2)
    made = await make_past(node.desk, writer)
    await writer.flush()
    return made


@asynccontextmanager
async def node_on(database_url: str, city: City, *, fleet_age: timedelta = DEMO_PAST) -> AsyncIterator[Node]:
    """With the city's fleet, there since so long ago."""
    async with Node.on(database_url, city) as first:
        await first.add(*fleet_of(city, since=datetime.now(UTC) - fleet_age))
    async with Node.on(database_url, city) as node:
        yield node


async def test_a_city_that_lives_is_made_by_the_services_own_acts(database_url: str, quito: City) -> None:
    async with node_on(database_url, quito) as node:
        before = deepcopy(node.room)
        assert await make(node)
        is_lively(node.room)
        assert await node.is_fresh()
        assert await is_sound(node.desk.pool, before=before) == []

        events = await events_of(node.desk.pool)
        moments = [event.at for event in events]
        assert moments == sorted(moments), "nothing happens before what was committed before it"
        assert timedelta(hours=20) < moments[-1] - moments[0] < DEMO_PAST and moments[-1] <= datetime.now(UTC)
        assert {event.actor for event in events} == {ACTOR, "timers"}
        assert Counter(event.kind for event in events)[EventKind.INCIDENT_CLOSED] > INCIDENTS_A_DAY / 2


async def test_units_that_are_out_have_a_track_to_where_they_are(database_url: str, quito: City) -> None:
    async with node_on(database_url, quito) as node:
        await make(node)
        now = datetime.now(UTC)
        out = [u for u in node.room.units.values() if u.status in {UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE}]
        for unit in out:
            assert unit.incident_id is not None
            place = node.incident(unit.incident_id).location
            position = node.desk.picture.positions[unit.id]
            if unit.status is UnitStatus.ON_SCENE and place.lat is not None and place.lon is not None:
                assert abs(place.lat - position.lat) < 1e-5 and abs(place.lon - position.lon) < 1e-5
        driving = [unit for unit in out if unit.status is UnitStatus.EN_ROUTE]
        for unit in driving:
            points, _ = await trail(node.desk, unit_id=unit.id, since=now - DEMO_PAST, until=now, after=None, limit=200)
            assert len(points) > 3 and all(point.doubt is None for point in points)
            assert points[0].at >= unit.since


async def test_the_room_is_told_all_at_once(database_url: str, quito: City) -> None:
    """A screen that is there already sees the city as it is, not a day that flies past."""
    async with node_on(database_url, quito) as node:
        told: list[int] = []
        node.desk.feed.listeners.append(lambda entries: told.append(len(entries)))
        await make(node)
        assert len(told) == 1 and told[0] > 300


async def test_it_is_made_once_however_many_begin(database_url: str, quito: City) -> None:
    async with node_on(database_url, quito) as node, Node.on(database_url, quito) as other:
        # On a busy machine the other may give up waiting.
        made = await asyncio.gather(make(node), make(other), return_exceptions=True)
        assert made.count(True) == 1 and all(each in {True, False} or isinstance(each, Unavailable) for each in made)
        assert not await make(node)
        for one in (node, other):
            await one.catch_up()
            assert await one.is_fresh()
            is_lively(one.room)


async def test_who_was_called_once_gets_no_past(database_url: str, quito: City) -> None:
    async with node_on(database_url, quito) as node:
        incident = await node.call()
        await close(node.desk, incident_id=incident, reason="test", version=None, actor="test")
        before = await events_of(node.desk.pool)
        assert not await make(node)
        assert await events_of(node.desk.pool) == before


async def test_a_fleet_of_today_has_no_yesterday(database_url: str, quito: City) -> None:
    async with node_on(database_url, quito, fleet_age=timedelta(minutes=50)) as node:
        assert not await make(node)
        assert await events_of(node.desk.pool) == []


async def half_made(pool: Pool) -> None:
    """Numbers are given away before they are committed."""
    async with connection(pool) as db:
        while not await db.fetchval("select last_value > 1005 from incident_id_seq"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_broken_off_it_leaves_nothing(database_url: str, quito: City) -> None:
    async with node_on(database_url, quito) as node:
        making = asyncio.create_task(make(node))
        await half_made(node.desk.pool)
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        assert making.cancelled()
        assert await events_of(node.desk.pool) == [] and await node.is_fresh()
        assert await make(node)
        is_lively(node.room)


async def taken(node: Node, report: Report) -> bool:
    """As a phone sends it: again where it is told to."""
    try:
        await take_call(node.desk, report, sender=Sender("somebody", SenderKind.INTAKE))
    except Unavailable:
        return False
    return True


async def test_a_call_that_comes_meanwhile_is_taken_after_it(database_url: str, quito: City) -> None:
    async with node_on(database_url, quito) as node, Node.on(database_url, quito) as other:
        making = asyncio.create_task(make(node))
        await half_made(node.desk.pool)
        report = Report(CallId(uuid4()), Channel.VOICE, text="¿me oye?")
        assert not making.done()
        while not await taken(other, report):
            pass
        assert await making
        await node.catch_up()
        for one in (node, other):
            assert await one.is_fresh()
        last = (await events_of(node.desk.pool))[-1]
        assert (last.kind, last.actor) == (EventKind.CALL_TAKEN, "somebody")


async def test_a_city_without_a_fleet_waits_in_vain_and_comes_to_an_end(database_url: str, quito: City) -> None:
    async with Node.on(database_url, quito) as node:
        assert await make(node)
        assert {incident.status for incident in node.room.incidents.values()} == {IncidentStatus.WAITING}
        assert await node.is_fresh()


async def opened(service: Service) -> None:
    """Until the city lives."""
    async with service.client() as client, asyncio.timeout(LIVING_S):
        while not (await client.get("/v1/incidents", params={"limit": 1})).json()["items"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_the_demo_begins_with_it_and_a_second_start_adds_none(database_url: str) -> None:
    pool = await open_pool(database_url, size=2)
    try:
        async with Service.started(database_url, "--demo") as service:
            await opened(service)
            async with service.client() as client:
                intervals = (await client.get("/v1/intervals")).raise_for_status().json()["items"]
                closed = (await client.get("/v1/incidents", params={"open": False})).raise_for_status().json()["items"]
        measured = {each["interval"]: 0 for each in intervals}
        for each in intervals:
            measured[each["interval"]] += each["count"]
        assert measured.keys() >= {"process", "turnout", "travel", "response", "on_scene"}
        assert min(measured["process"], measured["response"]) > INCIDENTS_A_DAY / 2
        assert len(closed) > INCIDENTS_A_DAY / 2
        past = past_of(await events_of(pool))
        room = Room()
        for event in past:
            room.apply(event)
        is_lively(room)

        async with Service.started(database_url, "--demo") as service:
            await opened(service)
            async with service.client() as client, asyncio.timeout(LIVING_S):
                # Its crews are at work: whatever comes before that has come.
                known = (await client.get("/v1/units")).json()
                while (await client.get("/v1/units")).json() == known:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        assert past_of(await events_of(pool)) == past
        assert await is_sound(pool, before=Room()) == []
    finally:
        await pool.close()


def past_of(events: Sequence[Event]) -> Sequence[Event]:
    """Up to the last event of its making."""
    last = max(number for number, event in enumerate(events) if event.actor == ACTOR)
    return events[: last + 1]


async def test_without_the_demo_a_room_is_empty_and_its_fleet_new(service: Service, pool: Pool) -> None:
    async with service.client() as client:
        assert (await client.get("/v1/incidents")).json()["items"] == []
        assert (await client.get("/v1/intervals")).json()["items"] == []
    [seeded] = await events_of(pool)
    assert seeded.kind is EventKind.UNIT_ADDED and datetime.now(UTC) - seeded.at < timedelta(hours=1)
