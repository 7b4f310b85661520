"""Units as columns, so that a ranking uses array operations instead of a loop."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.model import PlacedUnit, Unit, UnitStatus

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Objects = NDArray[np.object_]


class UnitProfile(NamedTuple):
    """What a ranking needs of a unit besides its place; a city's fleet has a few dozen profiles."""

    agency: str
    status: UnitStatus
    capabilities: tuple[str, ...]
    is_silent: bool

    @classmethod
    def of(cls, unit: Unit) -> "UnitProfile":
        return cls(unit.agency, unit.status, unit.capabilities, unit.silent_since is not None)


@dataclass(frozen=True, slots=True, eq=False)
class UnitTable:
    """Of n `units`, in the order of their ids, all (n,): `lats` and `lons` (degrees) of the last position, or of the
    station; `heard_s`, when that position was taken (seconds since 1970), nan at a station; `sort`, the index of its
    profile in `profiles`. `distance_m` (n, q): the straight lines to the q places."""

    units: Objects
    lats: Floats
    lons: Floats
    heard_s: Floats
    distance_m: Floats
    sort: Ints
    profiles: Sequence[UnitProfile]

    @classmethod
    def of(cls, placed_units: Iterable[PlacedUnit]) -> "UnitTable":
        """With their distance to one place."""
        ranked = sorted(placed_units, key=lambda s: s.unit.id)
        numbers: dict[UnitProfile, int] = {}
        return cls(
            objects([s.unit for s in ranked]),
            np.array([s.point.lat for s in ranked], np.float64),
            np.array([s.point.lon for s in ranked], np.float64),
            np.array([s.position.at.timestamp() if s.position else nan for s in ranked], np.float64),
            np.array([s.distance_m for s in ranked], np.float64).reshape(-1, 1),
            np.array([numbers.setdefault(UnitProfile.of(s.unit), len(numbers)) for s in ranked], np.int64),
            tuple(numbers),
        )

    def __len__(self) -> int:
        return len(self.units)

    def take(self, rows: Any) -> "UnitTable":
        """The rows of a mask or of ascending numbers."""
        return UnitTable(
            self.units[rows],
            self.lats[rows],
            self.lons[rows],
            self.heard_s[rows],
            self.distance_m[rows],
            self.sort[rows],
            self.profiles,
        )

    def each(self, of_sort: Callable[[UnitProfile], float]) -> Floats:
        """A column (n,) of a value that is the same for all units of a profile."""
        return np.array([of_sort(sort) for sort in self.profiles], np.float64)[self.sort]

    def which(self, of_sort: Callable[[UnitProfile], bool]) -> Bools:
        """A mask (n,) of the units with such a profile."""
        return np.array([of_sort(sort) for sort in self.profiles], np.bool_)[self.sort]


def objects(units: Sequence[Any]) -> Objects:
    """Avoids that numpy interprets the units as further dimensions."""
    column = np.empty(len(units), np.object_)
    column[:] = units
    return column
