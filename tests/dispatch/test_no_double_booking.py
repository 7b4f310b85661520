"""Whatever several dispatchers and crews do at once, at two nodes on one database: no unit is ever on two incidents.

Hypothesis makes up the acts; those of one step are sent at the same moment over real sockets to real services."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, Literal, cast
from uuid import uuid4

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from dispatch.model import (
    Assignment,
    Event,
    EventKind,
    Incident,
    IncidentId,
    IncidentStatus,
    Seq,
    Unit,
    UnitId,
    UnitStatus,
)
from dispatch.model.room import Room
from dispatch.store.db import Pool, connection, open_pool
from dispatch.store.snapshot import snapshot
from dispatch.store.units import units
from geo import Location, LocationStatus
from scripts.fault_runs.bookings import events_after, faults_in_tables, faults_of, replay
from tests.reports import a_call, a_fix
from tests.service import Service

NOWHERE = Location(LocationStatus.UNLOCATED)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
ANSWERS = {200, 201, 204, 404, 409, 422}
FLEET = 6
NATURES = ["noise", "brawl", "robbery_in_progress", "crash_injured"]
STEPS = ["en_route", "on_scene", "transporting", "at_hospital", "returning", "available", "off_duty", "off_duty"]
# What must have happened at least once, or the crowd was too tame to show anything.
DONE = {
    *(EventKind.UNIT_ASSIGNED, EventKind.UNIT_PREEMPTED, EventKind.UNIT_RELEASED, EventKind.UNIT_STATUS_CHANGED),
    *(EventKind.INCIDENT_LINKED, EventKind.INCIDENT_UNLINKED, EventKind.INCIDENT_CLOSED, EventKind.CALL_SPLIT),
    EventKind.UNIT_REMOVED,
}
Verb = Literal[
    "assign", "preempt", "swap", "release", "step", "close", "priority",
    "link", "unlink", "split", "call", "fix", "remove",
]  # fmt: skip


@dataclass(frozen=True)
class Deed:
    """What somebody tries: numbers are positions among what there is. `right`: as the room was before this step, which
    may be past by the time it arrives; else at random."""

    verb: Verb
    units: tuple[int, ...]
    incident: int
    other: int
    right: bool
    step: str


INDEX = st.integers(0, 11)
DEEDS = st.builds(
    Deed,
    # What books and frees is tried more often than what ends.
    verb=st.sampled_from(
        ["assign"] * 4 + ["preempt"] * 4 + ["swap"] * 2 + ["release"] * 2 + ["step"] * 3
        + ["link", "unlink", "unlink", "split", "split", "call", "fix", "close", "priority", "remove"]
    ),
    units=st.lists(st.integers(0, FLEET - 1), min_size=1, max_size=3, unique=True).map(tuple),
    incident=INDEX,
    other=INDEX,
    right=st.integers(0, 3).map(bool),
    step=st.sampled_from(STEPS),
)  # fmt: skip


class City:
    """Two nodes, two clients at each, and the room as the journal has told it so far."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: Pool, clients: list[httpx.AsyncClient]) -> None:
        self.loop, self.pool, self.clients = loop, pool, clients
        self.room = Room()
        self.told: Counter[str] = Counter()
        self.answers: Counter[tuple[str, int]] = Counter()
        self.rounds = count()
        self.units: list[UnitId] = []
        self.known: list[IncidentId] = []
        self.calls: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.linked: list[IncidentId] = []
        self.of_call: dict[str, IncidentId] = {}

    async def begin(self) -> None:
        """A fleet and incidents of this round alone: two calls each, of different urgency, far from each other."""
        here = next(self.rounds)
        self.units = [UnitId(f"R{here}-{i}") for i in range(FLEET)]
        fleet = [{"id": u, "agency": "PN", "kind": "patrol_car"} for u in self.units]
        added = await self.clients[0].post("/v1/units", json={"units": fleet})
        assert added.status_code == 201, added.text
        self.calls = [a_call(a_fix(-0.25 + i * 0.04, -78.5), nature=n) for i, n in enumerate(NATURES) for _ in range(2)]
        answers = [(await self.clients[0].post("/v1/calls", json=call)).json() for call in self.calls]
        self.linked = []
        self.known = sorted({answer["incident_id"] for answer in answers})
        assert len(self.known) == len(NATURES)
        await self.check()

    async def end(self) -> None:
        """Closed, so that the next round's calls join nothing of this."""
        for incident in list(self.room.incidents.values()):
            await self.clients[0].post(
                f"/v1/incidents/{incident.id}/close", json={"reason": "x", "version": incident.version}
            )
        await self.check()

    async def at_once(self, deeds: list[Deed]) -> None:
        tries = [self.attempt(deed, self.clients[i % len(self.clients)]) for i, deed in enumerate(deeds)]
        try:
            await asyncio.gather(*tries)
            await self.check()
        except AssertionError as fault:
            # Played again, a race may end otherwise, and then hypothesis would only tell of that.
            self.faults.append(f"{fault}\n{deeds}")
            raise

    async def attempt(self, deed: Deed, http: httpx.AsyncClient) -> None:
        method, path, body = self.request(deed)
        answer = await http.request(method, path, json=body)
        self.answers[deed.verb, answer.status_code] += 1
        assert answer.status_code in ANSWERS, (deed, answer.status_code, answer.text)

    def request(self, deed: Deed) -> tuple[str, str, Any]:
        crew = [self.units[i] for i in deed.units]
        number, other = self.known[deed.incident % len(self.known)], self.known[deed.other % len(self.known)]
        held = {u: on for u in crew if (on := self.held(u)) is not None}
        incident = f"/v1/incidents/{number}"
        version = self.room.incidents[number].version if deed.right and number in self.room.incidents else 3
        match deed.verb:
            case "assign":
                return "POST", f"{incident}/assignments", {"unit_ids": crew}
            case "preempt":
                confirmed = held if deed.right else dict.fromkeys(crew, other)
                return "POST", f"{incident}/assignments", {"unit_ids": crew, "preempt": confirmed}
            case "swap":
                where = held.get(crew[0], number) if deed.right else number
                body = {
                    "release": crew[0],
                    "assign": crew[-1],
                    "preempt": {u: i for u, i in held.items() if u == crew[-1]},
                }
                return "POST", f"/v1/incidents/{where}/swap", body
            case "release":
                where = held.get(crew[0], number) if deed.right else number
                return "DELETE", f"/v1/incidents/{where}/assignments/{crew[0]}", None
            case "step":
                return "POST", f"/v1/units/{crew[0]}/status", {"status": deed.step}
            case "close":
                return "POST", f"{incident}/close", {"reason": "x", "version": version}
            case "priority":
                return "PATCH", incident, {"priority": 1 + deed.other % 5, "version": version}
            case "link":
                return "POST", f"{incident}/link", {"into": other}
            case "unlink":
                which = self.linked[deed.other % len(self.linked)] if deed.right and self.linked else number
                return "POST", f"/v1/incidents/{which}/unlink", None
            case "split":
                call_id = self.calls[deed.other % len(self.calls)]["id"]
                of = self.of_call.get(call_id, number) if deed.right else number
                return "POST", f"/v1/incidents/{of}/calls/{call_id}/split", None
            case "call":
                like = self.calls[deed.other % len(self.calls)]
                return "POST", "/v1/calls", like | {"id": str(uuid4())}
            case "fix":
                like = self.calls[deed.other % len(self.calls)]
                return "POST", f"/v1/calls/{like['id']}/fixes", {"fixes": [a_fix(-0.2, -78.5 + deed.incident / 100)]}
            case "remove":
                return "DELETE", f"/v1/units/{crew[0]}", None

    def held(self, unit_id: UnitId) -> int | None:
        unit = self.room.units.get(unit_id)
        return unit.incident_id if unit else None

    async def check(self) -> None:
        """The tables, every moment of the journal since the last look, and that both tell the same."""
        fresh = await snapshot(self.pool)
        async with connection(self.pool) as db:
            assert await faults_in_tables(db) == []
            events = await events_after(db, self.room.seq)
        # A timer of a node may have told something since.
        events = [event for event in events if event.seq <= fresh.seq]
        assert list(replay(self.room, events)) == []
        assert faults_of(self.room) == []
        assert self.room == fresh
        for event in events:
            self.told[event.kind] += 1
            if event.incident is not None:
                self.remember(event, event.incident.id)

    def remember(self, event: Event, number: IncidentId) -> None:
        if number not in self.known:
            self.known.append(number)
        match event.kind:
            case EventKind.CALL_TAKEN | EventKind.CALL_JOINED | EventKind.CALL_SPLIT if "to" not in event.data:
                self.of_call[str(event.data["call_id"])] = number
            case EventKind.INCIDENT_LINKED:
                self.linked.append(number)
                self.of_call |= {c: event.data["into"] for c, of in self.of_call.items() if of == number}
            case EventKind.INCIDENT_UNLINKED:
                self.linked.remove(number)


