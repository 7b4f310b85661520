"""Routing servers over real sockets: what they answer is used, whatever else they do is named."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from dispatch.travel.server import MOST_PLACES, Because, Kind, NoAnswer, RoutingServer
from geo import Point, distance_m
from tests.dispatch.travel import routing
from tests.dispatch.travel.routing import MPS, RoutingStub, routing_stub

LATS, LONS = np.array([-0.2, -0.25, -0.3]), np.array([-78.5, -78.51, -78.48])
TARGETS = [Point(-0.21, -78.5), Point(-0.1, -78.4)]


@pytest.fixture
async def stub() -> AsyncIterator[RoutingStub]:
    async with routing_stub() as running:
        yield running


@pytest.fixture(params=list(Kind))
async def server(stub: RoutingStub, request: pytest.FixtureRequest) -> AsyncIterator[RoutingServer]:
    client = RoutingServer(stub.url, request.param, timeout_s=10.0)
    yield client
    await client.close()


async def test_each_source_gets_its_time_to_each_target(server: RoutingServer, stub: RoutingStub) -> None:
    seconds = await server.seconds(LATS, LONS, TARGETS)
    for i in range(3):
        for j, target in enumerate(TARGETS):
            straight_m = distance_m(float(LATS[i]), float(LONS[i]), target.lat, target.lon)
            assert seconds[i, j] == pytest.approx(straight_m / MPS, abs=0.1)
    assert stub.asked == [(3, 2)]


async def test_no_way_is_infinitely_long(server: RoutingServer) -> None:
    seconds = await server.seconds(LATS, LONS, [Point(0.1, -78.5), TARGETS[0]])
    assert np.isinf(seconds[:, 0]).all() and np.isfinite(seconds[:, 1]).all()


async def test_many_sources_are_asked_for_in_parts_and_come_back_in_order(
    server: RoutingServer, stub: RoutingStub
) -> None:
    lats, lons = np.linspace(-0.4, -0.1, 250), np.linspace(-78.6, -78.4, 250)
    seconds = await server.seconds(lats, lons, TARGETS)
    assert sum(n for n, _ in stub.asked) == 250
    assert all(n + m <= MOST_PLACES for n, m in stub.asked)
    for i in (0, 99, 100, 249):
        assert seconds[i, 0] == pytest.approx(distance_m(lats[i], lons[i], -0.21, -78.5) / MPS, abs=0.1)


async def test_nobody_is_not_asked_about(server: RoutingServer, stub: RoutingStub) -> None:
    assert (await server.seconds(np.empty(0), np.empty(0), TARGETS)).shape == (0, 2)
    assert (await server.seconds(LATS, LONS, [])).shape == (3, 0)
    assert stub.asked == []


@pytest.mark.parametrize(
    ("behave", "because"),
    [
        (routing.hang, Because.TIMEOUT),
        (routing.drip, Because.TIMEOUT),
        (routing.hang_up, Because.BAD_ANSWER),
        (routing.flood, Because.BAD_ANSWER),
        (routing.babble, Because.BAD_ANSWER),
        (routing.page, Because.BAD_ANSWER),
        (routing.refuse, Because.BAD_ANSWER),
        (routing.redirect, Because.BAD_ANSWER),
    ],
)
@pytest.mark.parametrize("kind", list(Kind))
async def test_what_is_no_answer_says_why(
    stub: RoutingStub, kind: Kind, behave: Callable[[Any], Awaitable[None]], because: Because
) -> None:
    stub.behave = behave
    server = RoutingServer(stub.url, kind, timeout_s=0.3 if because is Because.TIMEOUT else 10.0)
    with pytest.raises(NoAnswer) as told:
        await server.seconds(LATS, LONS, TARGETS)
    assert told.value.because is because
    await server.close()


async def test_where_nobody_listens_it_is_unreachable() -> None:
    async with routing_stub() as stub:
        gone = stub.url
    server = RoutingServer(gone, Kind.OSRM, timeout_s=10.0)
    with pytest.raises(NoAnswer) as told:
        await server.seconds(LATS, LONS, TARGETS)
    assert told.value.because is Because.UNREACHABLE
    await server.close()


def cell(**changed: Any) -> Callable[[Any], Any]:
    """Valhalla's answer with its first cell changed."""

    def change(answer: Any) -> Any:
        answer["sources_to_targets"][0][0].update(changed)
        return answer

    return change


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Kind.VALHALLA, lambda a: {"sources_to_targets": a["sources_to_targets"][:2]}),
        (Kind.VALHALLA, lambda a: {"sources_to_targets": [row[:1] for row in a["sources_to_targets"]]}),
        (Kind.VALHALLA, lambda a: {"sources_to_targets": a["sources_to_targets"][::-1]}),
        (Kind.VALHALLA, cell(time=-1)),
        (Kind.VALHALLA, cell(time="12")),
        (Kind.VALHALLA, cell(time=True)),
        (Kind.VALHALLA, lambda a: []),
        (Kind.OSRM, lambda a: {**a, "code": "NoTable"}),
        (Kind.OSRM, lambda a: {**a, "durations": a["durations"][:1]}),
        (Kind.OSRM, lambda a: {**a, "durations": [[1e400, 1.0]] * 3}),
        (Kind.OSRM, lambda a: {**a, "durations": None}),
        (Kind.OSRM, lambda a: {"durations": a["durations"]}),
    ],
)
async def test_a_table_that_is_not_the_one_asked_for_is_refused(
    stub: RoutingStub, kind: Kind, change: Callable[[Any], Any]
) -> None:
    stub.change = change
    server = RoutingServer(stub.url, kind, timeout_s=10.0)
    with pytest.raises(NoAnswer) as told:
        await server.seconds(LATS, LONS, TARGETS)
    assert told.value.because is Because.BAD_ANSWER
    await server.close()
