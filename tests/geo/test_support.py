"""A few points that stand for a location: their moments are those of what they stand for."""

from datetime import UTC, datetime
from math import exp, factorial, log, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import Fix, Location, LocationStatus, Parishes, Pdf, Point, Source, WeightedPoint, locate, support_points
from geo.spread import circle

QUITO = Point(-0.2062, -78.4991)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCURATE_TO = 5


def located(radius_m: float, confidence: float | None = 0.95) -> Location:
    return Location(LocationStatus.LOCATED, QUITO.lat, QUITO.lon, radius_m, confidence)


def moments(points: tuple[WeightedPoint, ...], quito: Parishes, scale_m: float) -> dict[tuple[int, int], float]:
    """E[x^a y^b] up to degree 5, in units of `scale_m` from the centre."""
    x0, y0 = quito.projection.forward(QUITO.lat, QUITO.lon)
    x, y = quito.projection.forward(np.array([p.point.lat for p in points]), np.array([p.point.lon for p in points]))
    weight = np.array([p.weight for p in points])
    u, v = (x - x0) / scale_m, (y - y0) / scale_m
    return {(a, b): float(weight @ (u**a * v**b)) for a in range(ACCURATE_TO + 1) for b in range(ACCURATE_TO + 1 - a)}


def odd_factorial(n: int) -> int:
    """(n - 1)!!, the n-th moment of a standard normal."""
    return 0 if n % 2 else factorial(n) // (2 ** (n // 2) * factorial(n // 2))


def test_seven_points_have_the_moments_of_a_gaussian(quito: Parishes) -> None:
    sigma = 300 / sqrt(-2 * log(0.05))
    found = moments(support_points(located(300)), quito, sigma)
    for (a, b), moment in found.items():
        # The plane and the ellipsoid differ by some parts in a thousand.
        assert moment == pytest.approx(odd_factorial(a) * odd_factorial(b), abs=0.01), (a, b)
    assert np.sqrt(circle(QUITO, 300, Pdf.NORMAL, quito.projection).covariance[0, 0]) == pytest.approx(sigma)


def test_and_those_of_an_even_disc(quito: Parishes) -> None:
    """E[x^a y^b] = E[r^(a+b)] E[cos^a sin^b], with E[r^k] = 2 / (k + 2) and the angles by quadrature."""
    angles = np.arange(720) * 2 * pi / 720
    found = moments(support_points(located(300), even=True), quito, 300 / sqrt(0.95))
    for (a, b), moment in found.items():
        turned = float(np.mean(np.cos(angles) ** a * np.sin(angles) ** b))
        assert moment == pytest.approx(2 / (a + b + 2) * turned, abs=0.01), (a, b)


@pytest.mark.parametrize("even", [False, True])
def test_four_points_have_them_up_to_degree_three(quito: Parishes, even: bool) -> None:
    points = support_points(located(100), even=even)
    assert len(points) == 4
    found = moments(points, quito, 100 / sqrt(0.95) / 2 if even else 100 / sqrt(-2 * log(0.05)))
    for (a, b), moment in found.items():
        if a + b <= 3:
            assert moment == pytest.approx(odd_factorial(a) * odd_factorial(b), abs=0.01), (a, b)


def test_a_function_of_the_whole_location_is_its_mean_over_the_points(quito: Parishes) -> None:
    """Not a polynomial: a bell as wide as the location, whose mean is known: s² / (s² + σ²)."""
    sigma = 1.0
    weight = [(p.weight, p.point) for p in support_points(located(300))]
    scale = 300 / sqrt(-2 * log(0.05))
    x0, y0 = quito.projection.forward(QUITO.lat, QUITO.lon)
    mean = 0.0
    for w, point in weight:
        x, y = quito.projection.forward(point.lat, point.lon)
        mean += w * exp(-((x - x0) ** 2 + (y - y0) ** 2) / scale**2 / 2 / 3**2)
    assert mean == pytest.approx(3**2 / (3**2 + sigma**2), abs=0.002)


def test_a_sharp_location_is_one_point_and_none_is_none() -> None:
    assert support_points(located(29.9)) == (WeightedPoint(QUITO, 1.0),)
    assert [len(support_points(located(radius_m))) for radius_m in (30.0, 149.9, 150.0)] == [4, 4, 7]
    assert len(support_points(located(400), small_m=1_000)) == 1
    assert support_points(Location(LocationStatus.UNLOCATED)) == ()


def test_nothing_said_of_confidence_is_95_percent() -> None:
    assert support_points(located(300, None)) == support_points(located(300, 0.95))


def test_a_parish_is_stood_for_by_points_in_it(quito: Parishes) -> None:
    quitumbe = next(p for p in quito if p.name == "Quitumbe")
    location = locate([Fix(Source.ADDRESS, parish_code=quitumbe.code)], quito, at=NOW)
    points = support_points(location, parishes=quito)
    assert len(points) == 7
    assert sum(p.weight for p in points) == pytest.approx(1)
    inside = sum(p.weight for p in points if quito.find(p.point.lat, p.point.lon) == quitumbe)
    assert inside > 0.8  # the mean of a bent part may lie beside it
    assert location.lat is not None and location.lon is not None
    assert sum(p.weight * p.point.lat for p in points) == pytest.approx(location.lat, abs=0.002)
    assert sum(p.weight * p.point.lon for p in points) == pytest.approx(location.lon, abs=0.002)


def test_an_ambiguous_location_is_spread_over_its_candidates(quito: Parishes) -> None:
    location = locate([Fix(Source.CELL, QUITO, radius_m=6_000)], quito, at=NOW)
    assert location.status is LocationStatus.AMBIGUOUS and len(location.candidates) > 7
    points = support_points(location, parishes=quito)
    codes = {candidate.code for candidate in location.candidates}
    found = [quito.find(p.point.lat, p.point.lon) for p in points]
    assert len(points) == 7 and len(set(found)) > 3
    assert all(parish is not None and parish.code in codes for parish in found)


def test_what_isnt_possible_gets_no_weight(quito: Parishes) -> None:
    """Half of the circle lies outside of the city: there no candidate is, and no point."""
    edge = Point(-0.0003, -78.0)
    west = Point(*min(((p.polygon.bounds[1], p.polygon.bounds[0]) for p in quito), key=lambda c: c[1]))
    for centre in (edge, west):
        location = locate([Fix(Source.CELL, centre, radius_m=40_000)], quito, at=NOW)
        for p in support_points(location, parishes=quito):
            assert quito.nearest(p.point).distance_m < 5_000


@given(
    st.floats(-89, 89), st.floats(-180, 180), st.floats(0, 3e6), st.none() | st.floats(0, 1), st.booleans()
)  # fmt: skip
def test_always(quito: Parishes, lat: float, lon: float, radius_m: float, confidence: float, even: bool) -> None:
    location = Location(LocationStatus.AMBIGUOUS, lat, lon, radius_m, confidence)
    points = support_points(location, parishes=quito, even=even)
    assert points == support_points(location, parishes=quito, even=even)
    assert 1 <= len(points) <= 7
    assert sum(p.weight for p in points) == pytest.approx(1)
    assert all(p.weight > 0 and -90 <= p.point.lat <= 90 and -180 <= p.point.lon <= 180 for p in points)
