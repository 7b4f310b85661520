"""A day's emergencies with all random values, drawn once and used for every policy.

Common random numbers: the noise of a trip belongs to the call and the unit that might drive it, not to the order in
which a policy asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from random import Random

import numpy as np

from dispatch.evaluate.demand import Demand, by_the_hour
from dispatch.evaluate.places import Places
from dispatch.model.city import City, Nature
from dispatch.policy.units.coverage import Floats

DAY_S = 86_400.0
# The quietest hour: starting with all units available is least wrong then.
FIRST_HOUR = 4
A_DAY = datetime(2026, 1, 12, tzinfo=UTC)

# Assumptions, all printed in the report. Minutes at the scene by service (median of a lognormal), at the hospital.
SCENE_MIN = {"citizen_security": 15, "traffic": 25, "health": 18, "municipal": 35, "fire_rescue": 40}
OTHER_SCENE_MIN = 45
HANDOVER_MIN = 20
SCENE_SPREAD = 0.45
TRANSPORTED = 0.65
PROCESS_S, PROCESS_SPREAD = 45.0, 0.5
TRAVEL_SPREAD = 0.2
TURNOUT_LEAST, TURNOUT_MOST = 0.6, 1.4


@dataclass(frozen=True, slots=True)
class Call:
    """`at_s` after the start of the day; `process_s` until a unit is sent; then the durations of the work."""

    number: int
    at_s: float
    nature: Nature
    place: int
    process_s: float
    scene_s: float
    transports: bool
    handover_s: float


@dataclass(frozen=True, eq=False)
class Day:
    """`drive` and `turnout` (calls, units): factor on the expected time if that unit goes to that call; `transport`
    (calls,) for the trip to the hospital."""

    number: int
    start: datetime
    calls: tuple[Call, ...]
    drive: Floats
    turnout: Floats
    transport: Floats

    def when(self, now_s: float) -> datetime:
        return self.start + timedelta(seconds=now_s)


def day_of(city: City, places: Places, *, per_day: float, seed: int, number: int) -> Day:
    """The `number`th day of this `seed`. It doesn't depend on which other days are drawn."""
    start = A_DAY.replace(tzinfo=city.zone, hour=FIRST_HOUR).astimezone(UTC)
    random = Random(f"{seed} {number} {per_day}")  # noqa: S311
    arrivals = by_the_hour(random, rate=per_day / DAY_S, start=start, timezone=city.timezone)
    demand = Demand(city, random)
    calls = [
        _call(i, at_s, demand, places, random) for i, at_s in enumerate(takewhile(lambda at_s: at_s < DAY_S, arrivals))
    ]
    chance = np.random.default_rng([seed, number])
    shape = (len(calls), len(city.fleet))
    return Day(
        number,
        start,
        tuple(calls),
        drive=_around_one(chance, TRAVEL_SPREAD, shape),
        turnout=chance.uniform(TURNOUT_LEAST, TURNOUT_MOST, shape),
        transport=_around_one(chance, TRAVEL_SPREAD, shape[:1]),
    )


def _call(number: int, at_s: float, demand: Demand, places: Places, random: Random) -> Call:
    nature = demand.nature()
    lat, lon, _ = demand.place(nature)
    scene_min = SCENE_MIN.get(nature.service, OTHER_SCENE_MIN)
    return Call(
        number,
        at_s,
        nature,
        places.at(lat, lon),
        process_s=PROCESS_S * random.lognormvariate(0, PROCESS_SPREAD),
        scene_s=scene_min * 60 * random.lognormvariate(0, SCENE_SPREAD),
        transports=random.random() < TRANSPORTED,
        handover_s=HANDOVER_MIN * 60 * random.lognormvariate(0, SCENE_SPREAD),
    )


def _around_one(chance: np.random.Generator, spread: float, shape: Sequence[int]) -> Floats:
    """Lognormal with mean 1."""
    return chance.lognormal(-(spread**2) / 2, spread, shape)
