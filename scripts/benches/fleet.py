"""Many units all over the city, most of them where most people live, and their movement."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.model.city import City

STEP_M = 10.0
METRES_A_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """(n,) degrees, changed in place by `step`."""

    lats: NDArray[np.float64]
    lons: NDArray[np.float64]
    random: np.random.Generator

    def step(self, which: NDArray[np.int64]) -> None:
        """Move these units by 10 m, each in its own direction."""
        way = self.random.uniform(0, 2 * np.pi, len(which))
        self.lats[which] += np.sin(way) * STEP_M / METRES_A_DEGREE
        self.lons[which] += np.cos(way) * STEP_M / METRES_A_DEGREE


def fleet_of(city: City, count: int, *, seed: int, by_people: bool = True) -> Fleet:
    """Distributed over the parishes by population, or uniformly over the area."""
    random = np.random.default_rng(seed)
    parishes = list(city.parishes)
    weights = np.array([float(p.population) if by_people else p.area_km2 for p in parishes])
    shares = random.multinomial(count, weights / weights.sum())
    lats, lons = [], []
    for parish, share in zip(parishes, shares.tolist(), strict=True):
        west, south, east, north = parish.polygon.bounds
        shapely.prepare(parish.polygon)
        while share > 0:
            lon, lat = random.uniform(west, east, 4 * share + 50), random.uniform(south, north, 4 * share + 50)
            inside = np.flatnonzero(shapely.contains_xy(parish.polygon, lon, lat))[:share]
            lats.append(lat[inside])
            lons.append(lon[inside])
            share -= len(inside)
    order = random.permutation(count)
    return Fleet(np.concatenate(lats)[order], np.concatenate(lons)[order], random)
