"""Calls that come at once are committed together, decide as if one after another, and fail alone."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from dispatch.city import load_city
from dispatch.desk.calls.batch_queue import MOST_TOGETHER, BatchQueue, QueuedReport
from dispatch.desk.calls.take_batch import FLOOD
from dispatch.desk.calls.take_call import take_call
from dispatch.errors import DispatchError, Invalid, Unavailable
from dispatch.model import Caller, CallId, Channel, EventKind, IncidentId, Report
from dispatch.model.city import City
from dispatch.model.sender import Sender, SenderKind
from dispatch.store.db import connection
from dispatch.travel.choice import Router, Travelled
from geo import Fix, Point, Source
from tests.dispatch.desk.nodes import Node

APP = Sender("test", SenderKind.INTAKE)


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(Path("data/quito"))


def a_report(
    lat: float = -0.2, lon: float = -78.5, *, nature: str | None = "crash_injured", id: UUID | None = None
) -> Report:
    fix = Fix(source=Source.GNSS, point=Point(lat, lon), radius_m=10)
    return Report(CallId(id or uuid4()), Channel.APP, Caller(), nature, "choque", (fix,))


async def take(node: Node, reports: Sequence[Report]) -> list[dict[str, object] | DispatchError]:
    """All at once; each one's answer or error."""
    found = await asyncio.gather(*(take_call(node.desk, r, sender=APP) for r in reports), return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, DispatchError):
            raise one
    return [one if isinstance(one, DispatchError) else msgspec.json.decode(one[0]) for one in found]  # type: ignore[index]


async def stored(node: Node) -> Counter[str]:
    async with connection(node.desk.pool) as db:
        return Counter({t: await db.fetchval(f"select count(*) from {t}") for t in ("call", "incident", "report")})  # noqa: S608


async def test_far_more_than_go_together_are_all_taken_once(database_url: str, city: City) -> None:
    async with Node.on(database_url, city) as node:
        reports = [a_report(-0.35 + n * 0.002, -78.5, nature="chest_pain") for n in range(MOST_TOGETHER * 3)]
        answers = await take(node, reports)
        assert [answer["call_id"] for answer in answers] == [str(report.id) for report in reports]  # type: ignore[index]
        found = await stored(node)
        assert found["call"] == found["report"] == len(reports)
        assert await node.is_fresh()
        assert [event.seq for event in await node.events()] == list(range(1, node.desk.feed.seq + 1))


async def test_they_see_each_other_though_none_is_stored_yet(database_url: str, city: City) -> None:
    async with Node.on(database_url, city) as node:
        answers = await take(node, [a_report(-0.2 + n * 1e-5, -78.5) for n in range(40)])
        await node.catch_up()
        [incident] = node.room.incidents.values()
        assert incident.calls == 40
        assert len({answer["incident_id"] for answer in answers}) <= 3  # type: ignore[index]
        assert await node.is_fresh()


class Counting(Router):
    """How often the best ways there are were asked for."""

    asked = 0

    @property
    def has_streets(self) -> bool:
        return True

    def local_for(self, targets: Sequence[Point]) -> Travelled:
        self.asked += 1
        return super().local_for(targets)


async def test_streets_are_searched_for_a_call_but_not_for_a_flood(database_url: str, city: City) -> None:
    async with Node.on(database_url, city) as node:
        router = Counting(node.desk.travel)
        node = replace(node, desk=replace(node.desk, router=router))
        await take(node, [a_report(-0.1)])
        assert router.asked == 1
        await take(node, [a_report(-0.2 + n * 0.005, nature="chest_pain") for n in range(FLOOD + 1)])
        assert router.asked == 1


async def test_one_that_cant_be_stored_fails_alone(database_url: str, city: City) -> None:
    async with Node.on(database_url, city) as node:
        reports = [a_report(-0.3 + n * 0.01) for n in range(12)]
        reports[7] = _with_nul(reports[7])
        answers = await take(node, reports)
        assert [n for n, answer in enumerate(answers) if isinstance(answer, Invalid)] == [7]
        assert (await stored(node))["call"] == 11
        assert await node.is_fresh()


async def test_a_number_that_was_given_twice_costs_no_call(database_url: str, city: City) -> None:
    """As after a failover to a standby that had not heard of the last numbers."""
    async with Node.on(database_url, city) as node:
        [first] = await take(node, [a_report(-0.1)])
        assert isinstance(first, dict)
        node.desk.queue.numbers.insert(0, IncidentId(int(str(first["incident_id"]))))
        [second] = await take(node, [a_report(-0.3)])
        assert isinstance(second, dict) and second["incident_id"] != first["incident_id"]
        assert (await stored(node))["incident"] == 2
        assert await node.is_fresh()


