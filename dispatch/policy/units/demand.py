"""Where urgent calls of a city are expected, by population, natures and their needs, on H3 cells.

People live near the centres of their parish, represented by its stations, and some anywhere in it. The simulated
callers are drawn from the same model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

import h3.api.basic_int as h3  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from dispatch.model.city import City, Station
from dispatch.policy.units.coverage import DemandMap, Floats
from geo import Parish, Projection
from geo.hexagons import cells_between
from geo.hexagons import centres_of as cell_centres

# Happen in the open country of rural parishes, not near their centres.
OPEN_COUNTRY = frozenset({"wildland_fire", "mountain_search", "illegal_mining"})
NEAR_A_CENTRE = 0.85
CENTRE_SPREAD_M = 900.0
URGENT = 2
RESOLUTION = 7


def centre_spread_m(parish: Parish) -> float:
    return min(CENTRE_SPREAD_M, sqrt(parish.area_km2) * 300)


def centres_of(city: City) -> dict[str, list[Station]]:
    """Parish code → the stations in it."""
    centres: dict[str, list[Station]] = {}
    for station in city.stations:
        parish = city.parishes.find(station.lat, station.lon)
        if parish is not None:
            centres.setdefault(parish.code, []).append(station)
    return centres


def demand_map(city: City, *, per_day: float, resolution: int = RESOLUTION) -> DemandMap:
    """`per_day`: incidents a day of all kinds and priorities; the result is the urgent ones among them, on the H3 cells
    of `resolution`, each made of its seven children. A cell's point is the mean place of its population."""
    fine, at, lived_in, open_country = _densities(city, resolution + 1)
    homes, inverse = np.unique([h3.cell_to_parent(cell, resolution) for cell in fine.tolist()], return_inverse=True)

    def gathered(values: Floats) -> Floats:
        return np.bincount(inverse, values, len(homes)).astype(np.float64)

    people = lived_in + open_country * 1e-9  # so that a cell without population has a centre too
    weight = gathered(people)
    lats, lons = gathered(people * at[:, 0]) / weight, gathered(people * at[:, 1]) / weight
    home, country = gathered(lived_in), gathered(open_country)
    needed = {
        capability: per_day * (inside * home + outside * country)
        for capability, (inside, outside) in _urgent_shares(city).items()
    }
    return DemandMap(tuple(h3.int_to_str(cell) for cell in homes.tolist()), lats, lons, needed)


def _urgent_shares(city: City) -> Mapping[str, tuple[float, float]]:
    """Capability → the share of all incidents that are urgent and need it: near people, and in the open country."""
    services = {service.code: service.share for service in city.services}
    shares: dict[str, tuple[float, float]] = {}
    for nature in city.natures:
        if nature.priority > URGENT:
            continue
        share = nature.share * services[nature.service]
        for capability in dict.fromkeys(need.capability for need in nature.needs):
            inside, outside = shares.get(capability, (0.0, 0.0))
            outdoors = nature.code in OPEN_COUNTRY
            shares[capability] = (inside, outside + share) if outdoors else (inside + share, outside)
    return shares


def _densities(city: City, resolution: int) -> tuple[NDArray[np.uint64], Floats, Floats, Floats]:
    """The cells of all parishes, their centres, and the share in each of the emergencies near people and in the open
    country."""
    parts = list(_parish_parts(city, resolution))
    people = np.array([part.parish.population for part in parts], np.float64)
    rural = np.array([part.parish.kind == "rural" for part in parts])
    country = people * (rural if rural.any() else True)
    sizes = [len(part.cells) for part in parts]
    lived_in = np.concatenate([part.people for part in parts]) * np.repeat(people / people.sum(), sizes)
    open_country = np.repeat(country / country.sum() / sizes, sizes)
    return np.concatenate([p.cells for p in parts]), np.concatenate([p.at for p in parts]), lived_in, open_country


@dataclass(frozen=True, slots=True)
class _Part:
    """A parish's cells (n,), their centres (n, 2), and the share of its population in each of them (n,)."""

    parish: Parish
    cells: NDArray[np.uint64]
    at: Floats
    people: Floats


def _parish_parts(city: City, resolution: int) -> Iterator[_Part]:
    """A cell belongs to the parish of its centre; a parish without any such cell gets the one that it is in."""
    projection, centres = Projection(city.crs), centres_of(city)
    west, south, east, north = city.parishes.bounds
    all_cells = np.sort(cells_between(south, west, north, east, resolution))
    all_at = cell_centres(all_cells)
    owners = city.parishes.find_many(*all_at.T)
    for position, parish in enumerate(city.parishes):
        cells, at = all_cells[owners == position], all_at[owners == position]
        if not len(cells):
            middle = parish.polygon.representative_point()
            cells = np.array([h3.latlng_to_cell(middle.y, middle.x, resolution)], np.uint64)
            at = cell_centres(cells)
        even = np.full(len(cells), 1 / len(cells))
        near = centres.get(parish.code)
        if not near:
            yield _Part(parish, cells, at, even)
            continue
        x, y = projection.forward(*at.T)
        bells = np.array([_bell(x, y, projection.forward(s.lat, s.lon), centre_spread_m(parish)) for s in near])
        yield _Part(parish, cells, at, NEAR_A_CENTRE * bells.mean(axis=0) + (1 - NEAR_A_CENTRE) * even)


def _bell(x: Floats, y: Floats, centre: tuple[float, float], spread_m: float) -> Floats:
    squared = ((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * spread_m**2)
    bell: Floats = np.exp(squared.min() - squared)
    return bell / float(bell.sum())
