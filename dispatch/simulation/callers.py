"""Who calls about an emergency, by which channel, with which words and fixes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from dispatch.model.city import City
from dispatch.simulation.demand import Demand, Emergency
from dispatch.simulation.fixes import PlannedFix, Positioning
from dispatch.simulation.words import Words
from geo import Projection

CHANNELS = {"voice": 0.74, "app": 0.14, "sms": 0.06, "chat": 0.04, "web": 0.02}
# What a phone knows at first, by channel: how often which sources occur together. "" is no fix.
SOURCES: dict[str, dict[str, float]] = {
    "voice": {"gnss": 40, "wifi": 16, "cell": 22, "gnss cell": 6, "wifi cell": 4, "address": 5, "": 7},
    "app": {"gnss": 70, "wifi": 18, "gnss wifi": 10, "": 2},
    "sms": {"cell": 55, "gnss": 20, "": 25},
    "chat": {"gnss": 50, "wifi": 30, "": 20},
    "web": {"wifi": 60, "address": 25, "": 15},
}
LATER_FIX = 0.6
"""Probability that a call that began with a cell or nothing gets a better fix a little later."""
MORE_CALLERS = {1: 0.45, 2: 0.2, 3: 0.12}
"""By priority, the probability of one more caller, and of yet another after that."""
MOST_CALLERS = 8
CALLER_SPREAD_M = 35.0
# An obviously invented range, so that no real subscriber is named. 7,919 and 100,000 are coprime, so numbers repeat
# late.
NUMBERS, NUMBER_STEP = 100_000, 7_919


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call, `at_s` after the start. `later` are fixes that follow, each so many seconds after the call."""

    at_s: float
    emergency: Emergency
    channel: str
    number: str
    name: str | None
    nature: str | None
    text: str
    fixes: tuple[PlannedFix, ...]
    later: tuple[tuple[float, PlannedFix], ...]

    def body(self, id: UUID, now: datetime) -> dict[str, Any]:
        """The body for `POST /v1/calls`."""
        return {
            "id": str(id),
            "channel": self.channel,
            "caller": {"number": self.number, "name": self.name},
            "nature": self.nature,
            "text": self.text,
            "fixes": [fix.body(now) for fix in self.fixes],
        }


def plan_calls(city: City, *, seed: int, arrivals: Iterable[float], misuse: float) -> Iterator[PlannedCall]:
    """A call for each arrival (seconds after the start), some about an emergency already reported.

    The same seed and arrivals give the same calls."""
    random = Random(seed)
    demand = Demand(city, random)
    callers = Callers(city, random)
    waiting: list[tuple[float, int, Emergency]] = []
    order = count()
    for at_s in arrivals:
        if waiting and waiting[0][0] <= at_s:
            yield callers.call(at_s, heappop(waiting)[2], again=True)
            continue
        emergency = demand.draw(misuse=misuse)
        for delay_s in callers.others(emergency):
            heappush(waiting, (at_s + delay_s, next(order), emergency))
        yield callers.call(at_s, emergency, again=False)


class Callers:
    def __init__(self, city: City, random: Random) -> None:
        self._random = random
        self._words = Words.load()
        self._projection = Projection(city.crs)
        self._positioning = Positioning(self._projection, random)
        self._next_number = random.randrange(NUMBERS)

    def others(self, emergency: Emergency) -> list[float]:
        """Delays in seconds of further calls about the same emergency."""
        delays: list[float] = []
        more = MORE_CALLERS.get(emergency.nature.priority, 0.05) if emergency.nature else 0.0
        while len(delays) < MOST_CALLERS and self._random.random() < more:
            delays.append(self._random.uniform(5, 120))
        return delays

    def call(self, at_s: float, emergency: Emergency, *, again: bool) -> PlannedCall:
        random, nature = self._random, emergency.nature
        channel = "voice" if nature is None else random.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        lat, lon = self._beside(emergency) if again else (emergency.lat, emergency.lon)
        fixes, later = self._fixes(channel, lat, lon)
        # In messages the citizen gives no nature; on the phone the call-taker chooses one.
        named = nature is not None and (channel not in {"sms", "chat"} or random.random() < 0.3)
        return PlannedCall(
            at_s=at_s,
            emergency=emergency,
            channel=channel,
            number=self._number(),
            name=None if nature is None else self._words.name(random),
            nature=nature.code if nature is not None and named else None,
            text=self._words.call(random, nature, emergency.place, again=again)
            if nature is not None
            else self._words.silence(random),
            fixes=fixes,
            later=later,
        )

    def _fixes(
        self, channel: str, lat: float, lon: float
    ) -> tuple[tuple[PlannedFix, ...], tuple[tuple[float, PlannedFix], ...]]:
        random = self._random
        mix = SOURCES[channel]
        sources = random.choices(list(mix), list(mix.values()))[0].split()
        fixes = tuple(self._positioning.fix(source, lat, lon) for source in sources)
        if set(sources) & {"gnss", "wifi", "address"} or random.random() > LATER_FIX:
            return fixes, ()
        better = self._positioning.fix(random.choice(("gnss", "gnss", "wifi")), lat, lon)
        return fixes, ((random.uniform(4, 25), better),)

    def _beside(self, emergency: Emergency) -> tuple[float, float]:
        """The place of another witness."""
        x, y = self._projection.forward(emergency.lat, emergency.lon)
        east, north = self._random.gauss(0, CALLER_SPREAD_M), self._random.gauss(0, CALLER_SPREAD_M)
        return self._projection.inverse(x + east, y + north)

    def _number(self) -> str:
        self._next_number = (self._next_number + NUMBER_STEP) % NUMBERS
        return f"+5939900{self._next_number:05d}"
