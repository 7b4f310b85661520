"""Which candidates are chosen, and whether the choice would be the same if the caller's place were known."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dispatch.model import UnitId
from dispatch.policy.units.arrival import Arrivals
from dispatch.policy.units.capability_matching import Plan
from dispatch.policy.units.preference import Preference
from dispatch.policy.units.recommendation import Certainty, OtherChoice, Shortfall
from dispatch.policy.units.unit_table import Floats


@dataclass(frozen=True, slots=True)
class Choice:
    """Rows of `Candidates`. `fills`: each chosen unit and its capability; `first`: the choice by arrival alone."""

    fills: Mapping[int, str]
    first: frozenset[int]
    shortfalls: tuple[Shortfall, ...]
    certainty: Certainty | None


def choose(plan: Plan, arrivals: Arrivals, *, preference: Preference, with_certainty: bool = True) -> Choice:
    candidates = arrivals.candidates
    able, free = candidates.able(plan), arrivals.free
    helping = free[able.helps[free]]
    lost = candidates.lost[helping]

    def best(eta_s: Floats) -> dict[int, str]:
        order = helping[np.argsort(preference.cost_s(eta_s[helping], lost), kind="stable")]
        return plan.fill(able.each, order.tolist())

    fills = best(arrivals.eta_s)
    shortfalls = tuple(Shortfall(need.capability, need.count) for need in plan.left(fills.values()))
    first = frozenset(plan.fill(able.each, helping.tolist()))
    certainty = _certainty(fills, best, arrivals) if fills and with_certainty else None
    return Choice(fills, first, shortfalls, certainty)


def _certainty(chosen: Iterable[int], best: Callable[[Floats], Iterable[int]], arrivals: Arrivals) -> Certainty:
    mass: defaultdict[frozenset[int], float] = defaultdict(float)
    for eta_s, weight in zip(arrivals.at_s.T, arrivals.weight.tolist(), strict=True):
        if weight:
            mass[frozenset(best(eta_s))] += weight
    same = mass.pop(frozenset(chosen), 0.0)
    ids: Callable[[int], UnitId] = arrivals.candidates.ids.__getitem__
    others = (OtherChoice(tuple(sorted(map(ids, rows))), round(share, 4)) for rows, share in mass.items())
    ranked = sorted(others, key=lambda other: (-other.probability, other.unit_ids))
    return Certainty(int(np.count_nonzero(arrivals.weight)), round(same, 4), tuple(ranked))
