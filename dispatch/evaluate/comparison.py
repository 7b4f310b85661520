"""Compares two policies on the same days: the difference and its confidence interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.evaluate.outcome import Outcome
from dispatch.policy.units.coverage import Floats

RESAMPLES = 10_000
SEED = 20_170_401


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % confidence interval."""

    value: float
    low: float
    high: float

    @property
    def above_zero(self) -> bool:
        return self.low > 0


@dataclass(frozen=True, eq=False)
class Tally:
    """By day, (d,): the number of calls, and of late ones."""

    late: Floats
    all: Floats


def tally(outcomes: Sequence[Outcome], *, target_s: float, priority: int = 1, medical: bool | None = None) -> Tally:
    """`medical` True or False: only medical calls, or only others."""
    chosen = [_chosen(outcome, priority, medical) for outcome in outcomes]
    late = [np.count_nonzero(~(o.response_s[c] <= target_s)) for o, c in zip(outcomes, chosen, strict=True)]
    return Tally(np.array(late, np.float64), np.array([c.sum() for c in chosen], np.float64))


def share(found: Tally) -> Estimate:
    """Share of late calls over all days; the interval by resampling days."""
    return _estimate(found.late, found.all)


def fewer(policy: Tally, base: Tally) -> Estimate:
    """The share of the base's late arrivals that the policy avoids, on the same days; resampled in pairs."""
    return _estimate(base.late - policy.late, base.late)


def _estimate(part: Floats, whole: Floats) -> Estimate:
    """Ratio of the sums, with the bootstrap's percentiles over days (Efron 1979)."""
    if not whole.sum():
        return Estimate(0.0, 0.0, 0.0)
    days = len(part)
    picks = np.random.default_rng(SEED).integers(days, size=(RESAMPLES, days))
    wholes = whole[picks].sum(axis=1)
    ratios = part[picks].sum(axis=1)[wholes > 0] / wholes[wholes > 0]
    low, high = np.percentile(ratios, [2.5, 97.5]).tolist()
    return Estimate(float(part.sum() / whole.sum()), low, high)


def _chosen(outcome: Outcome, priority: int, medical: bool | None) -> NDArray[np.bool_]:
    chosen: NDArray[np.bool_] = outcome.priority == priority
    return chosen if medical is None else chosen & (outcome.medical == medical)
