"""Load profiles: rate of calls, number of screens and moving units."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp
from typing import Self

from dispatch.simulation.demand import HOURS

Rate = Callable[[float], float]
"""Calls a second at a part (0-1) of the run."""

# Sismo de Pedernales, 16 April 2016: 17,888 cases in the ECU 911 in two days; here they come within one hour.
EARTHQUAKE_CASES = 17_888
EARTHQUAKE_HOUR_S = 3_600.0
CALLS_PER_CASE = 2.5
"""Assumed: cases in the worst cells cause forty calls, most others one."""


@dataclass(frozen=True, slots=True)
class Profile:
    """`crowded` (0-1): share of cells, the worst, in which forty people call about each emergency; `moving_hz`:
    positions of a unit a second; `squeeze`: factor by which time is compressed, with as many calls; `close_after_s`: an
    incident is closed so long after its first call, None never."""

    name: str
    about: str
    rate: Rate
    seconds: float
    screens: int
    units: int = 162
    moving_hz: float = 0.2
    crowded: float = 0.0
    squeeze: float = 1.0
    close_after_s: float | None = None

    def calls(self) -> float:
        """The expected number: the rate's mean, by a thousand steps."""
        return sum(self.rate((step + 0.5) / 1_000) for step in range(1_000)) / 1_000 * self.seconds

    def peak_rate(self) -> float:
        return max(self.rate(step / 1_000) for step in range(1_001))

    def lasting(self, seconds: float) -> Self:
        """With another duration, at the same rates."""
        return replace(self, seconds=seconds)


def steady(rate: float) -> Rate:
    return lambda _: rate


def _day(part: float) -> float:
    """2,000 calls over the hours of a day."""
    return 2_000 / 86_400 * HOURS[min(23, int(part * 24))]


def _earthquake(part: float) -> float:
    """The whole hour: most calls in its first quarter (falls by e every 15 minutes; assumed)."""
    decay = 4.0
    mean = EARTHQUAKE_CASES * CALLS_PER_CASE / EARTHQUAKE_HOUR_S
    return mean * decay * exp(-decay * part) / (1 - exp(-decay))


def profiles() -> dict[str, Profile]:
    return {
        p.name: p
        for p in (
            Profile("day", "2,000 calls by the hours of a day, in two minutes", _day, 86_400, screens=10, squeeze=720),
            Profile("peak", "200 calls a second, 200 screens", steady(200), 60, screens=200),
            Profile("flood", "2,000 calls a second, 10 screens", steady(2_000), 60, screens=10),
            Profile("earthquake", "the calls of 17,888 cases in an hour", _earthquake, 3_600, screens=50, crowded=0.04),
            Profile("screens", "5,000 screens", steady(2), 30, screens=5_000, moving_hz=0.02),
            Profile("fleet", "20,000 units that send a position once a second", steady(5), 30, 10, 20_000, 1.0),
            Profile(
                "hour",
                "10 calls a second, incidents closed after a minute, 100 screens",
                steady(10),
                3_600,
                screens=100,
                close_after_s=60,
            ),
        )
    }
