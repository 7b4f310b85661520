"""The calls of a profile, planned before the clock starts; the same seed gives the same calls."""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from random import Random

from dispatch.model.city import City
from scripts.load.profiles import Profile
from scripts.simulation.callers import Callers, PlannedCall
from scripts.simulation.demand import Demand, Emergency

CROWD = 40
CROWD_WITHIN_S = 180.0


def plan(city: City, profile: Profile, *, seed: int, squeeze: float = 1.0) -> list[PlannedCall]:
    """`squeeze`: so many times quicker than the profile says, with as many calls. Sorted by when each is due."""
    random = Random(seed)
    demand, callers = Demand(city, random), Callers(city, random)
    waiting: list[tuple[float, int, Emergency]] = []
    order, planned = count(), list[PlannedCall]()
    for at_s in _arrivals(profile, random):
        if waiting and waiting[0][0] <= at_s:
            planned.append(callers.call(at_s / squeeze, heappop(waiting)[2], again=True))
            continue
        emergency = demand.draw(misuse=0.06)
        crowd = _crowd(random, callers, emergency, profile.crowded)
        for delay_s in crowd:
            heappush(waiting, (at_s + delay_s, next(order), emergency))
        planned.append(callers.call(at_s / squeeze, emergency, again=False))
    return planned


def _crowd(random: Random, callers: Callers, emergency: Emergency, crowded: float) -> list[float]:
    if emergency.nature is not None and random.random() < crowded:
        return [random.uniform(0, CROWD_WITHIN_S) for _ in range(CROWD - 1)]
    return callers.others(emergency)


def _arrivals(profile: Profile, random: Random) -> Iterator[float]:
    """A Poisson process that follows the profile's rate, by thinning (Lewis and Shedler 1979)."""
    most, now_s = profile.peak_rate(), 0.0
    while True:
        now_s += random.expovariate(most)
        if now_s >= profile.seconds:
            return
        if random.random() * most < profile.rate(now_s / profile.seconds):
            yield now_s
