"""Which fixes a call is located by: few, whatever was sent, and never only old ones."""

from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import ArcBand, CellId, Ellipse, Fix, Parishes, Point, Polygon, Source, best_few, locate
from geo.best_fixes import MOST_FIXES

NOW = datetime(2026, 11, 27, tzinfo=UTC)
HERE = Point(-0.2, -78.5)
REGIONS = (
    Ellipse(HERE, 90, 30, 10),
    ArcBand(HERE, 10, 300, 0, 90),
    Polygon((HERE, Point(-0.2, -78.4), Point(-0.1, -78.5))),
)

some_fixes = st.builds(
    Fix,
    source=st.sampled_from(Source),
    point=st.builds(Point, st.floats(-0.3, 0.1), st.floats(-78.6, -78.3)),
    radius_m=st.none() | st.floats(1, 5_000),
    at=st.none() | st.integers(0, 9_000).map(lambda s: NOW - timedelta(seconds=s)),
    region=st.none() | st.sampled_from(REGIONS),
    cell=st.none() | st.just(CellId("740", "01", 1, 2)),
)


@given(st.lists(some_fixes, max_size=60))
def test_few_are_kept_none_is_lost_and_order_stays(fixes: list[Fix]) -> None:
    kept, aside = best_few(fixes, at=NOW)
    assert len(kept) <= MOST_FIXES
    assert sorted(map(repr, (*kept, *aside))) == sorted(map(repr, fixes))
    left = iter(fixes)
    assert all(any(fix is other for other in left) for fix in kept)
    for source in {fix.source for fix in fixes}:
        assert next(fix for fix in reversed(fixes) if fix.source is source) in kept


@given(st.lists(some_fixes, max_size=60), st.lists(some_fixes, max_size=20))
def test_kept_again_with_more_they_are_still_few(fixes: list[Fix], more: list[Fix]) -> None:
    kept, _ = best_few([*best_few(fixes, at=NOW)[0], *more], at=NOW)
    assert len(kept) <= MOST_FIXES


@pytest.mark.parametrize("dated", [True, False])
def test_who_moves_is_where_the_last_fixes_are(dated: bool, quito: Parishes) -> None:
    """Three thousand fixes, one a second, on a straight way at 15 m/s; reckoned with a few at a time."""
    kept: tuple[Fix, ...] = ()
    for second in range(3_000):
        at = NOW + timedelta(seconds=second)
        fix = Fix(Source.GNSS, Point(-0.35 + second * 1.35e-4 / 2, -78.5), 10.0, at=at if dated else None)
        kept, _ = best_few((*kept, fix), at=at)
    found = locate(kept, quito, at=NOW + timedelta(seconds=2_999))
    assert found.lat == pytest.approx(-0.35 + 2_999 * 1.35e-4 / 2, abs=2e-4)


def test_a_narrow_fix_outlives_wider_ones_that_come_after_it(quito: Parishes) -> None:
    good = Fix(Source.GNSS, HERE, 5.0, at=NOW)
    kept: tuple[Fix, ...] = (good,)
    for step in range(50):
        kept, _ = best_few((*kept, Fix(Source.GNSS, Point(-0.2 + step * 1e-6, -78.5), 200.0, at=NOW)), at=NOW)
    assert good in kept and locate(kept, quito, at=NOW).radius_m == pytest.approx(5.0, abs=0.2)


def test_thousands_of_fixes_cost_like_a_few(quito: Parishes) -> None:
    fixes = [Fix(Source.CELL, HERE, region=REGIONS[2], at=NOW - timedelta(seconds=n)) for n in range(3_000)]
    locate(fixes[:3], quito, at=NOW)
    began = process_time()
    locate(fixes, quito, at=NOW)
    assert process_time() - began < 0.5
