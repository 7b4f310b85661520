"""The exterior ring of a GML polygon."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.xml.gml_values import NotAShape, Values, check_extent
from geo import Point, Polygon, bounded_polygon, distance_m

LEAST_RADIUS_M = 1.0


@dataclass(frozen=True, slots=True)
class Ring:
    """`region`, or if the corners make none, a circle of `radius_m` around them; the mean of their altitudes."""

    middle: Point
    radius_m: float | None
    region: Polygon | None
    altitude_m: float | None


def ring_of(values: Values) -> Ring:
    """Raises NotAShape."""
    element = values.element
    ring = next((e for e in element.descendants() if e.name == "LinearRing"), None)
    if ring is None:
        raise NotAShape("Polygon", "has no exterior ring")
    inner = next((e for e in ring.descendants() if e.attributes.get("srsName")), ring)
    size, lon_first = values.dimensions(inner, ring, element)
    positions = _positions(values, size)
    corners = [values.point(each, lon_first=lon_first) for each in positions]
    values.flaws[:] = dict.fromkeys(values.flaws)
    if corners[0] == corners[-1]:
        corners = corners[:-1] or corners
    else:
        values.flaw("LinearRing", "not closed: the last corner differs from the first")
    middle = Point(sum(c.lat for c in corners) / len(corners), sum(c.lon for c in corners) / len(corners))
    reach_m = max(distance_m(middle.lat, middle.lon, c.lat, c.lon) for c in corners)
    check_extent("LinearRing", reach_m)
    altitudes = [each[2] for each in positions if len(each) == 3]
    altitude_m = sum(altitudes) / len(altitudes) if altitudes else None
    if len(set(corners)) < 3:
        values.flaw("LinearRing", "has fewer than three corners, the circle around them taken")
        return Ring(middle, reach_m if reach_m > LEAST_RADIUS_M else None, None, altitude_m)
    # Longitude is x. Reduced here, so that locating need not do it again and the flaw is reported.
    drawn, flaw = bounded_polygon(np.array([(corner.lon, corner.lat) for corner in corners]))
    if flaw is not None:
        values.flaw("LinearRing", flaw)
        corners = _corners_of(drawn)
    return Ring(middle, None, Polygon(tuple(corners)), altitude_m)


def _corners_of(drawn: BaseGeometry) -> list[Point]:
    """Of a hull; of one without area its ends and their middle."""
    ends = shapely.get_coordinates(drawn)
    ring = ends[:-1] if drawn.area > 0 else np.vstack([ends, ends.mean(axis=0)])
    return [Point(lat, lon) for lon, lat in ring.tolist()]


def _positions(values: Values, size: int) -> list[list[float]]:
    """Two or three numbers for each corner. Raises NotAShape."""
    ring = next(e for e in values.element.descendants() if e.name == "LinearRing")
    positions = [values.numbers(e) for e in ring.descendants() if e.name == "pos"]
    for block in (e for e in ring.descendants() if e.name in ("posList", "coordinates")):
        numbers = values.numbers(block)
        step = _step(numbers, size)
        if len(numbers) % step:
            raise NotAShape(block.name, f"has {len(numbers)} numbers, not a multiple of {step}")
        positions += [numbers[i : i + step] for i in range(0, len(numbers), step)]
    if not positions:
        raise NotAShape("LinearRing", "has no corners")
    if any(len(p) not in (2, 3) for p in positions):
        raise NotAShape("pos", "has not 2 or 3 numbers")
    return positions


def _step(numbers: list[float], size: int) -> int:
    """By the reference system; but by the other number if only that closes the ring or divides the count."""
    closed = {step: len(numbers) % step == 0 and numbers[:step] == numbers[-step:] for step in (2, 3)}
    other = 5 - size
    if closed[other] and not closed[size]:
        return other
    return other if size == 3 and len(numbers) % 3 else size
