"""Differences between policies, and how sure one may be of them."""

import numpy as np
import pytest

from dispatch.evaluate.comparison import Tally, fewer, share, tally
from dispatch.evaluate.outcome import Outcome


def outcome(day: int, response_s: list[float], priority: list[int], medical: list[bool]) -> Outcome:
    return Outcome("x", day, np.array(response_s), np.array(priority), np.array(medical), {}, 0.0, 0, {}, 0)


def test_late_is_after_the_target_or_never() -> None:
    day = outcome(0, [700, 720, 721, float("nan"), 5_000], [1, 1, 1, 1, 2], [True, False, True, False, True])
    counted = tally([day, day], target_s=720)
    assert counted.late.tolist() == [2, 2] and counted.all.tolist() == [4, 4]
    assert tally([day], target_s=720, medical=True).late.tolist() == [1]
    assert tally([day], target_s=720, priority=2).late.tolist() == [1]
    assert day.late(1, 720) == pytest.approx(0.5)


def test_the_interval_holds_the_truth_nineteen_times_of_twenty() -> None:
    random = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        all_ = random.poisson(60, 40).astype(float)
        base = random.binomial(all_.astype(int), 0.30).astype(float)
        better = random.binomial(all_.astype(int), 0.24).astype(float)
        found = fewer(Tally(better, all_), Tally(base, all_))
        held += found.low <= 0.20 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_no_difference_touches_zero_and_a_sure_one_does_not() -> None:
    all_ = np.full(30, 50.0)
    base = np.tile([10.0, 20.0], 15)
    same, better = fewer(Tally(base, all_), Tally(base, all_)), fewer(Tally(base / 2, all_), Tally(base, all_))
    assert same.value == 0 and not same.above_zero
    assert better.value == 0.5 and better.above_zero
    assert share(Tally(base, all_)).value == pytest.approx(0.3)


def test_nothing_late_at_all_is_no_difference() -> None:
    none = Tally(np.zeros(5), np.full(5, 10.0))
    assert fewer(none, none).value == 0 and not fewer(none, none).above_zero
