"""A full recommendation over generated streets of 100,000 nodes, with peers in the same run."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from dispatch.model import PlacedUnit, Unit, UnitId, UnitPosition, UnitStatus
from dispatch.model.city import City
from dispatch.policy.units.demand import demand_map
from dispatch.policy.units.recommend import recommend
from dispatch.policy.units.unit_table import UnitTable
from dispatch.travel.generated import generate_network
from geo import Location, LocationStatus, Point, Projection, RoadNetwork, Roads, StraightLine, TravelTime, distance_m
from geo.travel_time import Floats
from scripts.benches.measure import Row

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)
UNITS, NODES, QUESTIONS, FEW = 150, 100_000, 300, 40
RADIUS_M = 350.0  # seven points
NATURE = "structure_fire"


class WholeDijkstra:
    """The usual method: a search over all nodes from each place, units snapped to their nearest node."""

    def __init__(self, network: RoadNetwork, projection: Projection) -> None:
        self._projection = projection
        arcs = network.arcs("emergency")
        self._back = csr_matrix((arcs.seconds, (arcs.head, arcs.tail)), shape=(network.nodes, network.nodes))
        self._nodes = cKDTree(np.column_stack(projection.forward(network.lat, network.lon)))
        self._kmh = network.paces["emergency"].reference_kmh

    def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Floats:
        _, units = self._nodes.query(np.column_stack(self._projection.forward(lats, lons)))
        there = np.column_stack(
            self._projection.forward(np.array([t.lat for t in targets]), np.array([t.lon for t in targets]))
        )
        _, places = self._nodes.query(there)
        found: Floats = dijkstra(self._back, indices=np.asarray(places, np.int64))[:, units].T
        return found * self._kmh / np.reshape(np.asarray(speed_kmh, np.float64), (-1, 1))


def recommendation(city: City, questions: int = QUESTIONS) -> list[Row]:
    """Processor milliseconds. Each query is about another place, so that no cached search is used; 150 units are
    scattered around their stations."""
    projection = Projection(city.crs)
    network = generate_network(city, nodes=NODES)
    roads, few = Roads(network, projection), min(FEW, questions)
    return [
        *_rows("recommendation by roads, 7 points", _timed(city, roads, questions), reach="≤ 30"),
        *_rows("  the same place again", _timed(city, roads, questions, again=True)),
        *_rows("  a certain place, 1 point", _timed(city, roads, questions, radius_m=10.0), reach="≤ 30"),
        *_rows("  whole Dijkstra searches", _timed(city, WholeDijkstra(network, projection), few)),
        *_rows("  the straight line", _timed(city, StraightLine(projection), questions)),
    ]


def _rows(what: str, took: tuple[float, float], reach: str = "") -> list[Row]:
    median_ms, p99_ms = took
    return [Row(f"{what}: median", median_ms, "ms"), Row(f"{what}: p99", p99_ms, "ms", reach)]


def _timed(
    city: City, travel: TravelTime, questions: int, *, radius_m: float = RADIUS_M, again: bool = False
) -> tuple[float, float]:
    random = np.random.default_rng(0)
    ask = _asking(city, travel, radius_m)
    took = []
    for place in _places(city, random, questions + 5):
        placed_units = _scattered(city, place, random)
        if again:
            ask(place, placed_units)
        start = time.process_time()
        ask(place, placed_units)
        took.append((time.process_time() - start) * 1e3)
    return float(np.median(took[5:])), float(np.quantile(took[5:], 0.99))


def _asking(city: City, travel: TravelTime, radius_m: float) -> Callable[[Point, list[PlacedUnit]], object]:
    speeds = {agency.code: city.speed_kmh(agency.code, NOW) for agency in city.agencies}
    needs = city.nature(NATURE).needs
    lost = {UnitId(unit.id): 1.0 for unit in city.fleet}

    def ask(place: Point, placed_units: list[PlacedUnit]) -> object:
        return recommend(
            location=Location(LocationStatus.LOCATED, place.lat, place.lon, radius_m, 0.95),
            needs=needs,
            table=UnitTable.of(placed_units),
            agencies=city.agencies_by_code,
            speed_kmh=speeds,
            travel=travel,
            at=NOW,
            zone=city.zone,
            parishes=city.parishes,
            priority=1,
            coverage_lost=lost,
        )

    return ask


def _places(city: City, random: np.random.Generator, count: int) -> list[Point]:
    """Where people are."""
    demand = demand_map(city, per_day=1_000)
    cells = random.choice(len(demand.cells), count, p=demand.total / demand.total.sum())
    off = random.normal(0, 0.003, (2, count))
    return [
        Point(lat, lon)
        for lat, lon in zip((demand.lats[cells] + off[0]).tolist(), (demand.lons[cells] + off[1]).tolist(), strict=True)
    ]


def _scattered(city: City, place: Point, random: np.random.Generator) -> list[PlacedUnit]:
    """Every unit of the city's fleet in turn, about a kilometre from its station."""
    placed_units = []
    for number, (north, east) in enumerate(random.normal(0, 0.01, (UNITS, 2)).tolist()):
        one = city.fleet[number % len(city.fleet)]
        station, unit_id = city.station(one.station), UnitId(f"{one.id}-{number}")
        point = Point(station.lat + north, station.lon + east)
        unit = Unit(unit_id, one.agency, one.kind, one.capabilities, one.station, UnitStatus.AVAILABLE, NOW)
        metres = distance_m(point.lat, point.lon, place.lat, place.lon)
        placed_units.append(PlacedUnit(unit, point, UnitPosition(unit_id, point.lat, point.lon, NOW), metres))
    return placed_units
