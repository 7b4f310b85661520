"""Open incidents as a table: what is asked of all those around a place is asked once, not of each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.model import Incident
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel, variance
from dispatch.policy.units.unit_table import Floats, Ints

Table = NDArray[np.void]
ROW = np.dtype(
    [("id", np.int64), ("variance", np.float64), ("opened_s", np.float64), ("calls", np.int64), ("nature", np.int64)]
)


class IncidentRow(NamedTuple):
    """An incident as a source of further calls; a `ROW`. `variance` of its position along one axis, nan where nothing
    is known of it; `opened_s`, seconds since 1970, of the last reopening; `nature`, its number in `DuplicateModel`."""

    id: int
    variance: float
    opened_s: float
    calls: int
    nature: int

    @classmethod
    def of(cls, incident: Incident, duplicates: DuplicateModel) -> "IncidentRow":
        radius_m = incident.location.radius_m
        return cls(
            incident.id,
            nan if radius_m is None else variance(radius_m),
            incident.responding_since.timestamp(),
            incident.calls,
            duplicates.number(incident.nature),
        )


@dataclass(frozen=True, slots=True, eq=False)
class IncidentTable:
    """n sources, a table of `ROW` (n,), and how far the position of each is from the one that was asked about (n,)."""

    table: Table
    distance_m: Floats

    @classmethod
    def of(cls, incidents: Iterable[tuple[Incident, float]], duplicates: DuplicateModel) -> "IncidentTable":
        """Incidents and their distances."""
        found = list(incidents)
        table = np.array([tuple(IncidentRow.of(incident, duplicates)) for incident, _ in found], ROW)
        return cls(table, np.array([metres for _, metres in found], np.float64))

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ids(self) -> Ints:
        return self.table["id"]

    @property
    def variance(self) -> Floats:
        return self.table["variance"]

    @property
    def opened_s(self) -> Floats:
        return self.table["opened_s"]

    @property
    def calls(self) -> Ints:
        return self.table["calls"]

    @property
    def nature(self) -> Ints:
        return self.table["nature"]

    def take(self, rows: Any) -> "IncidentTable":
        """Those of a mask or of numbers."""
        return IncidentTable(self.table[rows], self.distance_m[rows])

    def but(self, ids: Collection[int]) -> "IncidentTable":
        """All others."""
        return self.take(~np.isin(self.ids, list(ids))) if ids and len(self) else self

    def __add__(self, other: "IncidentTable") -> "IncidentTable":
        if not len(other) or not len(self):
            return self if len(self) else other
        return IncidentTable(
            np.concatenate([self.table, other.table]), np.concatenate([self.distance_m, other.distance_m])
        )
