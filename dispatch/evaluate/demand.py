"""Emergencies in a city: when, of which nature, and where people are."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

import shapely

from dispatch.model.city import City, Nature
from dispatch.policy.units.demand import NEAR_A_CENTRE, OPEN_COUNTRY, centre_spread_m, centres_of
from geo import Parish, Projection

# Relative calls in each hour of the local day: a minimum before dawn, a rise until the evening. Assumed, mean 1.
HOURS = (
    *(0.82, 0.68, 0.55, 0.46, 0.42, 0.50, 0.70, 0.92, 1.02, 1.05, 1.06, 1.08),
    *(1.12, 1.14, 1.13, 1.15, 1.20, 1.28, 1.36, 1.42, 1.38, 1.28, 1.20, 1.08),
)
BUSIEST = max(HOURS)


def busyness(moment: datetime, timezone: str) -> float:
    """Rate of calls at this time relative to the day's mean; linear between the hours."""
    local = moment.astimezone(ZoneInfo(timezone))
    part = local.minute / 60
    return HOURS[local.hour] * (1 - part) + HOURS[(local.hour + 1) % 24] * part


def by_the_hour(random: Random, *, rate: float, start: datetime, timezone: str) -> Iterator[float]:
    """Seconds after `start`, endless: a Poisson process that follows the hours of the day, by thinning (Lewis and
    Shedler 1979). `rate`, per second, is the day's mean."""
    now_s = 0.0
    while True:
        now_s += random.expovariate(rate * BUSIEST)
        if random.random() * BUSIEST < busyness(start + timedelta(seconds=now_s), timezone):
            yield now_s


class Demand:
    """Draws what happens and where: the nature by its share and its service's, the parish by its population, the place
    near where people are (represented by the stations) or, for some natures, anywhere."""

    def __init__(self, city: City, random: Random) -> None:
        self._random = random
        self._projection = Projection(city.crs)
        services = {service.code: service.share for service in city.services}
        self._natures = city.natures
        self._nature_weights = list(accumulate(nature.share * services[nature.service] for nature in city.natures))
        self._parishes = tuple(city.parishes)
        self._rural = tuple(parish for parish in self._parishes if parish.kind == "rural") or self._parishes
        self._centres = centres_of(city)
        for parish in self._parishes:
            shapely.prepare(parish.polygon)

    def nature(self) -> Nature:
        return self._random.choices(self._natures, cum_weights=self._nature_weights)[0]

    def place(self, nature: Nature | None) -> tuple[float, float, Parish]:
        """Latitude, longitude and parish of an emergency of this nature; None: there is no emergency, somebody only
        calls."""
        in_the_open = nature is not None and nature.code in OPEN_COUNTRY
        parish = self._parish(self._rural if in_the_open else self._parishes)
        lat, lon = self._anywhere(parish) if in_the_open else self._near_people(parish)
        return lat, lon, parish

    def _parish(self, parishes: Sequence[Parish]) -> Parish:
        return self._random.choices(parishes, weights=[parish.population for parish in parishes])[0]

    def _near_people(self, parish: Parish) -> tuple[float, float]:
        centres = self._centres.get(parish.code)
        if not centres or self._random.random() > NEAR_A_CENTRE:
            return self._anywhere(parish)
        centre = self._random.choice(centres)
        x, y = self._projection.forward(centre.lat, centre.lon)
        spread_m = centre_spread_m(parish)
        while True:
            lat, lon = self._projection.inverse(self._random.gauss(x, spread_m), self._random.gauss(y, spread_m))
            if shapely.contains_xy(parish.polygon, lon, lat):
                return lat, lon

    def _anywhere(self, parish: Parish) -> tuple[float, float]:
        west, south, east, north = parish.polygon.bounds
        while True:
            lat, lon = self._random.uniform(south, north), self._random.uniform(west, east)
            if shapely.contains_xy(parish.polygon, lon, lat):
                return lat, lon
