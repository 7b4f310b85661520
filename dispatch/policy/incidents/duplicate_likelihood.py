"""What a city says of further calls about one emergency, as tables by the number of a nature, so that it is asked of
many incidents at once."""

from math import log1p

import numpy as np

from dispatch.model.city import City, Service
from dispatch.policy.units.unit_table import Floats

# Shares of natures are the city's; no place and hour has less than this of any.
LEAST_SHARE = 0.01
# What a further caller names: the same nature; another of its families; the rest is anything at all.
SAID_THE_SAME, SAID_A_RELATIVE, SAID_ANYTHING = 0.65, 0.3, 0.002

# The last rows of every table: a nature that the catalogue no longer has, and none.
OTHER, NONE = -2, -1
_USUAL = Service("", "", "", 0.0)
_RAYLEIGH_95 = -2 * log1p(-0.95)


class DuplicateModel:
    """For each of n natures, and then for OTHER and NONE, all (n + 2,): `half_life_s`, half of the further calls come
    within it; `further_calls`; `seen_variance`, of both callers' distances to what they see; `share` of all incidents,
    1 for NONE. `said` (n + 2, n + 2): the probability that a further caller names the nature of the row where that of
    the column is known; one who names none says nothing for or against."""

    def __init__(self, city: City) -> None:
        codes = [nature.code for nature in city.natures]
        self._numbers = {code: number for number, code in enumerate(codes)}
        services = [*(city.service(nature.service) for nature in city.natures), _USUAL, _USUAL]
        self.half_life_s = np.array([service.half_life_s for service in services])
        self.further_calls = np.array([service.further_calls for service in services])
        self.seen_variance = np.array([2 * variance(service.seen_from_m) for service in services])
        self.widest_seen_variance = max(2 * variance(service.seen_from_m) for service in (_USUAL, *city.services))
        shares = [max(city.nature_shares.get(code, 0.0), LEAST_SHARE) for code in codes]
        self.share = np.array([*shares, LEAST_SHARE, 1.0])
        self.said = self._said(city, codes)

    def number(self, nature: str | None) -> int:
        return NONE if nature is None else self._numbers.get(nature, OTHER)

    def _said(self, city: City, codes: list[str]) -> Floats:
        said = np.repeat((SAID_ANYTHING * self.share)[:, None], len(self.share), axis=1)
        for known, code in enumerate(codes):
            relatives = [self._numbers[relative] for relative in city.relatives[code]]
            if relatives:
                said[relatives, known] = SAID_A_RELATIVE * self.share[relatives] / self.share[relatives].sum()
        np.fill_diagonal(said, SAID_THE_SAME)
        said[:, NONE] = self.share
        said[NONE] = 1.0
        return said


def variance(radius_m: float) -> float:
    """Along one axis, of a circle that holds 95 % (Rayleigh)."""
    return radius_m**2 / _RAYLEIGH_95
