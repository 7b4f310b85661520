"""Benchmark: point → parish, one by one and in bulk, with peers in the same run; build, memory and probabilities.

Every peer gives the exact answer: those that use shortcuts inside a parish ask the polygons near its boundary."""

import argparse
import ctypes
import gc
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3  # type: ignore[import-untyped]
import numpy as np
import shapely
from numpy.typing import NDArray

from geo import Fix, Parish, Parishes, Pdf, Point, Projection, Source, UnitIndex, locate, parish_probabilities
from geo.layer import read_layer
from geo.spread import circle

LAYER = Path(__file__).parents[1] / "data" / "quito" / "parishes.geojson"
ROUNDS = 9
ONE_BY_ONE = 5_000
Places = tuple[NDArray[np.float64], NDArray[np.float64]]
Row = tuple[str, float, str, float | None]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--points", type=int, default=10_000_000, help="number of points to compare with the polygons")
    options.add_argument("--build-only", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.build_only:
        print(json.dumps(build_and_weigh()))
        return
    parishes = Parishes.from_geojson(json.loads(LAYER.read_text("utf-8")))
    print(
        f"{machine()}\n{len(parishes)} parishes, {shapely.get_num_coordinates(polygons(parishes)).sum():,} vertices\n"
    )
    places = inside(parishes, min(chosen.points, 2_000_000))
    rows = [*one_by_one(parishes, places), *in_bulk(parishes, places), *the_rest(parishes)]
    child = subprocess.run([sys.executable, "-m", "scripts.bench_geo", "--build-only"], capture_output=True, check=True)
    seconds, megabytes = json.loads(child.stdout)
    rows += [("index build", seconds, "s", 2.0), ("index in memory", megabytes, "MB", 15.0)]
    show(rows)
    wrong, asked = mismatches(parishes, chosen.points)
    print(f"\n{wrong} of {asked:,} points (edge points included) differ from the polygons")


def machine() -> str:
    model = platform.processor() or platform.machine()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    versions = f"numpy {np.__version__}, GEOS {shapely.geos_version_string}, h3 {h3.versions()['c']}"
    return f"{model}, one core, Python {platform.python_version()}, {versions}"


def polygons(parishes: Parishes) -> NDArray[np.object_]:
    return np.array([parish.polygon for parish in parishes], dtype=object)


def inside(parishes: Parishes, count: int) -> Places:
    """Points uniform over the district."""
    west, south, east, north = parishes.bounds
    random = np.random.default_rng(1)
    lat, lon = random.uniform(south, north, 2 * count), random.uniform(west, east, 2 * count)
    within = parishes.find_many(lat, lon) >= 0
    return lat[within][:count], lon[within][:count]


def best(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Processor seconds of the fastest of some rounds; slower ones include other work of the machine."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def each(find: Callable[[float, float], object], places: Places, count: int = ONE_BY_ONE) -> float:
    """Microseconds a call."""
    pairs = list(zip(places[0][:count].tolist(), places[1][:count].tolist(), strict=True))

    def run() -> None:
        for lat, lon in pairs:
            find(lat, lon)

    return best(run, 3 * ROUNDS) / len(pairs) * 1e6


def one_by_one(parishes: Parishes, places: Places) -> list[Row]:
    tree = prepared_tree(parishes)
    return [
        ("one by one: prepared STRtree", each(tree, places, 1000), "µs", None),
        ("one by one: compacted H3 dict", each(h3_dict(parishes, tree), places), "µs", None),
        ("one by one: ours, H3 cell included", each(parishes.find, places), "µs", 2.0),
    ]


def prepared_tree(parishes: Parishes) -> Callable[[float, float], int]:
    geometries = polygons(parishes)
    shapely.prepare(geometries)
    tree = shapely.STRtree(geometries)

    def find(lat: float, lon: float) -> int:
        found = tree.query(shapely.Point(lon, lat), predicate="intersects")
        return int(found.min()) if len(found) else -1

    return find


def h3_dict(parishes: Parishes, exact: Callable[[float, float], int]) -> Callable[[float, float], int]:
    """Cells entirely inside a parish, compacted; the usual method, which asks the tree near the boundary."""
    cells: dict[int, int] = {}
    for position, parish in enumerate(parishes):
        shape = h3.geo_to_h3shape(shapely.geometry.mapping(parish.polygon.buffer(-0.0002)))
        for cell in h3.compact_cells(h3.h3shape_to_cells_experimental(shape, 10, contain="full")):
            cells[cell] = position
    coarsest = min(h3.get_resolution(cell) for cell in cells)

    def find(lat: float, lon: float) -> int:
        cell = h3.latlng_to_cell(lat, lon, 10)
        for resolution in range(10, coarsest - 1, -1):
            found = cells.get(h3.cell_to_parent(cell, resolution))
            if found is not None:
                return found
        return exact(lat, lon)

    return find


def in_bulk(parishes: Parishes, places: Places) -> list[Row]:
    lat, lon = places
    few = slice(0, 200_000)
    tree = shapely.STRtree(polygons(parishes))
    joined = best(lambda: tree.query(shapely.points(lon[few], lat[few]), predicate="intersects"), 3) / len(lat[few])
    return [
        ("in bulk: STRtree query", joined * 1e9, "ns a point", None),
        (
            "in bulk: geopandas sjoin",
            spatial_join(parishes, (lat[few], lon[few])) / len(lat[few]) * 1e9,
            "ns a point",
            None,
        ),
        ("in bulk: ours", best(lambda: parishes.find_many(lat, lon)) / len(lat) * 1e9, "ns a point", 60.0),
    ]


def spatial_join(parishes: Parishes, places: Places) -> float:
    import geopandas

    areas = geopandas.GeoDataFrame({"code": list(parishes.by_code)}, geometry=polygons(parishes), crs=4326)
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(places[1], places[0]), crs=4326)
    return best(lambda: points.sjoin(areas, how="left", predicate="intersects"), 3)


def the_rest(parishes: Parishes) -> list[Row]:
    places = [Point(lat, lon) for lat, lon in zip(*(axis[:300].tolist() for axis in populated(parishes)), strict=True)]
    now = datetime.now(UTC)
    rows: list[Row] = []
    for name, pdf, reach in (("Gaussian", Pdf.NORMAL, 300.0), ("even disc", Pdf.RECTANGULAR, 300.0)):
        spreads = [circle(place, 500, pdf, parishes.projection) for place in places]
        seconds = best(lambda s=spreads: [parish_probabilities(one, parishes) for one in s])  # type: ignore[misc]
        rows.append((f"probabilities, 500 m {name}", seconds / len(spreads) * 1e6, "µs", reach))
    fixes = [[Fix(Source.GNSS, place, 30), Fix(Source.CELL, place, 1500)] for place in places]
    seconds = best(lambda: [locate(two, parishes, at=now) for two in fixes])
    rows.append(("locate, GNSS and cell fused", seconds / len(fixes) * 1e6, "µs", None))
    return [*rows, nearest_units(parishes.projection, places)]


def populated(parishes: Parishes) -> Places:
    """Points where people are: in the urban parishes, whose boundaries are close together."""
    lat, lon = inside(parishes, 200_000)
    urban = np.array([parish.kind == "urban" for parish in parishes])
    where = urban[parishes.find_many(lat, lon)]
    return lat[where], lon[where]


def nearest_units(projection: Projection, places: Sequence[Point]) -> Row:
    index: UnitIndex[int] = UnitIndex(projection)
    for unit, place in enumerate(places[:150]):
        index.move(unit, place.lat, place.lon)
    seconds = best(lambda: [index.nearest(place.lat, place.lon, 5) for place in places])
    return ("5 nearest of 150 units", seconds / len(places) * 1e6, "µs", None)


def build_and_weigh() -> tuple[float, float]:
    """Seconds to build the index, and its megabytes, in a process that has the polygons already."""
    parishes = read_layer(json.loads(LAYER.read_text("utf-8")))
    Parishes(
        [Parish("1", "", "", 0, 0.0, shapely.box(-78.51, -0.21, -78.5, -0.2))]
    )  # so that code in memory isn't counted
    before = resident_mb()
    start = time.process_time()
    index = Parishes(parishes)
    seconds = time.process_time() - start
    random = np.random.default_rng(1)
    west, south, east, north = index.bounds
    index.find_many(random.uniform(south, north, 100_000), random.uniform(west, east, 100_000))
    del random
    return seconds, resident_mb() - before


def resident_mb() -> float:
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * 4096 / 1e6


def mismatches(parishes: Parishes, count: int) -> tuple[int, int]:
    """Compared with the polygons themselves, the first that covers a point: anywhere, on every corner, along the
    edges."""
    geometries = polygons(parishes)
    corners, ring = shapely.get_coordinates(geometries, return_index=True)
    edges = np.flatnonzero(ring[1:] == ring[:-1])
    random = np.random.default_rng(2)
    west, south, east, north = parishes.bounds
    wrong = asked = 0
    while asked < count:
        along = edges[random.integers(0, len(edges), 100_000)]
        share = random.random((100_000, 1))
        on_edges = corners[along] + share * (corners[along + 1] - corners[along])
        anywhere = random.uniform((west, south), (east, north), (850_000, 2))
        lon, lat = np.concatenate([corners, on_edges, anywhere])[: count - asked].T
        expected = np.full(len(lat), -1)
        for position in reversed(range(len(geometries))):
            x1, y1, x2, y2 = geometries[position].bounds
            near = np.flatnonzero((lon >= x1) & (lon <= x2) & (lat >= y1) & (lat <= y2))
            expected[near[shapely.intersects_xy(geometries[position], lon[near], lat[near])]] = position
        wrong += int((parishes.find_many(lat, lon) != expected).sum())
        asked += len(lat)
    return wrong, asked


def show(rows: Sequence[Row]) -> None:
    width = max(len(name) for name, *_ in rows)
    print(
        f"| {'what':{width}} |   measured |            |  reach |\n| {'-' * width} | ---------: | ---------- | -----: |"
    )
    for name, value, unit, reach in rows:
        text: Any = f"{value:10,.2f}" if value < 10 else f"{value:10,.0f}"
        print(f"| {name:{width}} | {text} | {unit:10} | {'' if reach is None else f'≤ {reach:g}':>6} |")


if __name__ == "__main__":
    main()
