"""A city's units as columns that are kept up to date, so that candidates are selected by array operations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import isnan

import numpy as np

from dispatch.model import PlacedUnit, Unit, UnitId, UnitPosition
from dispatch.policy.units.unit_table import UnitProfile, UnitTable
from geo import Point, Projection


class Fleet:
    """Of a fixed set of units. The owner makes a new one when a unit is added, removed, or at another station without
    having sent a position."""

    def __init__(self, placed_units: Iterable[PlacedUnit], projection: Projection) -> None:
        self._all = UnitTable.of(placed_units)
        self._rows: dict[UnitId, int] = {unit.id: row for row, unit in enumerate(self._all.units)}
        self._sorts = {sort: number for number, sort in enumerate(self._all.profiles)}
        self._projection = projection
        x, y = projection.forward(self._all.lats, self._all.lons)
        self._places = x + 1j * y

    def follow(self, unit: Unit) -> bool:
        """Update a unit in place. False if it isn't here, or has another station."""
        row = self._rows.get(unit.id)
        if row is None or (isnan(self._all.heard_s[row]) and unit.station != self._all.units[row].station):
            return False
        self._all.units[row] = unit
        self._all.sort[row] = self._sorts.setdefault(UnitProfile.of(unit), len(self._sorts))
        return True

    def move(self, moved: Mapping[UnitId, UnitPosition]) -> bool:
        """False if one isn't here because it had no place before."""
        if not moved.keys() <= self._rows.keys():
            return False
        all_, positions = self._all, moved.values()
        rows = [self._rows[unit_id] for unit_id in moved]
        all_.lats[rows] = [p.lat for p in positions]
        all_.lons[rows] = [p.lon for p in positions]
        all_.heard_s[rows] = [p.at.timestamp() for p in positions]
        x, y = self._projection.forward(all_.lats[rows], all_.lons[rows])
        self._places[rows] = x + 1j * y
        return True

    def around(self, points: Sequence[Point], which: Callable[[UnitProfile], bool]) -> UnitTable:
        """All units of the selected profiles, with their straight-line distances to each of the points."""
        all_ = replace(self._all, profiles=tuple(self._sorts))
        rows = np.flatnonzero(all_.which(which))
        places = np.array([complex(*self._projection.place(point.lat, point.lon)) for point in points], np.complex128)
        return replace(all_.take(rows), distance_m=np.abs(np.subtract.outer(self._places[rows], places)))
