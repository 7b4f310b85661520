"""The weights of a policy: all in which one policy differs from another."""

from dataclasses import dataclass
from math import isinf

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Preference:
    """`seconds_per_call`: what keeping one urgent call a day in reach is worth, in seconds of arrival; but at most
    `indifferent_s` in total, so that no unit is sent that arrives later than that after the first. 0: always the first
    to arrive. `in_time_s`: arrivals sooner than that are equally good (as in DMEXCLP, Jagtenberg, Bhulai and van der
    Mei 2017, EJOR 258); None: sooner is always better.

    `notably_sooner_s`: how much sooner a unit on an incident of lower priority must be there to be shown.
    `shift_ends_s`: a crew with less of its shift left gets a note. `small_m`: a location with a smaller radius counts
    as a point. `shown`: maximum number of units besides the chosen."""

    indifferent_s: float = 45.0
    seconds_per_call: float = 10.0
    in_time_s: float | None = None
    notably_sooner_s: float = 60.0
    shift_ends_s: float = 1_800.0
    small_m: float = 30.0
    shown: int = 8

    def cost_s(self, eta_s: Floats, lost: Floats) -> Floats:
        """The value that the choice minimises: arrival (...) seconds and the worth of the coverage `lost`, urgent calls
        a day. The first call a day weighs all of `seconds_per_call`, further ones less, up to the bound."""
        counted = eta_s if self.in_time_s is None else np.maximum(eta_s, self.in_time_s)
        if self.indifferent_s <= 0 or self.seconds_per_call <= 0:
            return counted
        worth = lost * self.seconds_per_call
        if isinf(self.indifferent_s):
            return counted + worth
        return counted + self.indifferent_s * -np.expm1(-worth / self.indifferent_s)


BALANCED = Preference()
CLOSEST = Preference(indifferent_s=0)
