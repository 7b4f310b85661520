"""Who is chosen among those who could go, and whether one would choose the same if one knew where the caller is."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dispatch.model import UnitId
from dispatch.policy.arrival import Arrivals, Floats
from dispatch.policy.filling import Plan
from dispatch.policy.preference import Preference
from dispatch.policy.recommendation import Certainty, OtherChoice, Shortfall


@dataclass(frozen=True, slots=True)
class Choice:
    """`fills`: each chosen unit and what it is sent for; `first`: who would be chosen by arrival alone."""

    fills: Mapping[UnitId, str]
    first: frozenset[UnitId]
    shortfalls: tuple[Shortfall, ...]
    certainty: Certainty | None


def choose(
    plan: Plan,
    free: Arrivals,
    *,
    coverage_lost: Mapping[UnitId, float],
    preference: Preference,
    with_certainty: bool = True,
) -> Choice:
    ids, lineup = free.ids, free.lineup
    of_sort = [plan.able(sort.capabilities) for sort in lineup.sorts]
    able = [of_sort[sort] for sort in lineup.sort.tolist()]
    helping = np.flatnonzero(lineup.which(lambda sort: bool(plan.able(sort.capabilities))))
    lost = np.array([coverage_lost.get(unit_id, 0.0) for unit_id in ids])[helping]

    def best(eta_s: Floats) -> dict[UnitId, str]:
        order = helping[np.argsort(preference.cost_s(eta_s[helping], lost), kind="stable")].tolist()
        return {ids[unit]: capability for unit, capability in plan.fill(able, order).items()}

    fills = best(free.eta_s)
    shortfalls = tuple(Shortfall(need.capability, need.count) for need in plan.left(fills.values()))
    first = frozenset(ids[unit] for unit in plan.fill(able, helping.tolist()))
    certainty = _certainty(fills, best, free) if fills and with_certainty else None
    return Choice(fills, first, shortfalls, certainty)


def _certainty(chosen: Iterable[UnitId], best: Callable[[Floats], Iterable[UnitId]], free: Arrivals) -> Certainty:
    mass: defaultdict[frozenset[UnitId], float] = defaultdict(float)
    for eta_s, weight in zip(free.at_s.T, free.weight.tolist(), strict=True):
        if weight:
            mass[frozenset(best(eta_s))] += weight
    same = mass.pop(frozenset(chosen), 0.0)
    others = (OtherChoice(tuple(sorted(units)), round(share, 4)) for units, share in mass.items())
    ranked = sorted(others, key=lambda other: (-other.probability, other.unit_ids))
    return Certainty(int(np.count_nonzero(free.weight)), round(same, 4), tuple(ranked))
