from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import Fix, Pdf, Point, Source, scale_radius
from geo.uncertainty import USUAL_RADIUS_M, radius_at_95

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = Point(-0.2, -78.5)
CONFIDENCES = st.floats(0.05, 0.99)


def test_a_gaussian_circle_scales_as_rayleigh() -> None:
    # STANDARDS: 68 % → 95 % is 1.62.
    assert scale_radius(100, 0.68, 0.95, Pdf.NORMAL) == pytest.approx(162.15, abs=0.01)


def test_one_and_three_dimensions_scale_by_the_formula_of_the_rfc() -> None:
    # erfinv(0.95) / erfinv(0.68) and the same of their cube roots, from tables of the error function.
    assert scale_radius(1, 0.68, 0.95, Pdf.NORMAL, 1) == pytest.approx(1.95996 / 0.99446, abs=1e-4)
    assert scale_radius(1, 0.68, 0.95, Pdf.NORMAL, 3) == pytest.approx(2.38774 / 1.55173, abs=1e-3)


def test_an_even_disc_scales_with_its_area() -> None:
    assert scale_radius(100, 0.25, 1.0, Pdf.RECTANGULAR) == pytest.approx(200)


@given(st.floats(1, 5000), CONFIDENCES, CONFIDENCES, st.sampled_from(Pdf))
def test_an_unknown_shape_is_never_narrower_than_a_known_one(
    radius: float, before: float, after: float, pdf: Pdf
) -> None:
    assert scale_radius(radius, before, after, Pdf.UNKNOWN) >= scale_radius(radius, before, after, pdf)


@given(st.floats(1, 5000), CONFIDENCES, CONFIDENCES, st.sampled_from([Pdf.NORMAL, Pdf.RECTANGULAR]))
def test_scaling_there_and_back_changes_nothing(radius: float, before: float, after: float, pdf: Pdf) -> None:
    there = scale_radius(radius, before, after, pdf)
    assert scale_radius(there, after, before, pdf) == pytest.approx(radius)
    assert (there >= radius) == (after >= before) or there == pytest.approx(radius)


@pytest.mark.parametrize("source", Source)
def test_a_fix_that_tells_no_radius_has_the_usual_one_of_its_source(source: Source) -> None:
    assert radius_at_95(Fix(source, HERE), NOW) == USUAL_RADIUS_M[source]


def test_no_confidence_is_95_percent() -> None:
    assert radius_at_95(Fix(Source.GNSS, HERE, radius_m=25), NOW) == 25
    assert radius_at_95(Fix(Source.GNSS, HERE, radius_m=25, confidence=0.68), NOW) == pytest.approx(
        25 * 1.6215, rel=1e-4
    )


def test_age_widens_what_was_measured_by_a_walk() -> None:
    old = NOW - timedelta(minutes=2)
    assert radius_at_95(Fix(Source.GNSS, HERE, radius_m=25, at=old), NOW) == 25 + 120 * 1.5
    assert radius_at_95(Fix(Source.GNSS, HERE, at=old), NOW) == 30 + 120 * 1.5
    assert radius_at_95(Fix(Source.ADDRESS, HERE, radius_m=25, at=old), NOW) == 25, "a house stays where it is"


def test_a_clock_that_is_wrong_widens_neither_backwards_nor_for_ever() -> None:
    ahead, years_ago = NOW + timedelta(hours=5), datetime(1980, 1, 6, tzinfo=UTC)
    assert radius_at_95(Fix(Source.GNSS, HERE, radius_m=25, at=ahead), NOW) == 25
    assert radius_at_95(Fix(Source.GNSS, HERE, radius_m=25, at=years_ago), NOW) == 25 + 3 * 3600 * 1.5


@pytest.mark.parametrize("confidence", [0.0, -1.0, 1.0, 7.0])
@pytest.mark.parametrize("pdf", Pdf)
def test_a_confidence_that_makes_no_sense_still_gives_a_radius(confidence: float, pdf: Pdf) -> None:
    assert 1 <= radius_at_95(Fix(Source.GNSS, HERE, radius_m=25, confidence=confidence, pdf=pdf), NOW) <= 25


def test_nothing_is_measured_better_than_to_a_metre() -> None:
    assert radius_at_95(Fix(Source.GNSS, HERE, radius_m=0.01), NOW) == 1


@pytest.mark.parametrize("radius_m", [0.0, -1.0, float("nan"), float("inf")])
def test_an_unknown_radius_is_not_a_perfect_one(radius_m: float) -> None:
    assert radius_at_95(Fix(Source.GNSS, HERE, radius_m=radius_m), NOW) == USUAL_RADIUS_M[Source.GNSS]
