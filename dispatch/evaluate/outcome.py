"""The result of one day under one policy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.evaluate.calls import Day
from dispatch.policy.units.coverage import Bools, Floats


@dataclass(frozen=True, eq=False)
class Outcome:
    """Of n calls, all (n,): `response_s` from the call to the first useful unit, nan if none came; `priority`;
    `medical`. `busy` is the mean share of the day that units of each family worked, by the family's name; `km` of the
    whole fleet; `moves` other than returning home; `sent` units."""

    policy: str
    day: int
    response_s: Floats
    priority: NDArray[np.int64]
    medical: Bools
    busy: dict[str, float]
    km: float
    moves: int
    moves_by_family: dict[str, int]
    sent: int

    def late(self, priority: int, target_s: float, only: Bools | None = None) -> float:
        """Share of the calls of this priority that were not reached by then."""
        those = self.priority == priority if only is None else (self.priority == priority) & only
        if not those.any():
            return float("nan")
        return float(np.mean(~(self.response_s[those] <= target_s)))


def priorities_of(day: Day) -> NDArray[np.int64]:
    return np.array([call.nature.priority for call in day.calls], np.int64)


def medical_of(day: Day) -> Bools:
    return np.array([call.nature.service == "health" for call in day.calls], np.bool_)
