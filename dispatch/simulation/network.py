"""A crew's data connection, which fails occasionally: behind a ridge, in a ravine, with an empty battery."""

from math import log
from random import Random

# Assumptions: an hour or two between failures, most of which last some minutes.
BETWEEN_S = 2 * 3600.0
MEDIAN_S, SPREAD = 100.0, 0.9


class Network:
    """Times are seconds of one clock that the caller chooses and that never goes back."""

    def __init__(self, random: Random, now_s: float) -> None:
        self._random = random
        self.is_up = True
        self._until_s = now_s + random.expovariate(1 / BETWEEN_S)

    def at(self, now_s: float) -> bool:
        """Whether it works at this moment."""
        while now_s >= self._until_s:
            self.is_up = not self.is_up
            up_s = self._random.expovariate(1 / BETWEEN_S)
            self._until_s += up_s if self.is_up else self._random.lognormvariate(log(MEDIAN_S), SPREAD)
        return self.is_up
