"""What a stated, or missing, uncertainty means: one radius at 95 %, now."""

from datetime import datetime
from math import inf, log, sqrt
from statistics import NormalDist

from geo.fix import Fix, Pdf, Source

CONFIDENCE = 0.95
WALKING_MPS = 1.5  # assumed speed at which a caller moves away from where they were measured
OLDEST_S = 3 * 3600.0  # a clock may be years wrong: beyond this age a fix grows no wider
USUAL_RADIUS_M = {
    Source.GNSS: 30.0,
    Source.WIFI: 100.0,
    Source.CELL: 2000.0,
    Source.ADDRESS: 150.0,
    Source.MANUAL: 50.0,
    Source.REPORTED: 50.0,
    Source.UNKNOWN: 1000.0,
}
_LEAST_RADIUS_M = 1.0
_MEASURED = {Source.GNSS, Source.WIFI, Source.CELL, Source.UNKNOWN}  # the others are places, which don't move


def scale_radius(radius_m: float, from_confidence: float, to_confidence: float, pdf: Pdf, dimensions: int = 2) -> float:
    """The radius that contains `to_confidence`, given the one that contains `from_confidence`; both in (0, 1).

    Normal: RFC 7459 section 5.3; in the plane a circle, whose radius is Rayleigh distributed, in one or three
    dimensions the RFC's erfinv formula. Rectangular: volume is proportional to confidence. Unknown: the wider of both.
    """
    if pdf is Pdf.UNKNOWN:
        shapes = (Pdf.NORMAL, Pdf.RECTANGULAR)
        return max(scale_radius(radius_m, from_confidence, to_confidence, shape, dimensions) for shape in shapes)
    if pdf is Pdf.RECTANGULAR:
        return float(radius_m * (to_confidence / from_confidence) ** (1 / dimensions))
    if dimensions == 2:
        return radius_m * sqrt(log(1 - to_confidence) / log(1 - from_confidence))
    return radius_m * _half_width(to_confidence ** (1 / dimensions)) / _half_width(from_confidence ** (1 / dimensions))


def _half_width(confidence: float) -> float:
    """Standard deviations on either side that contain `confidence`: erfinv(confidence) * sqrt(2)."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def stated_confidence(fix: Fix) -> float:
    """Strictly between 0 and 1: a missing or invalid one means 95 % (RFC 7459), and no measurement is ever certain."""
    confidence = CONFIDENCE if fix.confidence is None else fix.confidence
    return min(max(confidence, 0.01), 0.999) if confidence > 0 else CONFIDENCE


def widening_m(fix: Fix, at: datetime) -> float:
    """How far the caller may have walked since the fix was measured."""
    if fix.at is None or fix.source not in _MEASURED:
        return 0.0
    return WALKING_MPS * min(max((at - fix.at).total_seconds(), 0.0), OLDEST_S)


def radius_at_95(fix: Fix, at: datetime, radius_m: float | None = None) -> float:
    """The radius that holds the caller with 95 % at the time `at`: stated (or usual), scaled, and widened by age.

    0, less, or no number is what telephones say that don't know: the source's usual radius is taken."""
    stated = fix.radius_m if radius_m is None else radius_m
    if stated is None or not 0 < stated < inf:
        return USUAL_RADIUS_M[fix.source] + widening_m(fix, at)
    confidence = stated_confidence(fix)
    scaled = stated if confidence == CONFIDENCE else scale_radius(stated, confidence, CONFIDENCE, fix.pdf)
    return max(scaled, _LEAST_RADIUS_M) + widening_m(fix, at)
