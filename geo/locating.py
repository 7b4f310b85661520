"""Fixes → location: the main function of this package."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from geo.best_fixes import MOST_FIXES, best_few
from geo.cells import CellTable
from geo.fix import Fix
from geo.fusion import Founded, Fusion, fuse
from geo.hexagons import cells_of
from geo.location import Location, LocationStatus, ParishProbability
from geo.parishes import Parishes
from geo.probability import parish_probabilities
from geo.spread import spread_of

ACCEPTED = 0.5  # RFC 7459 section 5.4: a place is accepted from 50 %
_SHOWN = 1e-4  # candidates below this are left out


def locate(fixes: Sequence[Fix], parishes: Parishes, *, at: datetime, cells: CellTable | None = None) -> Location:
    """The location from all fixes at the time `at` (aware), at which their ages are computed; of many fixes the best
    few are used."""
    if len(fixes) > MOST_FIXES:
        fixes, _ = best_few(fixes, at=at)
    spreads = ((fix, spread_of(fix, parishes, at, cells)) for fix in fixes)
    founded = [Founded(fix, spread) for fix, spread in spreads if spread is not None]
    if not founded:
        return Location(LocationStatus.UNLOCATED)
    fusion = fuse(founded, parishes.projection)
    candidates = parish_probabilities(fusion.spread, parishes)
    return _location(fusion, candidates, parishes)


def _location(fusion: Fusion, candidates: tuple[ParishProbability, ...], parishes: Parishes) -> Location:
    spread, best = fusion.spread, fusion.used[0].fix
    status = _status(candidates)
    return Location(
        status=status,
        lat=spread.point.lat,
        lon=spread.point.lon,
        radius_m=ceil(spread.radius_m * 10 - 1e-6) / 10,  # uncertainty is rounded up (RFC 7459)
        confidence=spread.confidence,
        source=best.source,
        at=best.at,
        altitude_m=next((one.fix.altitude_m for one in fusion.used if one.fix.altitude_m is not None), None),
        parish=candidates[0] if status is LocationStatus.LOCATED else None,
        candidates=tuple(candidate for candidate in candidates if candidate.probability >= _SHOWN),
        nearest=parishes.nearest(spread.point) if status is LocationStatus.OUTSIDE else None,
        cells=cells_of(spread.point.lat, spread.point.lon),
        contradicted=fusion.contradicted,
    )


def _status(candidates: tuple[ParishProbability, ...]) -> LocationStatus:
    if candidates and candidates[0].probability >= ACCEPTED:
        return LocationStatus.LOCATED
    inside = sum(candidate.probability for candidate in candidates)
    return LocationStatus.AMBIGUOUS if inside >= ACCEPTED else LocationStatus.OUTSIDE
