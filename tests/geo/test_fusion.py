from datetime import UTC, datetime
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import Fix, Parishes, Point, Source, destination
from geo.fusion import CONTRADICTION, Founded, Fusion, agree, combine, fuse
from geo.spread import SIGMAS_AT_95, spread_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = Point(-0.2, -78.5)


def away(metres: float, bearing: float = 90) -> Point:
    return Point(*destination(HERE.lat, HERE.lon, bearing, metres))


def founded(parishes: Parishes, *fixes: Fix) -> list[Founded]:
    spreads = [spread_of(fix, parishes, NOW) for fix in fixes]
    return [Founded(fix, spread) for fix, spread in zip(fixes, spreads, strict=True) if spread]


def fused(parishes: Parishes, *fixes: Fix) -> Fusion:
    return fuse(founded(parishes, *fixes), parishes.projection)


def metres_east(fusion: Fusion, parishes: Parishes) -> float:
    return fusion.spread.x - parishes.projection.forward(HERE.lat, HERE.lon)[0]


def test_two_that_agree_are_averaged_by_their_precision(quito: Parishes) -> None:
    gnss, wifi = Fix(Source.GNSS, HERE, radius_m=30), Fix(Source.WIFI, away(30), radius_m=60)
    fusion = fused(quito, wifi, gnss)
    # Weights 1/30² and 1/60²: a fifth of the way; precisions add up.
    assert metres_east(fusion, quito) == pytest.approx(6, abs=0.05)
    assert fusion.spread.radius_m == pytest.approx(1 / sqrt(1 / 30**2 + 1 / 60**2))
    assert [one.fix for one in fusion.used] == [gnss, wifi]
    assert fusion.contradicted == ()


def test_two_that_cannot_both_be_true_are_not_averaged_into_nowhere(quito: Parishes) -> None:
    gnss, wifi = Fix(Source.GNSS, HERE, radius_m=20), Fix(Source.WIFI, away(5000), radius_m=50)
    fusion = fused(quito, wifi, gnss)
    assert fusion.spread.point == HERE
    assert fusion.spread.radius_m == pytest.approx(20)
    assert fusion.contradicted == (Source.WIFI,)


def test_what_a_second_source_confirms_is_better_founded(quito: Parishes) -> None:
    cached = Fix(Source.GNSS, away(6000), radius_m=10)
    wifi, cell = Fix(Source.WIFI, HERE, radius_m=40), Fix(Source.CELL, away(300), radius_m=1000)
    fusion = fused(quito, cached, wifi, cell)
    assert {one.fix.source for one in fusion.used} == {Source.WIFI, Source.CELL}
    assert fusion.contradicted == (Source.GNSS,)


def test_an_unknown_source_confirms_little(quito: Parishes) -> None:
    gnss = Fix(Source.GNSS, HERE, radius_m=10)
    vague = Fix(Source.UNKNOWN, away(9000), radius_m=500), Fix(Source.CELL, away(9000), radius_m=800)
    assert fused(quito, *vague, gnss).used[0].fix is gnss


def test_a_point_placed_by_hand_outweighs_all_sources(quito: Parishes) -> None:
    placed = Fix(Source.MANUAL, HERE, radius_m=200)
    others = Fix(Source.GNSS, away(4000), radius_m=5), Fix(Source.WIFI, away(4000), radius_m=20)
    fusion = fused(quito, *others, placed)
    assert fusion.used[0].fix is placed
    assert fusion.contradicted == (Source.GNSS, Source.WIFI)


def test_a_point_placed_by_hand_is_not_moved_by_what_agrees_with_it(quito: Parishes) -> None:
    placed, near = Fix(Source.MANUAL, HERE, radius_m=50), Fix(Source.GNSS, away(30), radius_m=5)
    fusion = fused(quito, placed, near)
    assert [one.fix for one in fusion.used] == [placed] and fusion.contradicted == ()
    assert metres_east(fusion, quito) == pytest.approx(0, abs=1e-6)


def test_the_last_placement_counts_and_not_the_narrowest(quito: Parishes) -> None:
    first, last = Fix(Source.MANUAL, away(2000), radius_m=5), Fix(Source.MANUAL, HERE, radius_m=400)
    fusion = fused(quito, first, Fix(Source.GNSS, away(2000), radius_m=5), last)
    assert fusion.used[0].fix is last and fusion.contradicted == (Source.GNSS,)


def test_a_parish_named_by_a_dispatcher_is_narrowed_but_never_left(quito: Parishes) -> None:
    named = Fix(Source.MANUAL, parish_code="170101")
    [alone] = founded(quito, named)
    inside = Fix(Source.GNSS, alone.spread.point, radius_m=20)
    far, wide = Fix(Source.GNSS, away(30_000), radius_m=5), Fix(Source.CELL, alone.spread.point, radius_m=50_000)
    assert fused(quito, named, far, inside).used[0].fix is inside
    for others in ([far], [wide]):
        fusion = fused(quito, named, *others)
        assert fusion.used[0].fix is named and fusion.spread.point == alone.spread.point


