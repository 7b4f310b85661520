"""Several fixes of one caller → one spread: averaged if all can be true, else the group with the greater weight is
used."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import shapely

from geo.fix import Fix, Source
from geo.point import Point
from geo.projection import Projection
from geo.spread import Spread

# Two correct fixes are farther apart than this once in a thousand times: χ² with 2 degrees of freedom.
CONTRADICTION = 13.816
# The weight of a source in a group that agrees. A place that a caller stated may be the emergency's and not the
# phone's: it yields to a GNSS fix and to two sources that confirm each other, but not to a weaker one alone.
TRUST = {
    Source.GNSS: 2.0,
    Source.WIFI: 1.5,
    Source.REPORTED: 1.5,
    Source.ADDRESS: 1.0,
    Source.CELL: 1.0,
    Source.UNKNOWN: 0.5,
}


@dataclass(frozen=True, slots=True, eq=False)
class Founded:
    fix: Fix
    spread: Spread


@dataclass(frozen=True, slots=True)
class Fusion:
    """`used` begins with the narrowest fix of its group; `contradicted` are the sources of fixes that can't be true
    with it."""

    spread: Spread
    used: tuple[Founded, ...]
    contradicted: tuple[Source, ...]


def fuse(founded: Sequence[Founded], projection: Projection) -> Fusion:
    """At least one is needed. Of a source only the narrowest fix counts: errors of one receiver are correlated, so a
    hundred of its fixes are not ten times as precise as one; the others are still checked for contradiction."""
    if len(founded) == 1:
        return Fusion(founded[0].spread, (founded[0],), ())
    if placed := [one for one in founded if one.fix.source is Source.MANUAL]:
        return _placed(placed[-1], [one for one in founded if one not in placed], projection)
    # Of equals the last one: a moving caller need not state the time.
    last_first = founded[::-1]
    best = sorted(last_first, key=_precision)
    leaders = list({one.fix.source: one for one in reversed(best)}.values())
    leaders.sort(key=_precision)
    groups = [_agreeing(leader, leaders, projection) for leader in leaders]
    # max() keeps the first of equals, and the first has the narrowest leader.
    used, spread = max(groups, key=lambda group: sum(TRUST[one.fix.source] for one in group[0]))
    against = [one.fix.source for one in best if one not in used and not agree(spread, one.spread)]
    return Fusion(spread, tuple(used), tuple(dict.fromkeys(against)))


def _placed(placed: Founded, others: Sequence[Founded], projection: Projection) -> Fusion:
    """A dispatcher's last placement is used as it is. One that only names a parish is narrowed by the fixes in it."""
    used, spread = [placed], placed.spread
    best = sorted(others, key=_precision)
    if placed.fix.point is None:
        within = [one for one in best if one.spread.radius_m < spread.radius_m and agree(spread, one.spread)]
        leaders = sorted({one.fix.source: one for one in reversed(within)}.values(), key=_precision)
        used, spread = _agreeing(placed, leaders, projection)
    against = [one.fix.source for one in best if one not in used and not agree(spread, one.spread)]
    return Fusion(spread, tuple(used), tuple(dict.fromkeys(against)))


def _precision(one: Founded) -> tuple[float, float]:
    return one.spread.radius_m, -one.fix.at.timestamp() if one.fix.at else 0.0


def _agreeing(leader: Founded, leaders: Sequence[Founded], projection: Projection) -> tuple[list[Founded], Spread]:
    used, spread = [leader], leader.spread
    for other in leaders:
        if other is not leader and agree(spread, other.spread):
            used.append(other)
            spread = combine(spread, other.spread, projection)
    used.sort(key=_precision)
    return used, spread


def agree(a: Spread, b: Spread) -> bool:
    """Whether both can be true: χ² of the difference of the means; for an area, its distance to the other's mean."""
    if a.area is not None and b.area is not None:
        return bool(a.area.intersects(b.area))
    if a.area is not None or b.area is not None:
        area, other = (a.area, b) if a.area is not None else (b.area, a)
        distance = shapely.distance(area, shapely.points(other.x, other.y))
        return float(distance) ** 2 <= CONTRADICTION * other.longest_m2
    apart = np.array([a.x - b.x, a.y - b.y])
    return float(apart @ np.linalg.solve(a.covariance + b.covariance, apart)) <= CONTRADICTION


def combine(a: Spread, b: Spread, projection: Projection) -> Spread:
    """The precision-weighted mean: inverse covariances add up."""
    weight_a, weight_b = np.linalg.inv(a.covariance), np.linalg.inv(b.covariance)
    covariance = np.linalg.inv(weight_a + weight_b)
    x, y = (float(v) for v in covariance @ (weight_a @ (a.x, a.y) + weight_b @ (b.x, b.y)))
    lat, lon = projection.inverse(x, y)
    point = Point(round(lat, 7), round(lon, 7)) if isfinite(lat) and isfinite(lon) else a.point
    return Spread(point, x, y, covariance)
