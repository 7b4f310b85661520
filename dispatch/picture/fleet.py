"""A city's units as columns that are kept true, so that who might be sent is asked of all of them at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import isnan

import numpy as np

from dispatch.model import PlacedUnit, Unit, UnitId, UnitPosition
from dispatch.policy.units.unit_table import UnitProfile, UnitTable
from geo import Point, Projection


class Fleet:
    """Of these units and no others; whoever keeps it makes a new one when one comes, leaves, or is at another station
    without having sent a position."""

    def __init__(self, placed_units: Iterable[PlacedUnit], projection: Projection) -> None:
        self._all = UnitTable.of(placed_units)
        self._rows: dict[UnitId, int] = {unit.id: row for row, unit in enumerate(self._all.units)}
        self._sorts = {sort: number for number, sort in enumerate(self._all.profiles)}
        self._projection = projection
        x, y = projection.forward(self._all.lats, self._all.lons)
        self._places = x + 1j * y

    def follow(self, unit: Unit) -> bool:
        """The unit as it now is, where it was. False for one that isn't here, or waits at another station."""
        row = self._rows.get(unit.id)
        if row is None or (isnan(self._all.heard_s[row]) and unit.station != self._all.units[row].station):
            return False
        self._all.units[row] = unit
        self._all.sort[row] = self._sorts.setdefault(UnitProfile.of(unit), len(self._sorts))
        return True

    def move(self, moved: Mapping[UnitId, UnitPosition]) -> bool:
        """False where one isn't here: it had no place before."""
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
        """All those whose sort is so, and how far they are from each of the points by the straight line."""
        all_ = replace(self._all, profiles=tuple(self._sorts))
        rows = np.flatnonzero(all_.which(which))
        places = np.array([complex(*self._projection.place(point.lat, point.lon)) for point in points], np.complex128)
        return replace(all_.take(rows), distance_m=np.abs(np.subtract.outer(self._places[rows], places)))
