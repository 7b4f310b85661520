"""A few weighted points that represent the whole location: a function evaluated at each and averaged by weight is
approximated for the whole location.

A circular Gaussian is represented by seven points, exact for every polynomial up to degree 5 (Stroud and Secrest 1963,
Mathematics of Computation 17, formula V; E2r2 5-1 in Stroud 1971, Approximate Calculation of Multiple Integrals): the
centre with half the weight, and a hexagon at two standard deviations. The rule for a uniform disc has the same shape
(S2 5-1 in the same book): a quarter at the centre, the hexagon at sqrt(2/3) of the radius. For small locations four
points are enough, exact up to degree 3: a square whose corners are sqrt(2) standard deviations out."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import atan2, cos, log, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from geo.location import Location
from geo.parishes import Parishes
from geo.point import Point
from geo.projection import destination
from geo.uncertainty import CONFIDENCE

Floats = NDArray[np.float64]

# A difference of this size doesn't change the choice of a unit.
SMALL_M = 30.0
# Within this distance only the side of a street, or of a ravine, can differ.
NARROW_M = 150.0
# From here on a location isn't a blurred point but an area with a shape: a cell, a parish, the whole city.
WIDE_M = 2_500.0
MOST = 7
# Uniform over a disc: the radius grows with the number, the angle by the golden angle.
SAMPLES = 256
GOLDEN_RAD = pi * (3 - sqrt(5))


@dataclass(frozen=True, slots=True)
class WeightedPoint:
    """`weight` is a probability: those of one location sum to 1."""

    point: Point
    weight: float


def support_points(
    location: Location, *, parishes: Parishes | None = None, small_m: float = SMALL_M, even: bool = False
) -> tuple[WeightedPoint, ...]:
    """None for a location without a position, 1 for one within `small_m` metres, 4 within 150 m, else up to 7; the same
    for the same location.

    `even`: uniform over its circle instead of Gaussian. A location wider than 2.5 km is uniform too and, if `parishes`
    are given, over those parts of its candidates that are in its circle, each with the probability that the location
    gives it; the points are then the means of seven parts of that."""
    if location.lat is None or location.lon is None:
        return ()
    centre, radius_m = Point(location.lat, location.lon), location.radius_m or 0.0
    if radius_m < small_m:
        return (WeightedPoint(centre, 1.0),)
    if radius_m > WIDE_M and parishes is not None and (inside := _in_candidates(location, centre, radius_m, parishes)):
        return inside
    held = min(max(location.confidence or CONFIDENCE, 0.01), 0.999)
    is_even = even or radius_m > WIDE_M
    # Of one coordinate: a uniform disc's is half its radius.
    deviation_m = radius_m / sqrt(held) / 2 if is_even else radius_m / sqrt(-2 * log(1 - held))
    if radius_m < NARROW_M:
        return tuple(_around(centre, 4, sqrt(2) * deviation_m, 1.0))
    in_centre, out_m = (1 / 4, 2 * sqrt(2 / 3) * deviation_m) if is_even else (1 / 2, 2 * deviation_m)
    return WeightedPoint(centre, in_centre), *_around(centre, 6, out_m, 1 - in_centre)


def _around(centre: Point, corners: int, out_m: float, weight: float) -> Iterator[WeightedPoint]:
    for corner in range(corners):
        there = Point(*destination(centre.lat, centre.lon, 360 / corners * corner, out_m))
        yield WeightedPoint(there, weight / corners)


def _in_candidates(location: Location, centre: Point, radius_m: float, parishes: Parishes) -> tuple[WeightedPoint, ...]:
    """Empty if none of many points of the circle is in a candidate."""
    x, y = parishes.projection.place(centre.lat, centre.lon)
    n = np.arange(SAMPLES)
    out_m, turn = radius_m * np.sqrt((n + 0.5) / SAMPLES), n * GOLDEN_RAD
    x, y = x + out_m * np.sin(turn), y + out_m * np.cos(turn)
    lat, lon = parishes.projection.inverse(x, y)
    parish = parishes.find_many(lat, lon)
    probability = {candidate.code: candidate.probability for candidate in location.candidates}
    of_parish = np.array([probability.get(p.code, 0.0) for p in parishes.parishes] + [0.0])
    # Points in no parish have number -1, the last element of the counts and of the probabilities.
    counts = np.bincount(np.where(parish >= 0, parish, len(parishes)), minlength=len(of_parish))
    weight = (of_parish / np.maximum(counts, 1))[parish]
    held = weight > 0
    if not held.any():
        return ()
    return tuple(_parts(np.column_stack([lat, lon, x, y])[held], weight[held] / weight[held].sum()))


def _parts(places: Floats, weight: Floats) -> list[WeightedPoint]:
    """Means of `MOST` parts of weighted `places` (n, 4: degrees and metres): the part whose places are farthest from
    their mean is split there, across its longer axis, until there are enough. The mean of the whole is preserved."""
    parts = [_Part.of(places, weight)]
    while len(parts) < min(MOST, len(weight)):
        widest = max(parts, key=lambda part: part.moment)
        parts.remove(widest)
        parts += widest.halves()
    return [WeightedPoint(Point(*part.mean[:2].tolist()), float(part.weight.sum())) for part in parts]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    places: Floats
    weight: Floats
    mean: Floats
    scatter: Floats

    @classmethod
    def of(cls, places: Floats, weight: Floats) -> "_Part":
        mean = weight @ places / weight.sum()
        off = places[:, 2:] - mean[2:]
        return cls(places, weight, mean, off.T @ (off * weight[:, None]))

    @property
    def moment(self) -> float:
        return float(self.scatter[0, 0] + self.scatter[1, 1])

    def halves(self) -> "tuple[_Part, _Part]":
        """Neither is empty, because there are places on either side of a mean."""
        (xx, xy), (_, yy) = self.scatter.tolist()
        along = atan2(2 * xy, xx - yy) / 2
        ahead = (self.places[:, 2:] - self.mean[2:]) @ (cos(along), sin(along)) > 0
        return _Part.of(self.places[ahead], self.weight[ahead]), _Part.of(self.places[~ahead], self.weight[~ahead])
