"""Positions by the batch: what is believed is shown, all is kept, and a unit's trail tells both."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from dispatch.city import load_city
from dispatch.desk.units.positions import PositionWriter
from dispatch.model import Unit, UnitId, UnitPosition, UnitStatus
from dispatch.model.doubt import Doubt
from dispatch.model.room import Room
from dispatch.picture.picture import Picture
from dispatch.policy.units.position_doubt import AGREEING
from dispatch.settings import Settings
from dispatch.store.db import Pool, transaction
from dispatch.store.units import positions
from geo import Point, destination
from tests.keys import a_key
from tests.screens import Screen
from tests.service import ANSWER_S, Service

CITY = load_city(Settings().city)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""Of what asks no clock; the service asks its own."""
Told = Callable[..., dict[str, Any]]


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


@pytest.fixture
def began() -> datetime:
    """When this test began: the module may have been imported an hour ago."""
    return datetime.now(UTC)


@pytest.fixture
def told(began: datetime) -> Told:
    """Where a unit was, so many seconds before the test began."""

    def told(unit: str, seconds_ago: float, lat: float = -0.2, lon: float = -78.5, **more: Any) -> dict[str, Any]:
        at = (began - timedelta(seconds=seconds_ago)).isoformat()
        return {"unit_id": unit, "lat": lat, "lon": lon, "at": at} | more

    return told


def at(unit: str, seconds: float, metres: float = 0.0, bearing: float = 90.0) -> UnitPosition:
    lat, lon = destination(-0.2, -78.5, bearing, metres)
    return UnitPosition(UnitId(unit), lat, lon, NOW + timedelta(seconds=seconds), accuracy_m=10)


async def send(http: httpx.AsyncClient, *batch: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await http.post("/v1/units/positions", json={"positions": batch})).json()
    return answer


async def trail(http: httpx.AsyncClient, unit: str, **span: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await http.get(f"/v1/units/{unit}/trail", params=span)).json()
    return answer


async def written(http: httpx.AsyncClient, unit: str, count: int) -> list[dict[str, Any]]:
    """The unit's trail of the last hour, once it has so many positions."""
    async with asyncio.timeout(ANSWER_S):
        while True:
            items: list[dict[str, Any]] = (await trail(http, unit))["items"]
            if len(items) >= count:
                return items
            await asyncio.sleep(0.05)


def picture(*units: str, capabilities: tuple[str, ...] = ()) -> Picture:
    fleet = {
        UnitId(u): Unit(UnitId(u), "PN", "patrol_car", capabilities, None, UnitStatus.AVAILABLE, NOW) for u in units
    }
    return Picture(Room(units=fleet), CITY, [])


async def test_what_became_of_each_is_answered_and_kept(
    module_service: Service, http: httpx.AsyncClient, told: Told, began: datetime
) -> None:
    unit = "P001"
    batch = [
        told(unit, 60),
        told(unit, 60),
        told(unit, 90),
        told(unit, 50, lat=0.0, lon=0.0),
        told(unit, 50, lat=-0.95, lon=-80.9),
        told(unit, 50, accuracy_m=50_000),
        told(unit, -600, lat=-0.2001),
        told(unit, 49, lat=-0.3),
        told("nobody", 10),
        told(unit, 10, lat=91.0),
        told(unit, 40, lat=-0.2002),
    ]
    async with Screen.on(module_service) as screen:
        answer = await send(http, *batch)
        await screen.until(lambda: screen.positions.get(unit, [None, None])[1] == -0.2002)
    doubts = ["duplicate", "out_of_order", "null_island", "outside", "inaccurate", "future", "too_fast"]
    assert answer["accepted"] == 2
    assert answer["doubtful"] == [{"index": i, "doubt": doubt} for i, doubt in enumerate(doubts, start=1)]
    assert [r["index"] for r in answer["rejected"]] == [8, 9]
    assert "nobody" in answer["rejected"][0]["problem"] and "lat" in answer["rejected"][1]["problem"]

    items = await written(http, unit, 9)
    assert sorted(i["doubt"] for i in items if i["doubt"]) == sorted(doubts)
    [future] = [i for i in items if i["doubt"] == "future"]
    received = datetime.fromisoformat(future["at"])
    assert began <= received <= datetime.now(UTC), "its own clock is ten minutes ahead"
    assert items == sorted(items, key=lambda i: i["at"])
    metrics = (await http.get("/metrics")).text
    for outcome in ("accepted", "rejected", *doubts):
        assert f'dispatch_positions_total{{outcome="{outcome}"}}' in metrics