class Booking(RuleBasedStateMachine):
    def __init__(self, city: City) -> None:
        super().__init__()
        self.city = city

    @initialize()
    def begin(self) -> None:
        self.city.loop.run_until_complete(self.city.begin())

    @rule(deeds=st.lists(DEEDS, min_size=2, max_size=6))
    def at_once(self, deeds: list[Deed]) -> None:
        self.city.loop.run_until_complete(self.city.at_once(deeds))

    @rule(deeds=st.lists(DEEDS, min_size=4, max_size=6), unit=st.integers(0, FLEET - 1))
    def all_for_one_unit(self, deeds: list[Deed], unit: int) -> None:
        wanting = [replace(deed, units=(unit, *(u for u in deed.units if u != unit))) for deed in deeds]
        self.city.loop.run_until_complete(self.city.at_once(wanting))

    def teardown(self) -> None:
        self.city.loop.run_until_complete(self.city.end())


@pytest.fixture(scope="module")
async def nodes(module_service: Service, module_database_url: str) -> AsyncIterator[list[Service]]:
    async with Service.started(module_database_url) as other:
        yield [module_service, other]


def hurried(node: Service) -> httpx.AsyncClient:
    """Nobody looks after connections between two steps: none is kept that the service might close meanwhile."""
    return httpx.AsyncClient(
        base_url=node.url,
        headers={"Authorization": f"Bearer {node.key}"},
        limits=httpx.Limits(max_keepalive_connections=0),
        timeout=60,
    )


