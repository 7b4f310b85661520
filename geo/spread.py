"""The distribution of a caller's place on the projected plane, and how it is made from a fix."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import cos, hypot, isfinite, log, radians, sin, sqrt

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.bounded_polygon import bounded_polygon
from geo.cells import Cell, CellTable
from geo.fix import Fix, Pdf, Source
from geo.parishes import Parishes
from geo.point import Point
from geo.projection import FARTHEST_M, Projection, destination
from geo.region import ArcBand, Ellipse, Polygon, Region
from geo.uncertainty import CONFIDENCE, USUAL_RADIUS_M, radius_at_95, stated_confidence, widening_m

Matrix = NDArray[np.float64]
SIGMAS_AT_95 = sqrt(-2 * log(1 - CONFIDENCE))  # radius of the circle that contains 95 % of a circular Gaussian
_RADII_AT_95 = sqrt(CONFIDENCE)  # the same for a uniform disc of radius 1


class _OffThePlaneError(ValueError):
    """A region beyond the range of the projection: no caller of this city."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean (`point`, and x, y in metres) and covariance (2, 2) in square metres. Without an `area` it is Gaussian or,
    if `uniform`, a uniform ellipse; with one it is uniform over that projected polygon, which contains the caller with
    `confidence`."""

    point: Point
    x: float
    y: float
    covariance: Matrix
    uniform: bool = False
    area: BaseGeometry | None = None
    confidence: float = CONFIDENCE

    @property
    def radius_m(self) -> float:
        """A circle around the mean that contains the caller with `confidence`; an upper bound."""
        if self.area is not None:
            corners = shapely.get_coordinates(shapely.convex_hull(self.area))
            return float(np.hypot(corners[:, 0] - self.x, corners[:, 1] - self.y).max())
        longest = sqrt(self.longest_m2)
        return longest * (2 * _RADII_AT_95 if self.uniform else SIGMAS_AT_95)

    @property
    def longest_m2(self) -> float:
        """Variance along the longer axis, the larger eigenvalue of the covariance."""
        (xx, xy), (_, yy) = self.covariance.tolist()
        return float((xx + yy) / 2 + hypot((xx - yy) / 2, xy))


def spread_of(fix: Fix, parishes: Parishes, at: datetime, cells: CellTable | None = None) -> Spread | None:
    """The spread of one fix at the time `at`; None if it gives no place."""
    if fix.region is not None:
        return _of_region(fix, fix.region, parishes.projection, at)
    if fix.point is not None:
        return circle(fix.point, radius_at_95(fix, at), fix.pdf, parishes.projection)
    if fix.parish_code in parishes.by_code:
        return _of_area(parishes.projected_by_code[fix.parish_code], parishes.projection, stated_confidence(fix))
    if fix.cell is not None:
        cell = cells.find(fix.cell) if cells else None
        return _of_cell(fix, cell, parishes, at)
    return None


def circle(point: Point, radius_m: float, pdf: Pdf, projection: Projection) -> Spread:
    """A circle that contains 95 %: Gaussian, or a uniform disc if the pdf is rectangular."""
    x, y = projection.place(point.lat, point.lon)
    uniform = pdf is Pdf.RECTANGULAR
    deviation = radius_m / (2 * _RADII_AT_95 if uniform else SIGMAS_AT_95)
    return Spread(point, x, y, np.eye(2) * deviation**2, uniform)


def _of_cell(fix: Fix, cell: Cell | None, parishes: Parishes, at: datetime) -> Spread:
    if cell is None:
        # Only known: the call reached this city.
        return _of_area(parishes.outline, parishes.projection, stated_confidence(fix))
    reach = cell.range_m + widening_m(fix, at)
    if cell.azimuth_deg is None:
        return circle(cell.point, reach, Pdf.RECTANGULAR, parishes.projection)
    sector = ArcBand(cell.point, 0.0, reach, cell.azimuth_deg - cell.opening_deg / 2, cell.opening_deg)
    return _of_area(_arc_band(sector, parishes.projection), parishes.projection, CONFIDENCE)


def _of_region(fix: Fix, region: Region, projection: Projection, at: datetime) -> Spread:
    try:
        if isinstance(region, Ellipse):
            return _of_ellipse(fix, region, projection, at)
        return _of_area(_drawn(region, widening_m(fix, at), projection), projection, stated_confidence(fix))
    except _OffThePlaneError:
        return circle(_centre(region), USUAL_RADIUS_M[Source.UNKNOWN], Pdf.UNKNOWN, projection)


def _drawn(region: ArcBand | Polygon, widening_m: float, projection: Projection) -> BaseGeometry:
    match region:
        case ArcBand(inner_m=inner, outer_m=outer):
            wider = replace(region, inner_m=max(inner - widening_m, 0.0), outer_m=outer + widening_m)
            return _arc_band(wider, projection)
        case Polygon(corners):
            area = _polygon(corners, projection)
            return area.buffer(widening_m) if widening_m else area


def _centre(region: Region) -> Point:
    if not isinstance(region, Polygon):
        return region.centre
    corners = region.corners
    return Point(sum(c.lat for c in corners) / len(corners), sum(c.lon for c in corners) / len(corners))


def _of_ellipse(fix: Fix, ellipse: Ellipse, projection: Projection, at: datetime) -> Spread:
    major, minor = (radius_at_95(fix, at, axis) for axis in (ellipse.semi_major_m, ellipse.semi_minor_m))
    even = circle(ellipse.centre, 1.0, fix.pdf, projection)
    # The axis on the grid, whose north differs from true north away from the zone's middle.
    ahead = projection.place(*destination(ellipse.centre.lat, ellipse.centre.lon, ellipse.orientation_deg, 100.0))
    if FARTHEST_M in (even.x, *ahead):
        raise _OffThePlaneError
    along = np.array([ahead[0] - even.x, ahead[1] - even.y]) / hypot(ahead[0] - even.x, ahead[1] - even.y)
    across = np.array([-along[1], along[0]])
    shape = major**2 * np.outer(along, along) + minor**2 * np.outer(across, across)
    return replace(even, covariance=shape * even.covariance[0, 0])


def _of_area(area: BaseGeometry, projection: Projection, confidence: float) -> Spread:
    x, y, covariance = _moments(area)
    lat, lon = projection.inverse(x, y)
    if not (isfinite(lat) and isfinite(lon)):
        raise _OffThePlaneError
    return Spread(Point(lat, lon), x, y, covariance, True, area, confidence)


def _polygon(corners: Sequence[Point], projection: Projection) -> BaseGeometry:
    """The polygon in metres; the convex hull of one that crosses itself; one without area gets a metre around it."""
    x, y = projection.forward([corner.lat for corner in corners], [corner.lon for corner in corners])
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise _OffThePlaneError
    drawn, _ = bounded_polygon(np.column_stack([x, y]))
    return drawn if drawn.area > 0 else drawn.buffer(1.0)


def _arc_band(band: ArcBand, projection: Projection) -> BaseGeometry:
    """The band as a polygon of the same area: its corners are slightly outside the arcs."""
    opening = min(max(band.opening_deg, 1.0), 360.0)
    steps = max(8, int(opening / 3))
    half = radians(opening / steps) / 2
    stretch = sqrt(half / (sin(half) * cos(half)))
    bearings = [band.start_deg + opening * step / steps for step in range(steps + 1)]
    outer, inner = max(band.outer_m, 1.0), min(band.inner_m, max(band.outer_m, 1.0) - 1.0)
    turn = [(bearing, outer * stretch) for bearing in bearings]
    back = [(bearing, inner * stretch) for bearing in reversed(bearings)] if inner > 0 else []
    if opening < 360:
        return _polygon(_around(band.centre, turn + (back or [(0.0, 0.0)])), projection)
    disc = _polygon(_around(band.centre, turn), projection)
    return disc.difference(_polygon(_around(band.centre, back), projection)) if back else disc


def _around(centre: Point, ways: list[tuple[float, float]]) -> list[Point]:
    return [Point(*destination(centre.lat, centre.lon, bearing, metres)) for bearing, metres in ways]


def _moments(area: BaseGeometry) -> tuple[float, float, Matrix]:
    """Mean and covariance of a uniform spread over a polygon, by the sum over triangles from its first corner."""
    centre = area.centroid
    sums, total = np.zeros((2, 2)), 0.0
    for part in shapely.get_parts(area):
        for ring, sign in ((part.exterior, 1), *((hole, -1) for hole in part.interiors)):
            a = shapely.get_coordinates(ring) - (centre.x, centre.y)
            p, q = a[:-1], a[1:]
            cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
            turn = sign if cross.sum() >= 0 else -sign
            pairs = p[:, :, None] * p[:, None] + q[:, :, None] * q[:, None] + (p + q)[:, :, None] * (p + q)[:, None]
            sums += turn * (cross[:, None, None] * pairs).sum(axis=0) / 24
            total += turn * cross.sum() / 2
    return centre.x, centre.y, sums / total
