"""Where the callers of a city can be, and what its people name and measure places by."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from dispatch.model.city import City
from geo import Point

# Callers are in the country: a position further away than this from the city's bounds was misread, or is no caller's.
REACH_DEG = 6.0


@dataclass(frozen=True, slots=True)
class Grid:
    """A projected reference system in metres that people of the city use; `crs` as pyproj reads it."""

    name: str
    crs: str


@dataclass(frozen=True, slots=True)
class Area:
    """`bounds` are west, south, east, north; `holds` says whether a point is in the city. Plus Codes are completed near
    `middle`, or near the quarter of `quarters` (by folded name) that stands beside them. `zone`: that of the city's
    clocks."""

    name: str
    bounds: tuple[float, float, float, float]
    holds: Callable[[Point], bool]
    middle: Point
    quarters: Mapping[str, Point] = field(default_factory=dict)
    grids: tuple[Grid, ...] = ()
    zone: tzinfo = UTC

    def reaches(self, point: Point) -> bool:
        west, south, east, north = self.bounds
        return south - REACH_DEG <= point.lat <= north + REACH_DEG and west - REACH_DEG <= point.lon <= east + REACH_DEG

    @property
    def zones(self) -> tuple[int, ...]:
        """UTM zones of the city, its own before its neighbours'."""
        own = int((self.middle.lon + 180) // 6) + 1
        return own, own % 60 + 1, (own - 2) % 60 + 1


def area_of(city: City) -> Area:
    parishes = list(city.parishes)
    quarters = {folded(each.name): each.polygon.representative_point() for each in parishes}
    urban = [each for each in parishes if each.kind == "urban"] or parishes
    people = sum(each.population for each in urban) or 1
    # Where most people live: the middle of the bounds may be a forest.
    lat = sum(each.polygon.centroid.y * each.population for each in urban) / people
    lon = sum(each.polygon.centroid.x * each.population for each in urban) / people
    middle = Point(lat, lon) if people > 1 else _centre(city.parishes.bounds)
    return Area(
        name=city.name,
        bounds=city.parishes.bounds,
        holds=lambda point: city.parishes.find(point.lat, point.lon) is not None,
        middle=middle,
        quarters={folded(city.name): middle} | {name: Point(at.y, at.x) for name, at in quarters.items()},
        grids=tuple(Grid(each.name, each.crs) for each in city.grids),
        zone=city.zone,
    )


def folded(name: str) -> str:
    """Without accents and case: `Cumbayá` → `cumbaya`."""
    apart = unicodedata.normalize("NFD", name.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).strip()


def _centre(bounds: tuple[float, float, float, float]) -> Point:
    west, south, east, north = bounds
    return Point((south + north) / 2, (west + east) / 2)
