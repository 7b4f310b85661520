"""The city as some thousand places with a table of the travel times between them, so that a year of driving is a
look-up.

Emergencies happen, and units wait and drive, only at these places: H3 cells, smaller where calls are many, and every
station and hospital. All policies, by straight line or by road, use the same places, so none gains by the rounding."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import h3.api.basic_str as h3  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from dispatch.model.city import City
from dispatch.policy.units.coverage import DemandMap, Floats
from dispatch.policy.units.demand import demand_map
from geo import Point, TravelTime

COARSE, FINE = 7, 8
# For all loads: coverage is weighed by the distribution of urgent calls. The same value as the service's.
DEMAND_PER_DAY = 1_000.0
# Cells of 5 km2 that together contain this share of the urgent calls are divided into seven.
DIVIDED = 0.995
TABLE_KMH = 36.0
AT_ONCE = 64

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Places:
    """p `points`; `seconds_at_36` (p, p), float32: from each to each at 36 km/h. First come the coarse cells of
    `demand`, by which coverage is computed; then the `cells` that calls happen in, fine or coarse, the stations and the
    `hospitals`, all by the number of their place. A TravelTime between its own points."""

    points: tuple[Point, ...]
    seconds_at_36: NDArray[np.float32]
    demand: DemandMap
    cells: dict[str, int]
    station: dict[str, int]
    hospitals: Ints

    def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Floats:
        """Raises KeyError for a point that isn't one of the places."""
        rows = [self._number[pair] for pair in zip(lats.tolist(), lons.tolist(), strict=True)]
        if targets is self.demand.points:
            table = self.seconds_at_36[rows, : len(targets)]
        else:
            columns = [self._number[target.lat, target.lon] for target in targets]
            table = self.seconds_at_36[np.ix_(rows, columns)]
        level = np.asarray(TABLE_KMH / np.asarray(speed_kmh, np.float64), np.float32)
        return (table * np.reshape(level, (-1, 1))).astype(np.float64)

    def at(self, lat: float, lon: float) -> int:
        """The place of a point: that of its cell, else the nearest."""
        for resolution in (FINE, COARSE):
            found = self.cells.get(h3.latlng_to_cell(lat, lon, resolution))
            if found is not None:
                return found
        squared = (self.demand.lats - lat) ** 2 + (self.demand.lons - lon) ** 2
        return int(np.argmin(squared))

    def on_the_way(self, start: int, end: int, share: float) -> int:
        """The place reached after this share, 0-1, of the trip's time: the one whose times from the start and to the
        end fit best."""
        from_start, to_end = self.seconds_at_36[start], self._from_each[end]
        whole = float(from_start[end])
        off = np.abs(from_start - share * whole) + np.abs(to_end - (1 - share) * whole)
        return int(np.argmin(off))

    @cached_property
    def _from_each(self) -> NDArray[np.float32]:
        """The transposed table, so that the times to one place are contiguous."""
        return np.ascontiguousarray(self.seconds_at_36.T)

    @cached_property
    def nearest_hospital(self) -> Ints:
        """(p,) by road."""
        nearest: Ints = self.hospitals[np.argmin(self.seconds_at_36[:, self.hospitals], axis=1)]
        return nearest

    @cached_property
    def _number(self) -> dict[tuple[float, float], int]:
        return {(point.lat, point.lon): i for i, point in enumerate(self.points)}


def places_of(city: City, travel: TravelTime, *, progress: Callable[[float], None] | None = None) -> Places:
    """`travel` is asked for each time once. `progress` receives each further share, 0-1."""
    demand = demand_map(city, per_day=DEMAND_PER_DAY, resolution=COARSE)
    cells = _cells(city, demand)
    stations = [Point(s.lat, s.lon) for s in city.stations]
    hospitals = [Point(h.lat, h.lon) for h in city.hospitals]
    points = tuple(dict.fromkeys((*demand.points, *cells.values(), *stations, *hospitals)))
    number = {point: i for i, point in enumerate(points)}
    lats, lons = np.array([p.lat for p in points]), np.array([p.lon for p in points])
    table = np.empty((len(points), len(points)), np.float32)
    for first in range(0, len(points), AT_ONCE):
        some = points[first : first + AT_ONCE]
        table[:, first : first + AT_ONCE] = travel.seconds(lats, lons, some, speed_kmh=TABLE_KMH)
        if progress is not None:
            progress(len(some) / len(points))
    np.fill_diagonal(table, 0)
    return Places(
        points,
        table,
        demand,
        {cell: number[point] for cell, point in cells.items()},
        {station.id: number[point] for station, point in zip(city.stations, stations, strict=True)},
        np.array([number[point] for point in hospitals], np.int64),
    )


def _cells(city: City, coarse: DemandMap) -> dict[str, Point]:
    """Coarse cells where calls are few, else their children; each with the centre of its population."""
    fine = demand_map(city, per_day=1.0, resolution=FINE)
    order = np.argsort(-coarse.total, kind="stable")
    before = np.cumsum(coarse.total[order]) - coarse.total[order]
    many = {coarse.cells[i] for i in order[before < DIVIDED * coarse.total.sum()].tolist()}
    cells = {cell: point for cell, point in zip(coarse.cells, coarse.points, strict=True) if cell not in many}
    children = zip(fine.cells, fine.points, strict=True)
    return cells | {cell: point for cell, point in children if h3.cell_to_parent(cell, COARSE) in many}
