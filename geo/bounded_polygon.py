"""Makes untrusted polygons cheap enough for every later step.

The cost of a polygon grows with the square of the number of crossings of its sides with each other or a boundary: GEOS
takes most of a minute to repair a ring of 200 corners that crosses itself. A ring that crosses itself, or is too
complex, is replaced by its convex hull, which contains the caller wherever the ring did and is computed in n log n."""

import numpy as np
import shapely
from shapely.geometry import LinearRing, LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo.edges import Floats

MOST_CORNERS = 500
# Corners times the part by which the ring is longer than its hull: a bound on its crossings with another boundary. A
# convex ring has 0, the outline of a district at most this.
MOST_INTRICATE = 300.0
# A hull of more than MOST_CORNERS is an arc nearly everywhere: each corner that is left out was within this part of its
# size from the rest.
_LEFT_OUT = 1e-3
HULL = "its convex hull is used"


def bounded_polygon(xy: Floats) -> tuple[BaseGeometry, str | None]:
    """A valid geometry of at most MOST_CORNERS corners from the corners (n, 2), finite, of a ring in order, in any
    plane; and a text about the ring's problem, if the geometry differs from it.

    The geometry is a polygon, or a line or a point if the corners enclose no area."""
    if len(xy) > MOST_CORNERS:
        return _hull(xy), f"polygon has {len(xy)} corners, more than {MOST_CORNERS}; {HULL}"
    if len(np.unique(xy, axis=0)) < 3:
        return _hull(xy), None
    ring = LinearRing(xy)
    polygon = Polygon(ring)
    if not polygon.is_valid:
        hull = _hull(xy)
        # A ring without area loses nothing by the hull.
        return hull, f"polygon crosses or touches itself; {HULL}" if hull.area > 0 else None
    hull = ring.convex_hull
    if len(xy) * (ring.length / hull.length - 1) > MOST_INTRICATE:
        return hull, f"polygon is too complex, with {len(xy)} corners; {HULL}"
    return polygon, None


def _hull(xy: Floats) -> BaseGeometry:
    hull = LineString(np.vstack([xy, xy[:1]])).convex_hull
    if shapely.get_num_coordinates(hull) <= MOST_CORNERS + 1:
        return hull
    return hull.simplify(_LEFT_OUT * float(np.ptp(xy, axis=0).max()))