def test_no_unit_is_ever_on_two_incidents(nodes: list[Service], module_database_url: str) -> None:
    loop = asyncio.new_event_loop()
    pool = loop.run_until_complete(open_pool(module_database_url, size=2))
    clients = [hurried(node) for _ in range(2) for node in nodes]
    city = City(loop, pool, clients)
    try:
        run_state_machine_as_test(
            cast("type[RuleBasedStateMachine]", lambda: Booking(city)),
            settings=settings(
                max_examples=16,
                stateful_step_count=14,
                deadline=None,
                derandomize=True,
                database=None,
                # A race that was lost once can't be made smaller.
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception as error:
        raise AssertionError(city.faults[0] if city.faults else "the machine itself failed") from error
    finally:
        for client in clients:
            loop.run_until_complete(client.aclose())
        loop.run_until_complete(pool.close())
        loop.close()
    assert city.told.keys() >= DONE, f"{city.told} {city.answers}"


async def test_a_unit_booked_twice_in_the_tables_is_caught(pool: Pool) -> None:
    async with connection(pool) as db:
        await two_incidents_and_a_unit(db)
        assert await faults_in_tables(db) == []
        await db.execute("drop index assignment_one_incident_per_unit")
        for incident in (1001, 1002):
            await db.execute(
                """insert into assignment (incident_id, unit_id, assigned_at, assigned_by)
                   values ($1, 'U', now(), 'x')""",
                incident,
            )
        await db.execute("update unit set status = 'dispatched'")
        assert await faults_in_tables(db) == ["('U', 2)"]


async def test_a_unit_under_way_to_nowhere_is_caught(pool: Pool) -> None:
    async with connection(pool) as db:
        await two_incidents_and_a_unit(db)
        await db.execute("update unit set status = 'en_route'")
        assert await faults_in_tables(db) == ["('U', 'en_route', None)"]


async def test_the_database_itself_refuses_a_second_booking(pool: Pool) -> None:
    booking = "insert into assignment (incident_id, unit_id, assigned_at, assigned_by) values ($1, 'U', now(), 'x')"
    async with connection(pool) as db:
        await two_incidents_and_a_unit(db)
        await db.execute(booking, 1001)
        with pytest.raises(asyncpg.UniqueViolationError):
            async with db.transaction():
                await db.execute(booking, 1002)


async def two_incidents_and_a_unit(db: Any) -> None:
    await units.add(db, units=[Unit(UnitId("U"), "PN", "patrol_car", (), None, UnitStatus.AVAILABLE, NOW)])
    for _ in range(2):
        await db.execute(
            """insert into incident (status, priority, opened_at, location, calls, channels)
               values ('waiting', 3, now(), '{"status": "unlocated"}', 0, '{}')"""
        )


def test_a_moment_of_double_booking_in_the_journal_is_caught() -> None:
    """Also one that the next event makes good, which no look at the tables would ever see."""
    unit = Unit(UnitId("U"), "PN", "patrol_car", (), None, UnitStatus.DISPATCHED, NOW, IncidentId(1))
    booking = (Assignment(unit.id, NOW, "x"),)
    one, other = (
        Incident(IncidentId(n), IncidentStatus.DISPATCHED, 3, None, None, NOW, NOWHERE, 1, (), assignments=booking)
        for n in (1, 2)
    )
    room = Room(Seq(1), {one.id: one}, {unit.id: unit})
    taken = replace(unit, incident_id=other.id)
    hasty = [
        Event(EventKind.UNIT_ASSIGNED, NOW, "x", other, (taken,), seq=Seq(2)),
        Event(EventKind.UNIT_PREEMPTED, NOW, "x", replace(one, assignments=()), (taken,), seq=Seq(3)),
    ]
    assert list(replay(room, hasty)) == ["after 2 (unit_assigned): U is on 2 incidents"]
    assert faults_of(room) == []
