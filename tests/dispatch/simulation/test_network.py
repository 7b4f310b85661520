from itertools import pairwise
from random import Random

from dispatch.simulation.network import BETWEEN_S, Network


def lived(seed: int, seconds: int) -> list[bool]:
    network = Network(Random(seed), 0.0)
    return [network.at(second) for second in range(seconds)]


def test_it_fails_now_and_then_and_not_for_long() -> None:
    lives = [lived(seed, 20_000) for seed in range(60)]
    failures = sum(a and not b for life in lives for a, b in pairwise(life))
    expected = 60 * 20_000 / BETWEEN_S
    assert 0.7 * expected < failures < 1.3 * expected
    down_s = sum(not up for life in lives for up in life)
    assert 60 < down_s / failures < 300


def test_however_seldom_it_is_asked() -> None:
    seldom, often = Network(Random(5), 0.0), lived(5, 40_000)
    assert [seldom.at(second) for second in range(0, 40_000, 997)] == often[::997]
