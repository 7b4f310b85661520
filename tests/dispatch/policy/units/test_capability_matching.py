"""As many places as can be filled, in the least time: against trying everything, and against another algorithm."""

from itertools import combinations, permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from dispatch.model.city import Need
from dispatch.policy.incidents.response_plan import still_needed
from dispatch.policy.units.capability_matching import Plan

SKILLS = ("a", "b", "c", "d")
UNITS = st.lists(st.lists(st.sampled_from(SKILLS), unique=True).map(tuple), max_size=7)
NEEDS = st.lists(
    st.builds(Need, st.sampled_from(SKILLS), st.integers(1, 2)), max_size=3, unique_by=lambda n: n.capability
)
SECONDS = st.lists(st.integers(0, 20), min_size=7, max_size=7)


def filled(needs: list[Need], units: list[tuple[str, ...]], seconds: list[int]) -> dict[int, str]:
    plan = Plan(tuple(needs))
    order = sorted(range(len(units)), key=lambda unit: seconds[unit])
    return plan.fill([plan.able(unit) for unit in units], order)


def can_be_placed(units: tuple[tuple[str, ...], ...], places: tuple[str, ...]) -> bool:
    return any(
        all(place in unit for unit, place in zip(units, seats, strict=True))
        for seats in permutations(places, len(units))
    )


@given(NEEDS, UNITS, SECONDS)
def test_nobody_finds_a_better_set_by_trying_all(
    needs: list[Need], units: list[tuple[str, ...]], seconds: list[int]
) -> None:
    found = filled(needs, units, seconds)
    places = Plan(tuple(needs)).places
    assert all(capability in units[unit] for unit, capability in found.items())
    assert all(list(found.values()).count(need.capability) <= need.count for need in needs)
    most = max(
        size
        for size in range(min(len(units), len(places)) + 1)
        if any(can_be_placed(some, places) for some in combinations(units, size))
    )
    assert len(found) == most
    mine = sorted(seconds[unit] for unit in found)
    for some in combinations(range(len(units)), most):
        if can_be_placed(tuple(units[unit] for unit in some), places):
            theirs = sorted(seconds[unit] for unit in some)
            # Not only in sum: the first, the second and so on are each as soon as any set has them.
            assert all(one <= other for one, other in zip(mine, theirs, strict=True))


@given(NEEDS, st.lists(st.lists(st.sampled_from(SKILLS), unique=True).map(tuple), max_size=40), st.randoms())
def test_the_hungarian_way_takes_as_long(needs: list[Need], units: list[tuple[str, ...]], random: object) -> None:
    seconds = [random.randrange(1000) for _ in units]  # type: ignore[attr-defined]
    places = Plan(tuple(needs)).places
    found = filled(needs, units, seconds)
    nobody = 1e6
    cost = np.array([[s if p in unit else 2 * nobody for unit, s in zip(units, seconds, strict=True)] for p in places])
    cost = np.hstack([cost.reshape(len(places), len(units)), np.full((len(places), len(places)), nobody)])
    rows, columns = linear_sum_assignment(cost)
    total = float(cost[rows, columns].sum())
    assert sum(seconds[unit] for unit in found) + nobody * (len(places) - len(found)) == total


@given(NEEDS, UNITS)
def test_what_was_sent_counts_where_it_helps_most(needs: list[Need], units: list[tuple[str, ...]]) -> None:
    left = still_needed(tuple(needs), units)
    seen_to = sum(n.count for n in needs) - sum(n.count for n in left)
    assert seen_to == len(filled(needs, units, [0] * 7))
    assert all(need.count > 0 for need in left)


def test_an_ambulance_of_both_kinds_counts_for_the_rarer_need() -> None:
    needs = (Need("bls", 1), Need("als", 1))
    assert still_needed(needs, [("als", "bls"), ("bls",)]) == ()
    assert still_needed(needs, [("bls",)]) == (Need("als", 1),)
    assert still_needed(needs, [("als", "bls"), ("als", "bls"), ("bls",)]) == ()
