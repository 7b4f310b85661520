"""One sender's calls, however many, keep nobody else's waiting; and what is turned away is told so."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from dispatch.city import load_city
from dispatch.desk.calls.batch_queue import MOST_TOGETHER, SHARE, BatchQueue, QueuedReport
from dispatch.desk.calls.take_call import take_call
from dispatch.errors import Unavailable
from dispatch.model import Caller, CallId, Channel, EventKind, Report
from dispatch.model.city import City
from dispatch.model.sender import Sender, SenderKind
from geo import Fix, Point, Source
from tests.dispatch.desk.nodes import Node

FLOOD = 6 * MOST_TOGETHER


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(Path("data/quito"))


def a_report(n: int = 0) -> Report:
    fix = Fix(source=Source.GNSS, point=Point(-0.35 + n * 0.001, -78.5), radius_m=10)
    return Report(CallId(uuid4()), Channel.APP, Caller(), "chest_pain", None, (fix,))


def app(name: str) -> Sender:
    return Sender(name, SenderKind.INTAKE)


def joined(line: BatchQueue, actor: str, count: int = 1) -> list[QueuedReport]:
    return [line.join(a_report(), sender=app(actor)) for _ in range(count)]


async def test_senders_take_turns_and_each_keeps_its_own_order() -> None:
    line = BatchQueue(most=1_000, most_wait_s=10)
    flood, other = joined(line, "flood", 200), joined(line, "other", 3)
    together = line.first(20)
    assert [p for p in together if p.sender.name == "other"] == other
    assert [p for p in together if p.sender.name == "flood"] == flood[:17]
    line.put_back(together)
    assert line.first(200) == [*flood[:197], *other] and len(line) == 3


async def test_a_full_line_turns_away_who_has_most_in_it() -> None:
    line = BatchQueue(most=10, most_wait_s=10)
    flood = joined(line, "flood", 10)
    with pytest.raises(Unavailable):
        line.join(a_report(), sender=app("flood"))
    others = joined(line, "one", 2) + joined(line, "two")
    assert len(line) == 10
    turned_away = [place for place in flood if place.answer.done()]
    assert turned_away == flood[7:]
    assert all(isinstance(place.answer.exception(), Unavailable) for place in turned_away)
    assert set(line.first(10)) == {*flood[:7], *others}


async def test_as_many_senders_as_places_are_refused_like_before() -> None:
    line = BatchQueue(most=5, most_wait_s=10)
    waiting = [place for n in range(5) for place in joined(line, f"sender {n}")]
    for actor in ("sender 0", "another"):
        with pytest.raises(Unavailable):
            line.join(a_report(), sender=app(actor))
    assert line.first(5) == waiting


async def test_who_has_few_waiting_is_not_told_that_it_would_take_too_long() -> None:
    line, served = BatchQueue(most=10_000, most_wait_s=0.05), asyncio.Event()

    async def serve(places: Sequence[QueuedReport]) -> None:
        await asyncio.sleep(0.01 * len(places))
        served.set()
        await asyncio.Event().wait()

    joined(line, "flood")
    line.attend(serve)
    await served.wait()
    line._call_s = 0.01
    joined(line, "flood", MOST_TOGETHER)
    with pytest.raises(Unavailable):
        line.join(a_report(), sender=app("flood"))
    joined(line, "other", 2)
    assert line._serving is not None
    line._serving.cancel()


@pytest.mark.parametrize("elsewhere", [False, True], ids=["on one node", "on two nodes"])
async def test_a_flood_keeps_another_sender_waiting_for_one_commit(
    database_url: str, city: City, elsewhere: bool
) -> None:
    """Counted in the journal: how many of the flood's calls came before the other's, of those waiting before it."""
    async with Node.on(database_url, city) as node, Node.on(database_url, city) as second:
        other_node = second if elsewhere else node
        flood = [asyncio.create_task(take_call(node.desk, a_report(n), sender=app("flood"))) for n in range(FLOOD)]
        while len(node.desk.queue) < FLOOD - MOST_TOGETHER:  # noqa: ASYNC110 - the first of them are being committed
            await asyncio.sleep(0)
        await take_call(other_node.desk, a_report(), sender=app("other"))
        await asyncio.gather(*flood)
        taken = [e.actor for e in await node.events() if e.kind in {EventKind.CALL_TAKEN, EventKind.CALL_JOINED}]
        assert len(taken) == FLOOD + 1
        assert taken.index("other") <= MOST_TOGETHER * (2 if elsewhere else 1) + SHARE


async def test_few_calls_beside_a_flood_go_with_few_of_its() -> None:
    """Once a sender with few calls was seen; floods of the same size go on in large commits."""
    sizes: list[list[str]] = []

    async def serve(places: Sequence[QueuedReport]) -> None:
        sizes.append([place.sender.name for place in places])
        for place in places:
            place.answer.set_result(("", True))

    async def served(line: BatchQueue) -> list[int]:
        sizes.clear()
        line.attend(serve)
        assert line._serving is not None
        await line._serving
        return [len(places) for places in sizes]

    line = BatchQueue(most=1_000, most_wait_s=10)
    joined(line, "flood", 2 * MOST_TOGETHER)
    assert await served(line) == [MOST_TOGETHER] * 2
    joined(line, "flood", MOST_TOGETHER)
    joined(line, "other")
    assert (await served(line))[0] == SHARE + 1 and "other" in sizes[0]

    line = BatchQueue(most=1_000, most_wait_s=10)
    for _ in range(MOST_TOGETHER):
        joined(line, "one")
        joined(line, "two")
    assert await served(line) == [MOST_TOGETHER] * 2
