"""What keeping coverage is worth in seconds: bounded, monotone, and nothing where it is switched off."""

from math import inf

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dispatch.policy.units.recommend import CLOSEST, Preference

CALLS = st.lists(st.floats(0, 1e3), min_size=1, max_size=8)


@given(CALLS, st.floats(1, 300), st.floats(0.1, 60))
def test_more_lost_costs_more_and_never_more_than_the_tolerance(
    lost: list[float], indifferent_s: float, each_s: float
) -> None:
    preference = Preference(indifferent_s=indifferent_s, seconds_per_call=each_s)
    worth = preference.cost_s(np.zeros(len(lost)), np.array(sorted(lost)))
    assert (np.diff(worth) >= 0).all()
    assert (worth <= indifferent_s).all() and (worth <= np.array(sorted(lost)) * each_s + 1e-9).all()


def test_without_a_bound_every_call_counts_alike() -> None:
    worth = Preference(indifferent_s=inf, seconds_per_call=10).cost_s(np.zeros(3), np.array([0.0, 1.0, 20.0]))
    assert worth.tolist() == [0, 10, 200]


def test_closest_is_arrival_alone() -> None:
    eta_s = np.array([100.0, 200.0])
    assert CLOSEST.cost_s(eta_s, np.array([1e3, 0.0])).tolist() == eta_s.tolist()


def test_in_time_is_in_time() -> None:
    eta_s = np.array([100.0, 400.0, 700.0])
    assert Preference(indifferent_s=0, in_time_s=480).cost_s(eta_s, np.zeros(3)).tolist() == [480, 480, 700]
