"""Emergencies as they happen in a city: where its people live, of the kinds that its services answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, repeat
from math import hypot, sqrt
from random import Random
from zoneinfo import ZoneInfo

import shapely

from dispatch.model.city import City, Nature, Station
from geo import Parish, Projection

# Relative calls in each hour of the local day: a low before dawn, a rise to the evening. Assumed, mean 1.
HOURS = (
    *(0.82, 0.68, 0.55, 0.46, 0.42, 0.50, 0.70, 0.92, 1.02, 1.05, 1.06, 1.08),
    *(1.12, 1.14, 1.13, 1.15, 1.20, 1.28, 1.36, 1.42, 1.38, 1.28, 1.20, 1.08),
)
BUSIEST = max(HOURS)

# Happen in the open country of rural parishes, not near their squares.
OPEN_COUNTRY = frozenset({"wildland_fire", "mountain_search", "illegal_mining"})
KINDS_OF_STATION = (
    *("UPC ", "Bomberos ", "Base de montaña ", "Base ", "Cruz Roja ", "Tránsito "),
    *("Administración Zonal ", "Sala de riesgos ", "Cuartel "),
)
NEAR_A_CENTRE = 0.85
CENTRE_SPREAD_M = 900.0


@dataclass(frozen=True, slots=True)
class Emergency:
    """What really is, where it really is. `nature` None: nothing is, somebody only misuses the number."""

    nature: Nature | None
    lat: float
    lon: float
    parish: Parish
    place: str


def busyness(moment: datetime, timezone: str) -> float:
    """How many calls come at this moment, relative to the day's mean; straight between the hours."""
    local = moment.astimezone(ZoneInfo(timezone))
    part = local.minute / 60
    return HOURS[local.hour] * (1 - part) + HOURS[(local.hour + 1) % 24] * part


def spread(random: Random, *, count: int, over_s: float) -> Iterator[float]:
    """So many arrivals in so many seconds: a Poisson process of which only the count is known."""
    return iter(sorted(random.uniform(0, over_s) for _ in range(count)))


def by_the_hour(random: Random, *, rate: float, start: datetime, timezone: str) -> Iterator[float]:
    """Seconds after `start`, without end: a Poisson process that follows the hours of the day, by thinning (Lewis and
    Shedler 1979); `rate`, a second, is the day's mean."""
    now_s = 0.0
    while True:
        now_s += random.expovariate(rate * BUSIEST)
        if random.random() * BUSIEST < busyness(start + timedelta(seconds=now_s), timezone):
            yield now_s


def steadily(random: Random, *, rate: float) -> Iterator[float]:
    """Seconds, without end: a Poisson process of one rate."""
    return accumulate(random.expovariate(rate) for _ in repeat(None))


class Demand:
    """Draws emergencies: service and nature by their shares, parish by its people, place in it near where people are
    (its stations stand for that) or, for some, anywhere."""

    def __init__(self, city: City, random: Random) -> None:
        self._random = random
        self._projection = Projection(city.crs)
        services = {service.code: service.share for service in city.services}
        self._natures = city.natures
        self._nature_weights = list(accumulate(nature.share * services[nature.service] for nature in city.natures))
        self._parishes = tuple(city.parishes)
        self._rural = tuple(parish for parish in self._parishes if parish.kind == "rural") or self._parishes
        self._centres = _centres(city)
        self._places = [(self._projection.forward(s.lat, s.lon), place_name(s)) for s in city.stations]
        for parish in self._parishes:
            shapely.prepare(parish.polygon)

    def draw(self, *, misuse: float) -> Emergency:
        """`misuse`: the probability, 0-1, that nothing is behind it."""
        nature = None if self._random.random() < misuse else self._nature()
        in_the_open = nature is not None and nature.code in OPEN_COUNTRY
        parish = self._parish(self._rural if in_the_open else self._parishes)
        lat, lon = self._anywhere(parish) if in_the_open else self._near_people(parish)
        return Emergency(nature, lat, lon, parish, self._place_near(lat, lon))

    def _nature(self) -> Nature:
        return self._random.choices(self._natures, cum_weights=self._nature_weights)[0]

    def _parish(self, parishes: Sequence[Parish]) -> Parish:
        return self._random.choices(parishes, weights=[parish.population for parish in parishes])[0]

    def _near_people(self, parish: Parish) -> tuple[float, float]:
        centres = self._centres.get(parish.code)
        if not centres or self._random.random() > NEAR_A_CENTRE:
            return self._anywhere(parish)
        centre = self._random.choice(centres)
        x, y = self._projection.forward(centre.lat, centre.lon)
        spread = min(CENTRE_SPREAD_M, sqrt(parish.area_km2) * 300)
        while True:
            lat, lon = self._projection.inverse(self._random.gauss(x, spread), self._random.gauss(y, spread))
            if shapely.contains_xy(parish.polygon, lon, lat):
                return lat, lon

    def _anywhere(self, parish: Parish) -> tuple[float, float]:
        west, south, east, north = parish.polygon.bounds
        while True:
            lat, lon = self._random.uniform(south, north), self._random.uniform(west, east)
            if shapely.contains_xy(parish.polygon, lon, lat):
                return lat, lon

    def _place_near(self, lat: float, lon: float) -> str:
        x, y = self._projection.forward(lat, lon)
        return min(self._places, key=lambda place: hypot(place[0][0] - x, place[0][1] - y))[1]


def place_name(station: Station) -> str:
    """The place in a station's name: "UPC La Carolina" stands in La Carolina."""
    for kind in KINDS_OF_STATION:
        if station.name.startswith(kind):
            return station.name.removeprefix(kind)
    return station.name


def _centres(city: City) -> dict[str, list[Station]]:
    """Parish code → the stations in it."""
    centres: dict[str, list[Station]] = {}
    for station in city.stations:
        parish = city.parishes.find(station.lat, station.lon)
        if parish is not None:
            centres.setdefault(parish.code, []).append(station)
    return centres