async def test_a_restart_begins_with_what_was_believed(database_url: str, told: Told) -> None:
    async with Service.started(database_url) as service, service.client() as http:
        await send(http, told("P002", 20, lat=-0.21), told("P002", 10, lat=0.0, lon=0.0), told("P002", 5, lat=-0.5))
    async with Service.started(database_url) as service, Screen.on(service) as screen:
        assert screen.positions["P002"][1] == -0.21


async def test_two_hundred_fixes_of_a_phone_without_signal(
    module_service: Service, http: httpx.AsyncClient, told: Told
) -> None:
    offline = [told("P003", 2_000 - 10 * i, lat=-0.2 - i * 1e-4) for i in range(200)]
    answer = await send(http, *offline)
    assert answer == {"accepted": 200, "doubtful": [], "rejected": []}
    async with Screen.on(module_service) as screen:
        assert screen.positions["P003"][1] == pytest.approx(-0.2199)
    # Whoever had newer ones already keeps them as history.
    late = await send(http, *(told("P003", 3_000 - 10 * i) for i in range(50)))
    assert late["accepted"] == 0 and {d["doubt"] for d in late["doubtful"]} == {"out_of_order"}
    assert len(await written(http, "P003", 250)) == 250


async def test_a_large_batch_is_answered_as_one(http: httpx.AsyncClient, told: Told) -> None:
    batch = [told("P007", 3_000 - i) for i in range(2_500)]
    batch[1_700] = told("nobody", 1)
    batch[1_701] = told("P007", 1_200, lat=0.0, lon=0.0)
    batch[2_400] = told("P007", 500, lat=91.0)
    answer = await send(http, *batch)
    assert answer["accepted"] == 2_497 and [r["index"] for r in answer["rejected"]] == [1_700, 2_400]
    assert answer["doubtful"] == [{"index": 1_701, "doubt": "null_island"}]


async def test_a_trail_in_pages_has_everything_once(http: httpx.AsyncClient, told: Told) -> None:
    """Also where many positions are of one moment and one receipt."""
    same = [told("P004", 100, lat=-0.2 - (i % 3) * 1e-6) for i in range(20)]
    await send(http, told("P004", 200), *same, *(told("P004", 90 - i, lat=-0.201) for i in range(30)))
    whole = await written(http, "P004", 51)
    for limit in (1, 7, 20, 50, 51):
        pages, cursor = [], None
        while True:
            page = await trail(http, "P004", limit=limit, **({"cursor": cursor} if cursor else {}))
            assert len(page["items"]) <= limit
            pages += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        key = [(i["at"], i["lat"], i["doubt"]) for i in pages]
        assert key == [(i["at"], i["lat"], i["doubt"]) for i in whole]


async def test_a_trail_of_a_span(http: httpx.AsyncClient, told: Told, began: datetime) -> None:
    await send(http, *(told("P005", 1_000 - 100 * i) for i in range(10)))
    await written(http, "P005", 10)
    span = {"from": (began - timedelta(seconds=700)).isoformat(), "to": (began - timedelta(seconds=400)).isoformat()}
    assert len((await trail(http, "P005", **span))["items"]) == 3
    assert (await trail(http, "P005", to="2020-01-01T00:00:00Z"))["items"] == []


