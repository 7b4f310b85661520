"""The calls of a profile, planned before the clock starts; the same seed gives the same calls."""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from random import Random

import h3.api.basic_int as h3  # type: ignore[import-untyped]

from dispatch.model.city import City
from dispatch.simulation.callers import Callers, PlannedCall
from dispatch.simulation.demand import Demand, Emergency
from scripts.load.profiles import Profile

CROWD = 40
CROWD_WITHIN_S = 180.0
CELL = 8
"""H3's resolution: cells of 0.7 km²."""


def plan(city: City, profile: Profile, *, seed: int) -> list[PlannedCall]:
    """Sorted by when each is due."""
    random = Random(seed)
    demand, callers, worst = Demand(city, random), Callers(city, random), _Worst(profile, seed)
    waiting: list[tuple[float, int, Emergency]] = []
    order, planned = count(), list[PlannedCall]()
    for at_s in _arrivals(profile, random):
        if waiting and waiting[0][0] <= at_s:
            planned.append(callers.call(at_s / profile.squeeze, heappop(waiting)[2], again=True))
            continue
        emergency = demand.draw(misuse=0.06)
        crowd = worst.crowd(random, emergency) or callers.others(emergency)
        for delay_s in crowd:
            heappush(waiting, (at_s + delay_s, next(order), emergency))
        planned.append(callers.call(at_s / profile.squeeze, emergency, again=False))
    return planned


class _Worst:
    """The worst cells: a crowd calls about each emergency there, within a short part (a sixth) of the run."""

    def __init__(self, profile: Profile, seed: int) -> None:
        self._share, self._seed = profile.crowded, seed
        self._within_s = min(CROWD_WITHIN_S, profile.seconds / 6)

    def crowd(self, random: Random, emergency: Emergency) -> list[float]:
        """Delays in seconds of the other calls."""
        if emergency.nature is None or not self._has(emergency):
            return []
        return [random.uniform(0, self._within_s) for _ in range(CROWD - 1)]

    def _has(self, emergency: Emergency) -> bool:
        cell = h3.latlng_to_cell(emergency.lat, emergency.lon, CELL)
        return Random(f"{self._seed} {cell}").random() < self._share


def _arrivals(profile: Profile, random: Random) -> Iterator[float]:
    """A Poisson process that follows the profile's rate, by thinning (Lewis and Shedler 1979)."""
    most, now_s = profile.peak_rate(), 0.0
    while True:
        now_s += random.expovariate(most)
        if now_s >= profile.seconds:
            return
        if random.random() * most < profile.rate(now_s / profile.seconds):
            yield now_s
