"""Selects the best few of many fixes of one caller."""

from collections.abc import Sequence
from datetime import datetime
from math import inf

from geo.fix import Fix, Source
from geo.region import ArcBand, Ellipse, Polygon
from geo.uncertainty import radius_at_95, widening_m

# Of each source: the narrowest, and the newest.
NARROWEST, NEWEST = 2, 1
MOST_FIXES = (NARROWEST + NEWEST) * len(Source)
_METRES_A_DEGREE = 111_320.0


def best_few(fixes: Sequence[Fix], *, at: datetime) -> tuple[tuple[Fix, ...], tuple[Fix, ...]]:
    """The narrowest and the newest fixes of each source at the time `at`, at most MOST_FIXES, and all others; `fixes`
    and both parts are in the order of arrival.

    A measured fix grows wider with age, so old fixes of a moving caller lose; of equally wide ones the later is better.
    """
    kept: set[int] = set()
    for source in {fix.source for fix in fixes}:
        own = [index for index, fix in enumerate(fixes) if fix.source is source]
        if len(own) > NARROWEST + NEWEST:
            older, newest = own[:-NEWEST], own[-NEWEST:]
            width = {index: _width_m(fixes[index], at) for index in older}
            own = newest + sorted(older, key=lambda index: (width[index], -index))[:NARROWEST]
        kept.update(own)
    return (
        tuple(fix for index, fix in enumerate(fixes) if index in kept),
        tuple(fix for index, fix in enumerate(fixes) if index not in kept),
    )


def _width_m(fix: Fix, at: datetime) -> float:
    """Approximate radius that contains the caller; a cell or parish is wider than anything with a point."""
    match fix.region:
        case Ellipse(semi_major_m=longest):
            return radius_at_95(fix, at, longest)
        case ArcBand(outer_m=outer):
            return outer + widening_m(fix, at)
        case Polygon(corners):
            lat, lon = [c.lat for c in corners], [c.lon for c in corners]
            across = max(max(lat) - min(lat), max(lon) - min(lon))
            return across / 2 * _METRES_A_DEGREE + widening_m(fix, at)
    return radius_at_95(fix, at) if fix.point is not None else inf
