"""The probability of every parish, by integrating a spread over the exact polygons.

For a spread that depends only on the distance r from its centre, with P(r) the probability within r, Green's theorem
turns the integral over a polygon into one along its boundary: mass = 1/2π ∮ P(r) dθ. Since P is 1 far away and a closed
boundary turns by 2π (or 0) around the centre, only what edges near the centre lack of that is ever computed:

    mass = [centre is inside] - 1/2π Σ over near edges of ∫ (1 - P(r)) dθ

An even disc has a closed form for each edge; a Gaussian a smooth integrand, done by Gauss-Legendre. An ellipse is a
circle once the plane is stretched. Even polygons and arc bands are intersections of areas (RFC 7459 section 5.4).
"""

from math import pi, sqrt

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.edges import Floats
from geo.location import ParishProbability
from geo.parishes import Parishes
from geo.spread import Spread

_REACH_SIGMAS = 6.0  # beyond lies 1.5e-8 of a circular Gaussian
_LEAST = 1e-6
_AT_CORNER, _BESIDE = 1e-8, np.array([[3.1e-7], [1.7e-7]])  # in sigmas, or radii of the disc
_SHORT = 2.0  # sigmas; the nodes below leave an error under 1e-9 for such a chord, and for the longest
_FEW = np.polynomial.legendre.leggauss(8)
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
    (xx, xy), (_, yy) = (spread.covariance * (4 if spread.uniform else 1)).tolist()
    across, along = reach * sqrt(xx), reach * sqrt(yy)
    x, y = spread.x, spread.y
    if max(across, along) < parishes.edge_grid.clear_m(x, y):
        return _where(spread, parishes)
    ends, owner = parishes.edge_grid.near(x - across, y - along, x + across, y + along)
    # Inverse of the Cholesky factor: its diagonal is positive, so that it keeps the direction of every turn.
    left, low = sqrt(xx), xy / sqrt(xx)
    right = sqrt(yy - low * low)
    to_unit = np.array([[1 / left, 0.0], [-low / (left * right), 1 / right]])
    lacking = _lacking(to_unit @ (ends[:2] - [[x], [y]]), to_unit @ (ends[2:] - ends[:2]), owner, reach, spread.uniform)
    masses = _where(spread, parishes)
    for position, lack in enumerate(lacking):
        # On the very boundary the index and the plane may differ on which side the centre is: a whole turn, taken out.
        mass = masses.get(position, 0.0) - lack
        mass += 1.0 if mass < -1e-3 else -1.0 if mass > 1 + 1e-3 else 0.0
        masses[position] = min(max(mass, 0.0), 1.0)
    return masses


def _where(spread: Spread, parishes: Parishes) -> dict[int, float]:
    """All of it is at its centre."""
    inside = parishes.lattice.find(spread.point.lat, spread.point.lon)
    return {inside: 1.0} if inside >= 0 else {}


def _lacking(u: Floats, d: Floats, owner: NDArray[np.int64], reach: float, uniform: bool) -> list[float]:
    """1/2π ∫ (1 - P) dθ along the edges u + t d, 0 <= t <= 1, of each owner; u and d (2, n), with the centre at 0."""
    from_centre = np.einsum("in,in->n", u, u)
    if len(owner) and from_centre.min() < _AT_CORNER**2:
        # At a corner the direction of its edges is undefined: use a point beside it.
        u = u + _BESIDE
        from_centre = np.einsum("in,in->n", u, u)
    # The chord of each edge within reach: |u + t d| <= reach.
    square, half = np.einsum("in,in->n", d, d), np.einsum("in,in->n", u, d)
    root = np.sqrt(np.maximum(half * half - square * (from_centre - reach * reach), 0))
    start, stop = np.maximum((-half - root) / square, 0), np.minimum((root - half) / square, 1)
    near = np.flatnonzero(start < stop)
    u, d, start, stop = u[:, near], d[:, near], start[near], stop[near]
    p = u + start * d
    chord = (stop - start) * d
    cross = p[0] * chord[1] - p[1] * chord[0]
    turn = np.arctan2(cross, np.einsum("in,in->n", p, p + chord))
    held = cross if uniform else cross * _gaussian(p, chord)
    lacking: list[float] = np.bincount(owner[near], (turn - held) / (2 * pi)).tolist()
    return lacking


def _gaussian(p: Floats, chord: Floats) -> Floats:
    """∫ (1 - exp(-r²/2)) / r² dt over each chord p + t chord, 0 <= t <= 1; both (2, n) → (n,)."""
    long = np.einsum("in,in->n", chord, chord) > _SHORT * _SHORT
    if not long.any():
        return _quadrature(p, chord, *_FEW)
    result = np.empty(len(long))
    result[long] = _quadrature(p[:, long], chord[:, long], *_MANY)
    result[~long] = _quadrature(p[:, ~long], chord[:, ~long], *_FEW)
    return result


def _quadrature(p: Floats, chord: Floats, nodes: Floats, weights: Floats) -> Floats:
    t = (nodes[:, None] + 1) / 2
    x, y = p[0] + t * chord[0], p[1] + t * chord[1]
    # At the centre the integrand is 1/2, but it is multiplied by 0.
    r2 = np.maximum(x * x + y * y, 1e-12)
    return np.asarray(weights / 2 @ ((1 - np.exp(r2 / -2)) / r2))
