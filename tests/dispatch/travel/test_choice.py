"""Whose times are used, and that a server in trouble costs one request its patience, not each."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from dispatch.city import load_city
from dispatch.model.city import City
from dispatch.settings import PROJECT, Settings
from dispatch.travel.choice import AFTER_A_FAILURE_S, Fallback, Router
from dispatch.travel.generated import generate_network
from dispatch.travel.local import local_travel, router_for
from dispatch.travel.roads_file import RoadsFile, save_roads
from dispatch.travel.server import Because, Kind, RoutingServer
from dispatch.travel.unusable import RoadsFileError, TravelSettingsError
from geo import Point, Projection, RoadNetwork, Roads, StraightLine, TravelTime
from geo.roads import contraction_of
from tests.dispatch.travel import routing
from tests.dispatch.travel.routing import RoutingStub, routing_stub
from tests.geo.streets import network

LATS, LONS = np.array([-0.2, -0.25]), np.array([-78.5, -78.51])
TARGETS = [Point(-0.21, -78.5), Point(-0.1, -78.4)]
LINE = StraightLine(Projection("EPSG:32717"))


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(PROJECT / "data" / "quito")


@pytest.fixture(scope="module")
def streets(quito: City) -> RoadNetwork:
    return generate_network(quito, nodes=1_500, seed=3)


@pytest.fixture
async def stub() -> AsyncIterator[RoutingStub]:
    async with routing_stub() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def router(stub: RoutingStub, clock: Clock) -> AsyncIterator[Router]:
    server = RoutingServer(stub.url, Kind.OSRM, timeout_s=10.0)
    router = Router(LINE, server, server_kmh=36.0, clock=clock)
    yield router
    await router.close()


async def test_the_servers_times_are_used_at_the_units_speed(router: Router, stub: RoutingStub) -> None:
    chosen = await router.travel_for(LATS, LONS, TARGETS)
    assert (chosen.source, chosen.fallback) == ("server", None)
    seconds = chosen.travel.seconds(LATS, LONS, TARGETS, speed_kmh=np.array([36.0, 72.0]))
    straight = StraightLine(Projection("EPSG:32717"), 1.0).seconds(LATS, LONS, TARGETS, speed_kmh=36.0)
    assert seconds == pytest.approx(straight / [[1], [2]], rel=2e-3)
    assert len(stub.asked) == 1


async def test_a_unit_that_moved_meanwhile_gets_the_local_time(router: Router) -> None:
    travel = (await router.travel_for(LATS, LONS, TARGETS[:1])).travel
    moved = np.array([-0.22, -0.25, -0.2]), np.array([-78.52, -78.51, -78.5])
    speed = np.array([20.0, 30.0, 40.0])
    seconds = travel.seconds(*moved, TARGETS, speed_kmh=speed)
    line, served = LINE.seconds(*moved, TARGETS, speed_kmh=speed), travel.seconds(LATS, LONS, TARGETS[:1], speed_kmh=36)
    assert seconds[0].tolist() == line[0].tolist()
    assert seconds[:, 1].tolist() == line[:, 1].tolist()
    assert seconds[1:, 0] == pytest.approx([served[1, 0] * 36 / 30, served[0, 0] * 36 / 40])


async def test_without_a_server_the_line_answers_at_once() -> None:
    chosen = await Router(LINE).travel_for(LATS, LONS, TARGETS)
    assert (chosen.travel, chosen.source, chosen.fallback) == (LINE, "line", None)


async def test_the_roads_answer_where_there_are_some(quito: City, streets: RoadNetwork) -> None:
    roads = Roads(streets, quito.parishes.projection)
    chosen = await Router(roads).travel_for(LATS, LONS, TARGETS)
    assert (chosen.travel, chosen.source, chosen.fallback) == (roads, "roads", None)
    lost = await Router(roads).travel_for(LATS, LONS, [Point(-2.0, -81.0)])
    assert (lost.source, lost.fallback) == ("line", Fallback("roads", Because.OFF_THE_NETWORK))
    near = await Router(roads).travel_for(LATS, LONS, [Point(-2.0, -81.0), TARGETS[0]])
    assert near.source == "roads"


async def test_a_server_in_trouble_is_left_alone_for_a_while_then_tried_by_one(
    router: Router, stub: RoutingStub, clock: Clock
) -> None:
    failing = 0

    async def fail(writer: object) -> None:
        nonlocal failing
        failing += 1
        await routing.page(writer)  # type: ignore[arg-type]

    stub.behave = fail
    for _ in range(5):
        chosen = await router.travel_for(LATS, LONS, TARGETS)
        assert (chosen.travel, chosen.source) == (LINE, "line")
        assert chosen.fallback == Fallback("server", Because.BAD_ANSWER)
    assert failing == 1
    clock.now += AFTER_A_FAILURE_S
    await router.travel_for(LATS, LONS, TARGETS)
    await router.travel_for(LATS, LONS, TARGETS)
    assert failing == 2
    stub.behave = None
    clock.now += AFTER_A_FAILURE_S
    for _ in range(2):
        assert (await router.travel_for(LATS, LONS, TARGETS)).source == "server"


async def test_a_server_that_hangs_falls_back_to_the_roads(
    stub: RoutingStub, quito: City, streets: RoadNetwork
) -> None:
    stub.behave = routing.hang
    roads = Roads(streets, quito.parishes.projection)
    router = Router(roads, RoutingServer(stub.url, Kind.VALHALLA, timeout_s=0.2))
    chosen = await router.travel_for(LATS, LONS, TARGETS)
    assert (chosen.travel, chosen.source, chosen.fallback) == (roads, "roads", Fallback("server", Because.TIMEOUT))
    await router.close()


def written(streets: RoadNetwork, folder: Path) -> Path:
    file = folder / "city.roads.npz"
    save_roads(file, RoadsFile(streets, {p: contraction_of(streets, p) for p in ("emergency", "car")}))
    return file


def test_the_settings_say_what_answers(quito: City, streets: RoadNetwork, tmp_path: Path) -> None:
    line = local_travel(Settings(detour=1.5), quito)
    assert isinstance(line, StraightLine) and line.detour == 1.5
    roads = local_travel(Settings(roads=written(streets, tmp_path), roads_profile="car", detour=1.5), quito)
    assert isinstance(roads, Roads)
    assert (roads.profile, roads.line.detour) == ("car", 1.5)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (Settings(detour=0.5), "detour"),
        (Settings(detour=float("nan")), "detour"),
        (Settings(roads=Path("x"), roads_profile="bus"), "roads_profile"),
        (Settings(routing_url="localhost:5000"), "routing_url"),
        (Settings(routing_url="http://[::1"), "routing_url"),
        (Settings(routing_url="http://localhost", routing_kind="google"), "routing_kind"),
        (Settings(routing_url="http://localhost", routing_timeout_s=0.0), "routing_timeout_s"),
        (Settings(routing_url="http://localhost", routing_kmh=float("nan")), "routing_kmh"),
    ],
)
def test_a_setting_that_can_not_be_meant_is_named(quito: City, settings: Settings, name: str) -> None:
    with pytest.raises(TravelSettingsError, match=name):
        router_for(settings, local_travel(settings, quito))


def test_roads_of_another_city_are_refused(quito: City, tmp_path: Path) -> None:
    with pytest.raises(RoadsFileError, match="No such file"):
        local_travel(Settings(roads=tmp_path / "missing.npz"), quito)
    far = network([(900_000.0, 0.0), (901_000.0, 0.0)], [(0, 1, 10.0, 10.0)])
    with pytest.raises(RoadsFileError, match="none of its roads is in Quito"):
        local_travel(Settings(roads=written(far, tmp_path)), quito)


async def test_a_server_is_asked_only_where_one_is_set() -> None:
    travel: TravelTime = LINE
    alone = await router_for(Settings(), travel).travel_for(LATS, LONS, TARGETS)
    assert alone.fallback is None