def test_a_reported_place_yields_to_gnss_and_to_two_that_agree(quito: Parishes) -> None:
    reported = Fix(Source.REPORTED, HERE, radius_m=5)
    gnss, cell = Fix(Source.GNSS, away(4000), radius_m=30), Fix(Source.CELL, away(4000), radius_m=500)
    assert fused(quito, reported, gnss).used[0].fix is gnss
    assert fused(quito, reported, cell).used[0].fix is reported
    both = fused(quito, reported, Fix(Source.WIFI, away(4000), radius_m=80), cell)
    assert both.contradicted == (Source.REPORTED,)


def test_many_fixes_of_one_receiver_are_not_sharper_than_the_best_of_them(quito: Parishes) -> None:
    repeated = [Fix(Source.GNSS, away(metres), radius_m=30) for metres in (3, 1, 2)]
    best = Fix(Source.GNSS, HERE, radius_m=25)
    fusion = fused(quito, *repeated, best, *repeated)
    assert fusion.spread.radius_m == pytest.approx(25)
    assert fusion.spread.point == HERE
    assert fusion.contradicted == ()


def test_one_source_may_contradict_itself(quito: Parishes) -> None:
    fusion = fused(quito, Fix(Source.GNSS, HERE, radius_m=10), Fix(Source.GNSS, away(3000), radius_m=20))
    assert fusion.spread.point == HERE
    assert fusion.contradicted == (Source.GNSS,)


def test_a_parish_named_by_the_caller_agrees_with_what_is_in_it_or_near(quito: Parishes) -> None:
    named = Fix(Source.ADDRESS, parish_code="170101")
    inside = fused(quito, named, Fix(Source.GNSS, HERE, radius_m=20))
    assert inside.contradicted == ()
    assert inside.spread.radius_m == pytest.approx(20, rel=1e-3)
    far = fused(quito, named, Fix(Source.GNSS, away(8000), radius_m=20))
    assert far.contradicted == (Source.ADDRESS,)


def test_two_parishes_agree_where_they_touch(quito: Parishes) -> None:
    belisario, san_juan, nanegal = founded(
        quito, *(Fix(Source.ADDRESS, parish_code=code) for code in ("170101", "170130", "170171"))
    )
    assert agree(belisario.spread, san_juan.spread)
    assert not agree(belisario.spread, nanegal.spread)


@settings(max_examples=60, deadline=None)
@given(st.floats(5, 2000), st.floats(5, 2000), st.floats(0, 8000), st.floats(0, 359))
def test_order_does_not_matter_and_more_knowledge_is_never_vaguer(
    quito: Parishes, one_m: float, other_m: float, apart_m: float, bearing: float
) -> None:
    fixes = Fix(Source.GNSS, HERE, radius_m=one_m), Fix(Source.WIFI, away(apart_m, bearing), radius_m=other_m)
    there, back = fused(quito, *fixes), fused(quito, *reversed(fixes))
    assert (there.spread.x, there.spread.y) == pytest.approx((back.spread.x, back.spread.y), abs=1e-3)
    assert there.contradicted == back.contradicted
    limit = sqrt(CONTRADICTION) * np.hypot(one_m, other_m) / SIGMAS_AT_95
    if abs(apart_m - limit) > limit / 100:
        assert bool(there.contradicted) == (apart_m > limit)
    if not there.contradicted:
        assert there.spread.radius_m <= min(one_m, other_m) + 1e-6


def test_true_fixes_are_called_a_contradiction_once_in_a_thousand_times(quito: Parishes) -> None:
    random = np.random.default_rng(6)
    x, y = quito.projection.forward(HERE.lat, HERE.lon)
    radii = np.array([30.0, 80.0])
    apart = random.normal(size=(20_000, 2)) * np.hypot(*radii / SIGMAS_AT_95)
    base, moved = founded(quito, Fix(Source.GNSS, HERE, radius_m=30), Fix(Source.WIFI, HERE, radius_m=80))
    covariance = base.spread.covariance + moved.spread.covariance
    square = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(covariance), apart)
    assert (square > CONTRADICTION).mean() == pytest.approx(0.001, abs=0.0008)
    assert (x, y) == pytest.approx((base.spread.x, base.spread.y))


def test_averaging_makes_true_places_come_true(quito: Parishes) -> None:
    """95 % of true places lie in the radius of what two honest fixes give together."""
    random = np.random.default_rng(8)
    hits, tries = 0, 2000
    x, y = quito.projection.forward(HERE.lat, HERE.lon)
    for _ in range(tries):
        both = []
        for source, radius_m in ((Source.GNSS, 40.0), (Source.WIFI, 70.0)):
            east, north = random.normal(size=2) * radius_m / SIGMAS_AT_95
            both.append(Fix(source, Point(*quito.projection.inverse(x + east, y + north)), radius_m=radius_m))
        a, b = founded(quito, *both)
        together = combine(a.spread, b.spread, quito.projection)
        hits += np.hypot(together.x - x, together.y - y) <= together.radius_m
    assert hits / tries == pytest.approx(0.95, abs=0.02)
