"""What is doubted, and what is not: by itself, after the last believed one, and against a track of its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.model import UnitId, UnitPosition
from dispatch.model.doubt import Doubt
from dispatch.policy.units.position_doubt import AGREEING, Rival, after_rival, believable_in, doubt_of, reachable
from geo import destination, distance_m

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
QUITO = (-78.948, -0.591, -78.170, 0.256)
RULES = believable_in(QUITO)
HERE = UnitPosition(UnitId("A1"), -0.2201, -78.5123, NOW, accuracy_m=10)
LATS, LONS = st.floats(-0.59, 0.25), st.floats(-78.94, -78.18)
ACCURACIES = st.none() | st.floats(0, 2_000)
FASTEST = 250 / 3.6


def after(before: UnitPosition, seconds: float, metres: float, bearing: float = 70.0) -> UnitPosition:
    lat, lon = destination(before.lat, before.lon, bearing, metres)
    return replace(before, lat=lat, lon=lon, at=before.at + timedelta(seconds=seconds))


def doubt(position: UnitPosition, before: UnitPosition | None = None) -> Doubt | None:
    return doubt_of(position, before, RULES, now=NOW)


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        (0.0, 0.0, Doubt.NULL_ISLAND),
        (0.004, -0.003, Doubt.NULL_ISLAND),
        (0.0, -78.45, None),  # the equator monument
        (-0.95, -80.90, Doubt.OUTSIDE),  # off Manta
        (0.5, -80.5, Doubt.OUTSIDE),  # the Pacific where it is nearest
        (-2.19, -79.89, Doubt.OUTSIDE),  # Guayaquil
        (-0.93, -78.61, None),  # Latacunga: a transfer beyond the district
        (nan, -78.5, Doubt.OUTSIDE),
        (-0.2, nan, Doubt.OUTSIDE),
    ],
)
def test_a_place(lat: float, lon: float, expected: Doubt | None) -> None:
    assert doubt(replace(HERE, lat=lat, lon=lon)) is expected


@pytest.mark.parametrize(
    ("accuracy_m", "expected"),
    [(None, None), (0.0, None), (2_000.0, None), (2_001.0, Doubt.INACCURATE), (nan, Doubt.INACCURATE)],
)
def test_an_accuracy(accuracy_m: float | None, expected: Doubt | None) -> None:
    assert doubt(replace(HERE, accuracy_m=accuracy_m)) is expected


@pytest.mark.parametrize(("ahead_s", "expected"), [(30, None), (31, Doubt.FUTURE), (86_400 * 400, Doubt.FUTURE)])
def test_a_clock(ahead_s: float, expected: Doubt | None) -> None:
    assert doubt(replace(HERE, at=NOW + timedelta(seconds=ahead_s))) is expected


def test_the_same_again_and_what_comes_late() -> None:
    assert doubt(HERE, HERE) is Doubt.DUPLICATE
    assert doubt(replace(HERE, lat=-0.3), HERE) is Doubt.OUT_OF_ORDER
    assert doubt(after(HERE, -1, 5), HERE) is Doubt.OUT_OF_ORDER


@given(LATS, LONS, ACCURACIES, ACCURACIES, st.floats(0.5, 7_200), st.floats(0, 1), st.floats(0, 360))
def test_who_keeps_to_the_limit_is_never_doubted(
    lat: float, lon: float, first: float | None, second: float | None, seconds: float, share: float, bearing: float
) -> None:
    """Against the ellipsoid: our plane must not make anybody faster than he is."""
    before = replace(HERE, lat=lat, lon=lon, accuracy_m=first, at=NOW - timedelta(days=1))
    position = replace(after(before, seconds, share * FASTEST * seconds, bearing), accuracy_m=second)
    elapsed = (position.at - before.at).total_seconds()
    assume(distance_m(lat, lon, position.lat, position.lon) <= FASTEST * elapsed)
    assert reachable(before, position, RULES)


@given(LATS, LONS, st.floats(0, 500), st.floats(0.5, 600), st.floats(0, 360))
def test_who_is_plainly_too_fast_is_doubted(lat: float, lon: float, acc: float, seconds: float, bearing: float) -> None:
    before = replace(HERE, lat=lat, lon=lon, accuracy_m=acc, at=NOW - timedelta(days=1))
    too_far = 1.01 * (FASTEST * seconds + 4 * acc) + 10
    assert not reachable(before, after(before, seconds, too_far, bearing), RULES)


def test_both_accuracies_are_allowed_for() -> None:
    jump = after(HERE, 1, 500)
    assert doubt(jump, HERE) is Doubt.FUTURE or not reachable(HERE, jump, RULES)
    assert reachable(HERE, replace(jump, accuracy_m=300), RULES)
    assert reachable(replace(HERE, accuracy_m=300), jump, RULES)


def test_what_flies_may_be_faster() -> None:
    flight = after(HERE, 60, 360 / 3.6 * 60)
    assert reachable(HERE, flight, RULES, flies=True) and not reachable(HERE, flight, RULES)


def test_a_track_that_agrees_with_itself_wins_and_a_wild_one_never() -> None:
    steps = [after(HERE, 2 * i, 40_000 + 20 * i) for i in range(1, 10)]
    rival: Rival | None = None
    for i, position in enumerate(steps, start=1):
        rival = after_rival(rival, position, RULES)
        assert rival.agreeing == i and rival.wins == (i >= AGREEING)
    rival = None
    for i in range(1, 50):
        rival = after_rival(rival, after(HERE, 2 * i, 30_000, bearing=180 * (i % 2)), RULES)
        assert not rival.wins


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 50_000)), min_size=1, max_size=12))
def test_only_later_positions_make_a_track(steps: list[tuple[float, float]]) -> None:
    """`agreeing` never exceeds how many positions came that were each later than all before."""
    rival, later, newest = None, 0, None
    for seconds, metres in steps:
        position = after(HERE, seconds, metres)
        if newest is None or position.at > newest:
            later, newest = later + 1, position.at
        rival = after_rival(rival, position, RULES)
        assert rival.agreeing <= later and rival.position.at == newest