async def test_the_same_report_twice_in_one_line_is_taken_once(database_url: str, city: City) -> None:
    async with Node.on(database_url, city) as node:
        report = a_report()
        found = await asyncio.gather(*(take_call(node.desk, report, sender=APP) for _ in range(5)))
        assert len({answer for answer, _ in found}) == 1
        assert sorted(new for _, new in found) == [False, False, False, False, True]
        again = await take_call(node.desk, report, sender=APP)
        assert again == (found[0][0], False)
        assert (await stored(node))["call"] == 1


async def test_two_nodes_taking_calls_of_one_crash_open_one_incident(database_url: str, city: City) -> None:
    async with Node.on(database_url, city) as one, Node.on(database_url, city) as other:
        for lat in (-0.2, -0.25, -0.3):
            await asyncio.gather(*(take(n, [a_report(lat) for _ in range(4)]) for n in (one, other)))
        await asyncio.gather(one.catch_up(), other.catch_up())
        assert [incident.calls for incident in one.room.incidents.values()] == [8, 8, 8]
        assert one.room == other.room and await one.is_fresh()


async def test_a_phone_that_speaks_and_sends_its_position_at_once_is_one_call(database_url: str, city: City) -> None:
    async with Node.on(database_url, city) as node:
        caller = Caller(number="+593990004444", imei="357891234567890")
        voice = Report(CallId(uuid4()), Channel.VOICE, caller, "chest_pain", "duele", ())
        aml = Report(CallId(uuid4()), Channel.AML, caller, None, None, a_report().fixes)
        answers = await take(node, [voice, aml])
        assert len({answer["call_id"] for answer in answers}) == 1  # type: ignore[index]
        assert await stored(node) == {"call": 1, "incident": 1, "report": 2}


async def test_a_caller_who_hangs_up_is_taken_and_stops_nobody(database_url: str, city: City) -> None:
    async with Node.on(database_url, city) as node:
        calls = [asyncio.create_task(take_call(node.desk, a_report(-0.3 + n * 0.01), sender=APP)) for n in range(6)]
        await asyncio.sleep(0.002)
        calls[0].cancel()
        done = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 30)
        assert all(not isinstance(one, BaseException) for one in done[1:])
        assert isinstance(done[0], asyncio.CancelledError)
        assert await stored(node) == {"call": 6, "incident": 6, "report": 6}
        assert await node.is_fresh()


async def test_each_call_says_itself_who_took_it(database_url: str, city: City) -> None:
    async with Node.on(database_url, city) as node:
        senders = [Sender(f"door {n}", SenderKind.INTAKE) for n in range(5)]
        reports = [a_report(-0.3 + n * 0.01) for n in range(5)]
        await asyncio.gather(*(take_call(node.desk, r, sender=s) for r, s in zip(reports, senders, strict=True)))
        taken = [event for event in await node.events() if event.kind is EventKind.CALL_TAKEN]
        assert sorted(event.actor for event in taken) == [f"door {n}" for n in range(5)]


async def test_a_full_line_says_so_at_once() -> None:
    line = BatchQueue(most=2, most_wait_s=10)
    for _ in range(2):
        line.join(a_report(), sender=APP)
    with pytest.raises(Unavailable, match="send this one again"):
        line.join(a_report(), sender=APP)
    assert len(line.first(5)) == 2 and len(line) == 0


async def test_nobody_waits_for_longer_than_he_would_listen() -> None:
    """As many as go together may always come; those behind only while the last commits say that their turn is near."""
    line, turn, served = BatchQueue(most=10_000, most_wait_s=0.01), asyncio.Event(), asyncio.Event()

    async def serve(places: Sequence[QueuedReport]) -> None:
        await turn.wait()
        await asyncio.sleep(0.002 * len(places))
        served.set()

    line.join(a_report(), sender=APP)
    line.attend(serve)
    await asyncio.sleep(0)
    for _ in range(3 * MOST_TOGETHER):  # nothing is known yet of how long it takes
        line.join(a_report(), sender=APP)
    turn.set()
    await served.wait()
    await asyncio.sleep(0.001)
    with pytest.raises(Unavailable, match="send this one again"):
        line.join(a_report(), sender=APP)
    line.first(len(line) - MOST_TOGETHER + 1)
    line.join(a_report(), sender=APP)


def _with_nul(report: Report) -> Report:
    """What no parser lets through, and no database takes."""
    return Report(report.id, report.channel, report.caller, report.nature, "a NUL \x00", report.fixes)
