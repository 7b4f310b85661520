"""The units that a dispatcher is shown besides the chosen; few enough to read."""

from collections.abc import Sequence
from itertools import islice

from dispatch.policy.units.arrival import Arrivals
from dispatch.policy.units.capability_matching import Plan
from dispatch.policy.units.choice import Choice
from dispatch.policy.units.preference import Preference

ABLE = 2
PASSED_OVER = 2
PREEMPTABLE = 3


def shortlist(plan: Plan, arrivals: Arrivals, choice: Choice, *, preference: Preference) -> list[int]:
    """The chosen, the next best, and the soonest that were passed over because they lack the capability; rows."""
    able, free = arrivals.candidates.able(plan), arrivals.free.tolist()
    room = max(ABLE, preference.shown - len(choice.fills) - PASSED_OVER)
    chosen, alternatives, unable = list[int](), list[int](), list[int]()
    without_alternative = set(able.found)
    for row in free:
        if row in choice.fills:
            chosen.append(row)
        elif able.each[row] or not plan.wanted:
            if len(alternatives) < room or not without_alternative.isdisjoint(able.each[row]):
                alternatives.append(row)
            without_alternative.difference_update(able.each[row])
        elif len(unable) < PASSED_OVER:
            unable.append(row)
        if (
            not without_alternative
            and len(chosen) == len(choice.fills)
            and len(alternatives) >= room
            and len(unable) == PASSED_OVER
        ):
            break
    return [*chosen, *_next_best(alternatives, able.each, room), *unable]


def preemptable(plan: Plan, arrivals: Arrivals, choice: Choice, *, preference: Preference) -> list[int]:
    """Units on incidents of lower priority that would fill a place that stays empty, or arrive notably sooner than the
    unit chosen for it; rows."""
    taken = arrivals.taken.tolist()
    if not taken:
        return []
    slowest = _slowest(arrivals, choice)
    slowest |= {shortfall.capability: float("inf") for shortfall in choice.shortfalls}
    able, eta_s = arrivals.candidates.able(plan), arrivals.eta_s
    found = (
        row
        for row in taken
        if any(
            eta_s.item(row) + preference.notably_sooner_s < slowest.get(capability, 0.0)
            for capability in able.each[row]
        )
    )
    return list(islice(found, PREEMPTABLE))


def _next_best(rows: Sequence[int], able: Sequence[tuple[str, ...]], room: int) -> list[int]:
    """`rows`, soonest first: the soonest for each capability before others, so that each has an alternative."""
    for_each: dict[str, int] = {}
    for place, row in enumerate(rows):
        for capability in able[row]:
            for_each.setdefault(capability, place)
    first = sorted(set(for_each.values()))
    more = (place for place in range(len(rows)) if place not in first)
    return [rows[place] for place in sorted([*first, *islice(more, room)][:room])]


def _slowest(arrivals: Arrivals, choice: Choice) -> dict[str, float]:
    """The last arrival of the chosen units for each capability."""
    slowest: dict[str, float] = {}
    for row, capability in choice.fills.items():
        slowest[capability] = max(arrivals.eta_s.item(row), slowest.get(capability, 0.0))
    return slowest
