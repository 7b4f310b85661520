"""Polygons that strangers draw, made cheap enough for every later step.

What polygons cost grows with the square of how often their sides cross each other or a boundary: a ring of 200 corners
that crosses itself takes GEOS most of a minute to repair. A ring that crosses itself, or is too intricate, is replaced
by its convex hull, which holds the caller wherever the ring did and is made in n log n."""

import numpy as np
import shapely
from shapely.geometry import LinearRing, LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo.edges import Floats

MOST_CORNERS = 500
# Corners times the part by which the ring is longer than its hull: how often it can cross what lies below it. A convex
# ring has 0, the outline of a district at most this.
MOST_INTRICATE = 300.0
# A hull of more than MOST_CORNERS is an arc nearly everywhere: no corner of it that is left out was farther from the
# rest than this part of its size.
_LEFT_OUT = 1e-3
HULL = "its convex hull is used"


def bounded_polygon(xy: Floats) -> tuple[BaseGeometry, str | None]:
    """A valid geometry of at most MOST_CORNERS corners from the corners (n, 2), finite, of a ring in order, in any
    plane; and what was wrong with the ring, in words, if it is not drawn as it was given.

    The geometry is a polygon, or a line or a point where the corners enclose no area."""
    if len(xy) > MOST_CORNERS:
        return _hull(xy), f"polygon has {len(xy)} corners, more than {MOST_CORNERS}; {HULL}"
    if len(np.unique(xy, axis=0)) < 3:
        return _hull(xy), None
    ring = LinearRing(xy)
    polygon = Polygon(ring)
    if not polygon.is_valid:
        hull = _hull(xy)
        # Without any area nothing is lost by the hull.
        return hull, f"polygon crosses or touches itself; {HULL}" if hull.area > 0 else None
    hull = ring.convex_hull
    if len(xy) * (ring.length / hull.length - 1) > MOST_INTRICATE:
        return hull, f"polygon is too intricate, with {len(xy)} corners; {HULL}"
    return polygon, None


def _hull(xy: Floats) -> BaseGeometry:
    hull = LineString(np.vstack([xy, xy[:1]])).convex_hull
    if shapely.get_num_coordinates(hull) <= MOST_CORNERS + 1:
        return hull
    return hull.simplify(_LEFT_OUT * float(np.ptp(xy, axis=0).max()))
