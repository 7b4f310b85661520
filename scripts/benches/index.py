"""The nearest 5 of 20,000 moving units, compared with other methods, and checked against an exhaustive search."""

from collections.abc import Callable, Sequence
from itertools import count

import h3.api.basic_int as h3  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from dispatch.model.city import City
from geo import Projection, UnitIndex
from scripts.benches.fleet import Fleet, fleet_of
from scripts.benches.measure import Row, seconds_of

UNITS, K, BATCH, QUERIES = 20_000, 5, 2_000, 2_000
# After how many positions a static peer is rebuilt: once a second at this fleet's rate.
REBUILT_AFTER = 2_000
H3_RESOLUTION = 8
Places = Sequence[tuple[float, float]]
Find = Callable[[float, float], Sequence[object]]


def index(city: City, checks: int) -> list[Row]:
    projection = Projection(city.crs)
    fleet = fleet_of(city, UNITS, seed=1)
    ours: UnitIndex[int] = UnitIndex(projection)
    ours.move_many(range(UNITS), fleet.lats, fleet.lons)
    even = fleet_of(city, UNITS, seed=2, by_people=False)
    sparse: UnitIndex[int] = UnitIndex(projection)
    sparse.move_many(range(UNITS), even.lats, even.lons)
    where = _places(fleet_of(city, QUERIES, seed=3))
    scan, h3_rings = Scan(projection, fleet), H3Rings(fleet)
    updates = [np.sort(fleet.random.choice(UNITS, BATCH, replace=False)) for _ in range(10)]
    rows = [
        Row(f"nearest {K} of {UNITS:,}: ours", _each(lambda a, o: ours.nearest(a, o, K), where), "µs", "≤ 60"),
        Row(
            "  the same, fleet spread evenly",
            _each(lambda a, o: sparse.nearest(a, o, K), _places(fleet_of(city, QUERIES, seed=4, by_people=False))),
            "µs",
            "≤ 60",
        ),
        Row("  numpy, all of them measured", _each(scan.nearest, where[:500]), "µs"),
        *kd_tree(projection, fleet, where),
        Row("  H3 rings, one more when there are 5", _each(h3_rings.nearest, where), "µs"),
        Row(f"an update: ours, {BATCH:,} at once", _update(lambda u: _move(ours, fleet, u), updates), "µs", "≤ 1"),
        Row("  ours, one by one", _update(lambda u: _move_each(ours, fleet, u), updates), "µs"),
        Row("  H3 cells", _update(h3_rings.move, updates), "µs"),
    ]
    asked, wrong = 0, {"ours": 0, "H3": 0}
    while asked < checks:
        for units in updates:
            fleet.step(units)
            _move(ours, fleet, units)
            h3_rings.move(units)
        scan = Scan(projection, fleet)
        for lat, lon in _places(fleet_of(city, min(QUERIES, checks - asked), seed=100 + asked)):
            truth = scan.nearest(lat, lon)
            wrong["ours"] += [unit for unit, _ in ours.nearest(lat, lon, K)] != truth
            wrong["H3"] += h3_rings.nearest(lat, lon) != truth
            asked += 1
    return [
        *rows,
        Row(f"wrong, of {asked:,} asked between moves: ours", wrong["ours"], "", "0"),
        Row("  H3 rings", wrong["H3"], "", note="one ring more is not always enough"),
    ]


class Scan:
    """All distances by numpy, exact."""

    def __init__(self, projection: Projection, fleet: Fleet) -> None:
        self._projection = projection
        self._x, self._y = projection.forward(fleet.lats, fleet.lons)

    def nearest(self, lat: float, lon: float) -> list[int]:
        x, y = self._projection.forward(lat, lon)
        distances = np.hypot(self._x - x, self._y - y)
        first = np.argpartition(distances, K)[:K]
        found: list[int] = first[np.argsort(distances[first])].tolist()
        return found


class H3Rings:
    """Cells that contain units, ring by ring: the usual method, with its usual stopping rule."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._cells: dict[int, set[int]] = {}
        self._cell_of: dict[int, int] = {}
        self._xy: dict[int, tuple[float, float]] = {}
        self.move(np.arange(len(fleet.lats)))

    def move(self, units: NDArray[np.int64]) -> None:
        for unit, lat, lon in zip(
            units.tolist(), self._fleet.lats[units].tolist(), self._fleet.lons[units].tolist(), strict=True
        ):
            cell = h3.latlng_to_cell(lat, lon, H3_RESOLUTION)
            self._xy[unit] = lat, lon
            before = self._cell_of.get(unit)
            if before != cell:
                if before is not None:
                    self._cells[before].remove(unit)
                self._cells.setdefault(cell, set()).add(unit)
                self._cell_of[unit] = cell

    def nearest(self, lat: float, lon: float) -> list[int]:
        own, found, enough = h3.latlng_to_cell(lat, lon, H3_RESOLUTION), [], False
        shrink = float(np.cos(np.radians(lat))) * (111_320.0 / 110_574.0)
        for ring in count():
            for cell in h3.grid_ring(own, ring):
                for unit in self._cells.get(cell, ()):
                    place = self._xy[unit]
                    found.append(((place[0] - lat) ** 2 + ((place[1] - lon) * shrink) ** 2, unit))
            if enough or ring > 200:
                break
            enough = len(found) >= K
        return [unit for _, unit in sorted(found)[:K]]


def kd_tree(projection: Projection, fleet: Fleet, where: Places) -> list[Row]:
    points = np.column_stack(projection.forward(fleet.lats, fleet.lons))
    tree = KDTree(points)
    build = seconds_of(lambda: KDTree(points)) / REBUILT_AFTER * 1e6
    query = _each(lambda a, o: tree.query(projection.forward(a, o), K), where)
    return [
        Row("  scipy KDTree, as it was built", query, "µs", note=f"{build:,.1f} µs an update, rebuilt each {BATCH:,}")
    ]


def _places(fleet: Fleet) -> Places:
    return list(zip(fleet.lats.tolist(), fleet.lons.tolist(), strict=True))


def _each(find: Find, where: Places) -> float:
    """Microseconds a query."""
    return seconds_of(lambda: [find(lat, lon) for lat, lon in where]) / len(where) * 1e6


def _update(move: Callable[[NDArray[np.int64]], None], updates: Sequence[NDArray[np.int64]]) -> float:
    """Microseconds a position, its projection included."""

    def every() -> None:
        for units in updates:
            move(units)

    return seconds_of(every) / sum(map(len, updates)) * 1e6


def _move(ours: UnitIndex[int], fleet: Fleet, units: NDArray[np.int64]) -> None:
    ours.move_many(units.tolist(), fleet.lats[units], fleet.lons[units])


def _move_each(ours: UnitIndex[int], fleet: Fleet, units: NDArray[np.int64]) -> None:
    for unit, lat, lon in zip(units.tolist(), fleet.lats[units].tolist(), fleet.lons[units].tolist(), strict=True):
        ours.move(unit, lat, lon)
