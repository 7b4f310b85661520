"""Which units a dispatcher is shown beside the chosen: too many are as bad as too few."""

from collections.abc import Mapping, Sequence
from itertools import islice

from dispatch.model import UnitId
from dispatch.policy.arrival import Arrivals
from dispatch.policy.choice import Choice
from dispatch.policy.filling import Plan
from dispatch.policy.preference import Preference

ABLE = 2
PASSED_OVER = 2
TAKEABLE = 3


def shown(plan: Plan, free: Arrivals, choice: Choice, *, preference: Preference) -> list[int]:
    """Rows of `free`: the chosen, the next best, and the soonest that were passed over because they can't help."""
    of_sort = [plan.able(sort.capabilities) for sort in free.lineup.sorts]
    able = [of_sort[sort] for sort in free.lineup.sort.tolist()]
    chosen = [row for row, unit_id in enumerate(free.ids) if unit_id in choice.fills]
    others = [row for row, unit_id in enumerate(free.ids) if unit_id not in choice.fills]
    helping = [row for row in others if able[row] or not plan.wanted]
    room = max(ABLE, preference.shown - len(chosen) - PASSED_OVER)
    unable = (row for row in others if plan.wanted and not able[row])
    return [*chosen, *_next_best(helping, able, room), *islice(unable, PASSED_OVER)]


def takeable(plan: Plan, taken: Arrivals, free: Arrivals, choice: Choice, *, preference: Preference) -> list[int]:
    """Rows of `taken`, units on lesser incidents, that would fill what nobody fills, or be there notably sooner than
    who is chosen for it."""
    slowest = _slowest(free, choice.fills)
    slowest |= {shortfall.capability: float("inf") for shortfall in choice.shortfalls}
    found = (
        row
        for row, (unit, eta_s) in enumerate(zip(taken.lineup.units, taken.eta_s.tolist(), strict=True))
        if any(
            eta_s + preference.notably_sooner_s < slowest.get(capability, 0.0)
            for capability in plan.able(unit.capabilities)
        )
    )
    return list(islice(found, TAKEABLE))


def _next_best(rows: list[int], able: Sequence[tuple[str, ...]], room: int) -> list[int]:
    """The soonest for each capability first, so that none is without an alternative; then whoever is sooner."""
    for_each: dict[str, int] = {}
    for row in rows:
        for capability in able[row]:
            for_each.setdefault(capability, row)
    first = sorted(set(for_each.values()))
    more = (row for row in rows if row not in first)
    return sorted([*first, *islice(more, room)][:room])


def _slowest(free: Arrivals, fills: Mapping[UnitId, str]) -> dict[str, float]:
    """The last arrival for each capability among the chosen: rows come soonest first."""
    arrived = zip(free.ids, free.eta_s.tolist(), strict=True)
    return {fills[unit_id]: eta_s for unit_id, eta_s in arrived if unit_id in fills}