@pytest.mark.parametrize(
    ("unit", "span", "status"),
    [
        ("ghost", {}, 404),
        ("P001", {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 422),
        ("P001", {"from": "yesterday"}, 422),
        ("P001", {"from": "2026-01-01T00:00:00"}, 422),
        ("P001", {"limit": "0"}, 422),
        ("P001", {"limit": "1000000"}, 422),
        ("P001", {"cursor": "x"}, 422),
        ("P001", {"cursor": "999999999999999999.1.1"}, 422),
    ],
)
async def test_a_trail_that_isnt(http: httpx.AsyncClient, unit: str, span: dict[str, str], status: int) -> None:
    answer = await http.get(f"/v1/units/{unit}/trail", params=span)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"


async def test_a_trail_is_for_dispatchers(module_service: Service, module_database_url: str) -> None:
    async with module_service.client(key=await a_key(module_database_url, "crew")) as crew:
        assert (await crew.get("/v1/units/P001/trail")).status_code == 403


async def test_a_unit_that_left_the_fleet_leaves_its_trail(http: httpx.AsyncClient, told: Told) -> None:
    await send(http, told("P006", 30))
    await written(http, "P006", 1)
    assert (await http.delete("/v1/units/P006")).status_code == 200
    assert len((await trail(http, "P006"))["items"]) == 1
    assert [r["index"] for r in (await send(http, told("P006", 20)))["rejected"]] == [0]


async def test_positions_are_kept_by_days_and_days_are_dropped(pool: Pool) -> None:
    today = datetime(2026, 3, 10, 9, tzinfo=UTC)
    for days_on in (0, 1, 40):
        day = (today + timedelta(days=days_on)).date()
        async with transaction(pool) as db:
            await positions.keep_days(db, days=[day, day + timedelta(days=1)], before=day - timedelta(days=30))
    async with transaction(pool) as db:
        rows = await db.fetch(
            "select inhrelid::regclass::text name from pg_inherits where inhparent = 'unit_position'::regclass"
        )
    # A month on, what was made on the tenth is gone.
    assert {r["name"] for r in rows} == {"unit_position_20260419", "unit_position_20260420"}


async def test_the_first_position_after_midnight_has_its_place(pool: Pool) -> None:
    """The day's partition is there before the day; nothing else would take a row of it."""
    writer = PositionWriter(pool, retention_days=30)
    await writer.flush()
    midnight = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    async with transaction(pool) as db:
        assert not await db.fetchval(
            "select partdefid from pg_partitioned_table where partrelid = 'unit_position'::regclass"
        )
        for received in (datetime.now(UTC), midnight, midnight + timedelta(microseconds=1)):
            await positions.write(
                db,
                rows=[(UnitId("A"), received, received, -0.2, -78.5, None, None, None, None)],
                batch=positions.Batch(0, 1),
            )
        count = await db.fetchval("select count(*) from unit_position")
    assert count == 3
    beyond = midnight + timedelta(days=3)
    row = (UnitId("A"), beyond, beyond, -0.2, -78.5, None, None, None, None)
    with pytest.raises(asyncpg.CheckViolationError):
        async with transaction(pool) as db:
            await positions.write(db, rows=[row], batch=positions.Batch(0, 1))


async def test_what_waited_over_a_day_is_written_into_that_day(pool: Pool) -> None:
    writer = PositionWriter(pool, retention_days=30)
    received = datetime.now(UTC) - timedelta(days=3)
    writer.add([(UnitPosition(UnitId("A"), -0.2, -78.5, received), None)], now=received)
    await writer.flush()
    async with transaction(pool) as db:
        assert await db.fetchval("select received_at from unit_position") == received
    assert writer.dropped == 0


async def test_two_services_make_a_day_at_once(pool: Pool) -> None:
    writers = [PositionWriter(pool, retention_days=30) for _ in range(4)]
    await asyncio.gather(*(w.flush() for w in writers))


def test_an_unlikely_track_is_believed_once_it_agrees_with_itself() -> None:
    room = picture("A1")
    unit = UnitId("A1")
    room.move([at("A1", 0)], now=NOW)
    there = [at("A1", 2 * i, 40_000 + 10 * i) for i in range(1, 6)]
    taken = room.move(there, now=NOW + timedelta(seconds=20))
    assert [d.index for d in taken.doubtful] == [0, 1]
    assert room.positions[unit] == there[-1]
    assert room.nearest(Point(there[-1].lat, there[-1].lon), k=1)[0].unit.id == unit


def test_single_wrong_fixes_never_add_up() -> None:
    room = picture("A1")
    fixes = [at("A1", i, 40_000 if i % 2 else 5 * i) for i in range(60)]
    for batch in (fixes[:31], fixes[31:]):
        taken = room.move(batch, now=NOW + timedelta(seconds=60))
        assert {d.doubt for d in taken.doubtful} == {Doubt.TOO_FAST}
    assert room.positions[UnitId("A1")] == fixes[58]


def test_a_helicopter_may() -> None:
    leap = [at("H1", 0), at("H1", 60, 360 / 3.6 * 60)]
    assert picture("H1", capabilities=("helicopter",)).move(leap, now=NOW + timedelta(hours=1)).accepted == 2
    assert picture("H1").move(leap, now=NOW + timedelta(hours=1)).accepted == 1


def test_heard_is_who_sends_whatever_it_is_worth() -> None:
    room, unit = picture("A1"), UnitId("A1")
    seconds = iter(range(1, 100))

    def heard(position: UnitPosition) -> bool:
        now = NOW + timedelta(seconds=next(seconds))
        room.move([position], now=now)
        return room.heard_at.get(unit) == now

    first = at("A1", -100)
    assert heard(first)
    assert not heard(first), "the same again tells nothing"
    assert not heard(at("A1", 3_600)), "nor does a clock ahead"
    assert heard(at("A1", -200)) and heard(at("A1", -99, 50_000))
    assert room.positions[unit] == first


async def test_a_receiver_after_a_week_rollover_is_believed_where_it_goes_with_the_track(
    http: httpx.AsyncClient,
) -> None:
    """Of the same drive, told by a receiver that is 1,024 weeks behind; and one that can't be reached."""
    now = datetime.now(UTC)
    behind = [
        {
            "unit_id": "P030",
            "lat": -0.2,
            "lon": -78.5 + n * 1e-4,
            "at": (now - timedelta(weeks=w, seconds=60 - n)).isoformat(),
        }
        for n, w in enumerate((0, 1_024, 2_048))
    ]
    far = behind[1] | {"lon": -78.0, "at": (now - timedelta(weeks=1_024, seconds=50)).isoformat()}
    answer = await send(http, *behind, far)
    assert answer["accepted"] == 3 and answer["corrected"] == [1, 2, 3]
    assert answer["doubtful"] == [{"index": 3, "doubt": "too_fast"}]
    points = await written(http, "P030", 4)
    assert all(datetime.fromisoformat(point["at"]) > now - timedelta(minutes=5) for point in points)


def test_a_clock_ahead_is_believed_by_receipt_once_it_has_agreed_with_itself() -> None:
    shown, now = picture("P001"), NOW
    for step in range(AGREEING + 2):
        now = NOW + timedelta(seconds=10 * step)
        told = UnitPosition(UnitId("P001"), -0.2, -78.5 + step * 1e-4, now + timedelta(hours=2))
        taken = shown.move([told], now=now)
        is_believed = step >= AGREEING - 1
        assert taken.accepted == is_believed and bool(taken.corrected) == is_believed
    assert shown.positions[UnitId("P001")].at == now


async def test_what_a_device_doesnt_know_costs_no_position(http: httpx.AsyncClient) -> None:
    told = {"unit_id": "P031", "lat": -0.2, "lon": -78.5, "at": datetime.now(UTC).isoformat()}
    answer = await send(http, told | {"heading_deg": -1, "speed_mps": -1, "accuracy_m": -1})
    assert answer == {"accepted": 1, "doubtful": [], "rejected": []}
