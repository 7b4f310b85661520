"""Emergencies that people call about: what it is, where it is, and what the place is called."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, repeat
from math import hypot
from random import Random

from dispatch.evaluate.demand import HOURS, busyness, by_the_hour
from dispatch.evaluate.demand import Demand as CityDemand
from dispatch.model.city import City, Nature, Station
from dispatch.policy.units.demand import OPEN_COUNTRY
from geo import Parish, Projection

__all__ = [
    "HOURS",
    "OPEN_COUNTRY",
    "Demand",
    "Emergency",
    "busyness",
    "by_the_hour",
    "place_name",
    "spread",
    "steadily",
]

KINDS_OF_STATION = (
    *("UPC ", "Bomberos ", "Base de montaña ", "Base ", "Cruz Roja ", "Tránsito "),
    *("Administración Zonal ", "Sala de riesgos ", "Cuartel "),
)


@dataclass(frozen=True, slots=True)
class Emergency:
    """The true emergency at its true place. `nature` None: none, the number is misused."""

    nature: Nature | None
    lat: float
    lon: float
    parish: Parish
    place: str


def spread(random: Random, *, count: int, over_s: float) -> Iterator[float]:
    """This many arrivals in so many seconds: a Poisson process with a given count."""
    return iter(sorted(random.uniform(0, over_s) for _ in range(count)))


def steadily(random: Random, *, rate: float) -> Iterator[float]:
    """Seconds, endless: a Poisson process of constant rate."""
    return accumulate(random.expovariate(rate) for _ in repeat(None))


class Demand:
    """The city's emergencies, as callers describe them."""

    def __init__(self, city: City, random: Random) -> None:
        self._random, self._city = random, CityDemand(city, random)
        self._projection = Projection(city.crs)
        self._places = [(self._projection.forward(s.lat, s.lon), place_name(s)) for s in city.stations]

    def draw(self, *, misuse: float) -> Emergency:
        """`misuse`: the probability, 0-1, that nothing is behind it."""
        return self.of(None if self._random.random() < misuse else self._city.nature())

    def of(self, nature: Nature | None) -> Emergency:
        """One of this nature."""
        lat, lon, parish = self._city.place(nature)
        return Emergency(nature, lat, lon, parish, self._place_near(lat, lon))

    def _place_near(self, lat: float, lon: float) -> str:
        x, y = self._projection.forward(lat, lon)
        return min(self._places, key=lambda place: hypot(place[0][0] - x, place[0][1] - y))[1]


def place_name(station: Station) -> str:
    """The place in a station's name: "UPC La Carolina" is in La Carolina."""
    for kind in KINDS_OF_STATION:
        if station.name.startswith(kind):
            return station.name.removeprefix(kind)
    return station.name
