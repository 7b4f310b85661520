"""Generates a street network from a city's parishes, for benchmarks and simulations without a map.

A grid turned along the valley, dense where people live, with avenues, one-way streets and ravines that few bridges
cross, so that straight lines differ from routes as in Quito. None of its streets exists."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.model.city import City
from dispatch.travel.ravines import cut, ravines
from dispatch.travel.speeds import SPEEDS
from geo.road_measures import calibrated, pace
from geo.road_network import PROFILES, RoadNetwork
from geo.road_parts import main_network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

VALLEY_DEG = 20.0  # direction of Quito's valley, east of north
# Population per square kilometre from which the side of a block is so many times that of the densest quarter.
BLOCKS = ((1_500, 1), (300, 2), (80, 4), (20, 8), (0, 16))
CLASSES = ("trunk", "primary", "tertiary", "residential", "unclassified")


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Crossings: `column`, `row` on the turned lattice, place in metres, and the number of lattice steps in a block."""

    column: Ints
    row: Ints
    x: Floats
    y: Floats
    block: Ints


def generate_network(city: City, *, nodes: int = 100_000, seed: int = 0) -> RoadNetwork:
    """A strongly connected network of about `nodes` nodes (within 3 %), the same for the same city, size and seed."""
    people_km2 = sum(p.population for p in city.parishes) / sum(p.area_km2 for p in city.parishes)
    spacing_m = 2_000.0 / np.sqrt(max(people_km2, 1.0)) * np.sqrt(100_000 / nodes)
    network = _network(city, spacing_m, seed)
    for _ in range(6):
        if abs(network.nodes / nodes - 1) <= 0.03:
            break
        spacing_m *= np.sqrt(network.nodes / nodes)
        network = _network(city, spacing_m, seed)
    return calibrated(network, city.parishes.projection)


def _network(city: City, spacing_m: float, seed: int) -> RoadNetwork:
    random = np.random.default_rng(seed)
    grid = _grid(city, spacing_m, random)
    start, end, class_, towards = _streets(grid, random)
    ends = [np.column_stack([grid.x[nodes], grid.y[nodes]]) for nodes in (start, end)]
    ways = np.asarray(shapely.linestrings(np.stack(ends, axis=1)))
    gone = (random.random(len(start)) < 0.1) & (class_ >= 2)
    dense = grid.block <= 2
    gone |= cut(ways, class_ <= 1, ravines(grid.x[dense], grid.y[dense], VALLEY_DEG, random))
    start, end, class_, towards = start[~gone], end[~gone], class_[~gone], towards[~gone]
    return main_network(_assembled(city, grid, start, end, class_, towards, random))


def _grid(city: City, spacing_m: float, random: np.random.Generator) -> _Grid:
    west, south, east, north = city.parishes.bounds
    projection = city.parishes.projection
    x, y = projection.forward(np.array([south, south, north, north]), np.array([west, east, west, east]))
    middle_x, middle_y = float(x.mean()), float(y.mean())
    half = int(np.hypot(np.ptp(x), np.ptp(y)) / 2 / spacing_m) + 1
    column, row = (axis.ravel() for axis in np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1)))
    turn = np.radians(VALLEY_DEG)
    x = middle_x + (column * np.cos(turn) + row * np.sin(turn)) * spacing_m
    y = middle_y + (row * np.cos(turn) - column * np.sin(turn)) * spacing_m
    near = (np.abs(x - middle_x) < np.ptp(x)) & (np.abs(y - middle_y) < np.ptp(y))
    lat, lon = projection.inverse(x[near], y[near])
    parish = city.parishes.find_many(lat, lon)
    block = np.array([_block(p.population / p.area_km2) for p in city.parishes] + [0])[parish]
    inside = (block > 0) & (column[near] % np.maximum(block, 1) == 0) & (row[near] % np.maximum(block, 1) == 0)
    column, row, block = column[near][inside], row[near][inside], block[inside]
    off = random.normal(0, 0.1, (2, len(block))) * block * spacing_m
    return _Grid(column, row, x[near][inside] + off[0], y[near][inside] + off[1], block)


def _block(people_km2: float) -> int:
    return next(block for least, block in BLOCKS if people_km2 >= least)


def _streets(grid: _Grid, random: np.random.Generator) -> tuple[Ints, Ints, Ints, Ints]:
    """Start, end, class and direction (1 or -1: one-way, 0: both) of the pieces of every line of the grid."""
    found = []
    for line, along in ((grid.column, grid.row), (grid.row, grid.column)):
        order = np.lexsort((along, line))
        start, end = order[:-1], order[1:]
        gap = along[end] - along[start]
        joined = (line[start] == line[end]) & (gap <= np.maximum(grid.block[start], grid.block[end]))
        start, end = start[joined], end[joined]
        name = line[start]
        rural = np.minimum(grid.block[start], grid.block[end]) >= 8
        class_ = np.select([name % 32 == 0, name % 8 == 0, rural, name % 4 == 0], [0, 1, 4, 2], 3)
        lines = np.unique(line)
        one_way = dict(zip(lines.tolist(), (random.random(len(lines)) < 0.45).tolist(), strict=True))
        chosen = np.array([one_way[n] for n in name.tolist()], bool) & (class_ >= 2) & ~rural
        found.append((start, end, class_, np.where(chosen, np.where(name % 2 == 0, 1, -1), 0)))
    start, end, class_, towards = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return start, end, class_, towards


def _assembled(
    city: City, grid: _Grid, start: Ints, end: Ints, class_: Ints, towards: Ints, random: np.random.Generator
) -> RoadNetwork:
    """With a bend in every third street."""
    step_x, step_y = grid.x[end] - grid.x[start], grid.y[end] - grid.y[start]
    bent = random.random(len(start)) < 1 / 3
    off = random.normal(0, 0.08, len(start))
    bend_x = (grid.x[start] + grid.x[end]) / 2 + off * step_y
    bend_y = (grid.y[start] + grid.y[end]) / 2 - off * step_x
    straight_m = np.hypot(step_x, step_y)
    metres = np.maximum(np.where(bent, straight_m * np.sqrt(1 + 4 * off**2), straight_m), 1.0).astype(np.float32)
    lat, lon = city.parishes.projection.inverse(grid.x, grid.y)
    bend_lat, bend_lon = city.parishes.projection.inverse(bend_x[bent], bend_y[bent])
    paces = {}
    for profile in PROFILES:
        speed = np.array([SPEEDS[name].of(profile) for name in CLASSES])[class_]
        seconds = (metres * 3.6 / speed).astype(np.float32)
        closed = np.float32(np.inf)
        paces[profile] = pace(metres, np.where(towards >= 0, seconds, closed), np.where(towards <= 0, seconds, closed))
    return RoadNetwork(
        lat=np.round(lat, 7),
        lon=np.round(lon, 7),
        start=start.astype(np.int32),
        end=end.astype(np.int32),
        bend_first=np.concatenate([[0], np.cumsum(bent)]).astype(np.int32),
        bend_lat=np.round(bend_lat, 7),
        bend_lon=np.round(bend_lon, 7),
        metres=metres,
        paces=paces,
        about={"source": "generated", "city": city.name},
    )
