"""Faults of a layer of parishes, with their places."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    WRONG = "wrong"
    NOTICE = "notice"  # may be correct: an island, an enclave


class FaultKind(StrEnum):
    REFERENCE_SYSTEM = "reference_system"
    NO_GEOMETRY = "no_geometry"
    NOT_POLYGON = "not_polygon"
    INVALID = "invalid"
    NOT_DEGREES = "not_degrees"
    SWAPPED = "swapped"
    APART = "apart"
    PIECES = "pieces"
    HOLE = "hole"
    OVERLAP = "overlap"
    GAP = "gap"
    SLIVER = "sliver"
    EDGES = "edges"
    CODE = "code"
    NAME = "name"
    ENCODING = "encoding"
    KIND = "kind"
    POPULATION = "population"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Fault:
    """`features` are positions in the layer, from 0; `where` names them for a person."""

    kind: FaultKind
    where: str
    what: str
    features: tuple[int, ...] = ()
    severity: Severity = Severity.WRONG
    area_m2: float | None = None
    lat: float | None = None
    lon: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        at = f" at {self.lat:.6f}, {self.lon:.6f}" if self.lat is not None and self.lon is not None else ""
        return f"{self.where}: {self.kind}: {self.what}{at}"


def wrong(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(fault for fault in faults if fault.severity is Severity.WRONG)


def area_text(square_metres: float) -> str:
    return f"{square_metres / 1e6:,.3f} km²" if square_metres >= 1e5 else f"{square_metres:,.1f} m²"
