"""The result of a caller's fixes: a position, a radius, a confidence and the parishes it may be in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from geo.fix import Source


class LocationStatus(StrEnum):
    LOCATED = "located"
    AMBIGUOUS = "ambiguous"
    OUTSIDE = "outside"
    UNLOCATED = "unlocated"


@dataclass(frozen=True, slots=True)
class ParishProbability:
    code: str
    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """The parish nearest to a location outside all of them; `bearing_deg` points from the location to it."""

    code: str
    name: str
    distance_m: float
    bearing_deg: float


@dataclass(frozen=True, slots=True)
class Location:
    """`radius_m` contains the caller with `confidence`; `candidates` are all parishes it may be in, most probable
    first; `parish` is the first of them if status is `located`.

    `cells` are the H3 cells of the position: a coarse one (resolution 7) and a fine one (resolution 10). `contradicted`
    lists sources whose fixes could not be true together with this location."""

    status: LocationStatus
    lat: float | None = None
    lon: float | None = None
    radius_m: float | None = None
    confidence: float | None = None
    source: Source | None = None
    at: datetime | None = None
    altitude_m: float | None = None
    parish: ParishProbability | None = None
    candidates: tuple[ParishProbability, ...] = ()
    nearest: Nearest | None = None
    cells: tuple[str, str] | None = None
    contradicted: tuple[Source, ...] = ()
