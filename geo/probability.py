"""The probability of every parish, by integrating a spread over the exact polygons.

For a spread that depends only on the distance r from its centre, with P(r) the probability within r, Green's theorem
turns the integral over a polygon into one along its boundary: mass = 1/2π ∮ P(r) dθ. Since P is 1 far away and a closed
boundary turns by 2π (or 0) around the centre, only what edges near the centre lack of that is ever computed:

    mass = [centre is inside] - 1/2π Σ over near edges of ∫ (1 - P(r)) dθ

An even disc has a closed form for each edge; a Gaussian a smooth integrand, done by Gauss-Legendre. An ellipse is a
circle once the plane is stretched. Even polygons and arc bands are intersections of areas (RFC 7459 section 5.4).
"""

from math import pi

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.edges import Floats
from geo.location import ParishProbability
from geo.parishes import Parishes
from geo.spread import Spread

_REACH_SIGMAS = 6.0  # beyond lies 1.5e-8 of a circular Gaussian
_LEAST = 1e-6
_AT_CORNER, _BESIDE = 1e-8, (3.1e-7, 1.7e-7)  # in sigmas, or radii of the disc
_SHORT = 0.5  # sigmas; the nodes below leave an error under 1e-9 for such a chord, and for the longest
_FEW = np.polynomial.legendre.leggauss(4)
_MANY = np.polynomial.legendre.leggauss(32)


def parish_probabilities(spread: Spread, parishes: Parishes) -> tuple[ParishProbability, ...]:
    """Every parish that the caller may be in, most probable first; they sum to the probability of being in the city.

    Exact where polygons don't overlap.
    """
    masses = _of_area(spread, parishes) if spread.area is not None else _of_ellipse(spread, parishes)
    found = sorted(
        ((mass, position) for position, mass in masses.items() if mass >= _LEAST), key=lambda m: (-m[0], m[1])
    )
    named = ((parishes.parishes[position], mass) for mass, position in found)
    return tuple(ParishProbability(parish.code, parish.name, mass) for parish, mass in named)


def _of_area(spread: Spread, parishes: Parishes) -> dict[int, float]:
    area, polygons = spread.area, parishes.projected
    assert area is not None
    shapely.prepare(area)
    common = np.where(area is parishes.outline or shapely.covers(area, polygons), shapely.area(polygons), 0.0)
    cut = np.flatnonzero((common == 0) & shapely.intersects(area, polygons))
    clipped = shapely.clip_by_rect(polygons[cut], *area.bounds)
    common[cut] = shapely.area(shapely.intersection(clipped, area))
    return dict(enumerate((common / area.area * spread.confidence).tolist()))


def _of_ellipse(spread: Spread, parishes: Parishes) -> dict[int, float]:
    reach = 1.0 if spread.uniform else _REACH_SIGMAS
    # Lower triangular, positive on the diagonal: keeps every turn's direction.
    unit = np.linalg.cholesky(spread.covariance * (4 if spread.uniform else 1))
    x, y = spread.x, spread.y
    across, along = reach * np.sqrt(np.diag(unit @ unit.T))
    ends, owner = parishes.edge_grid.near(x - across, y - along, x + across, y + along)
    lacking = _lacking(ends, owner, x, y, np.linalg.inv(unit), reach, spread.uniform, len(parishes))
    inside = parishes.position(spread.point.lat, spread.point.lon)
    masses: dict[int, float] = {inside: 1.0} if inside >= 0 else {}
    for position in np.flatnonzero(lacking).tolist():
        # On the very boundary the index and the plane may differ on which side the centre is: a whole turn, taken out.
        mass = masses.get(position, 0.0) - float(lacking[position])
        mass += 1.0 if mass < -1e-3 else -1.0 if mass > 1 + 1e-3 else 0.0
        masses[position] = min(max(mass, 0.0), 1.0)
    return masses


def _lacking(
    ends: Floats, owner: NDArray[np.int64], x: float, y: float, to_unit: Floats, reach: float, uniform: bool, count: int
) -> Floats:
    """1/2π ∫ (1 - P) dθ along the edges of each owner (count,)."""
    (ux, uy), (dx, dy) = to_unit @ (ends[:2] - [[x], [y]]), to_unit @ (ends[2:] - ends[:2])
    if len(owner) and np.min(ux * ux + uy * uy) < _AT_CORNER**2:
        # Seen from a corner itself its edges have no direction: look from beside it.
        ux, uy = ux + _BESIDE[0], uy + _BESIDE[1]
    # The chord of each edge within reach: |u + t d| <= reach, 0 <= t <= 1.
    square, half = dx * dx + dy * dy, ux * dx + uy * dy
    under = half * half - square * (ux * ux + uy * uy - reach * reach)
    near = np.flatnonzero((under > 0) & (square > 0))
    ux, uy, dx, dy, square, half = (v[near] for v in (ux, uy, dx, dy, square, half))
    root = np.sqrt(under[near])
    start, stop = np.maximum((-half - root) / square, 0), np.minimum((-half + root) / square, 1)
    some = np.flatnonzero(start < stop)
    ux, uy, dx, dy, start, stop = (v[some] for v in (ux, uy, dx, dy, start, stop))
    px, py, qx, qy = ux + start * dx, uy + start * dy, ux + stop * dx, uy + stop * dy
    cross = px * qy - py * qx
    turn = np.arctan2(cross, px * qx + py * qy)
    held = cross if uniform else cross * _gaussian(px, py, qx - px, qy - py)
    return np.asarray(np.bincount(owner[near[some]], (turn - held) / (2 * pi), count), np.float64)


def _gaussian(px: Floats, py: Floats, dx: Floats, dy: Floats) -> Floats:
    """∫ (1 - exp(-r²/2)) / r² dt over each chord p + t d, 0 <= t <= 1."""
    result = np.empty(len(px))
    long = dx * dx + dy * dy > _SHORT * _SHORT
    for chosen, (nodes, weights) in ((np.flatnonzero(~long), _FEW), (np.flatnonzero(long), _MANY)):
        t = (nodes[:, None] + 1) / 2
        r2 = np.maximum((px[chosen] + t * dx[chosen]) ** 2 + (py[chosen] + t * dy[chosen]) ** 2, 1e-30)
        result[chosen] = weights / 2 @ (-np.expm1(-r2 / 2) / r2)
    return result
