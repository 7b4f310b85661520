"""Positions and shapes of GML as PIDF-LO and LoST write them (RFC 5491 section 5, GeoShape 1.0)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.gml.values import NotAShape, angle, check_extent, dimensions, length, numbers, on_earth
from dispatch.safe_xml import Element
from geo import ArcBand, Ellipse, Point, Polygon, Region, bounded_polygon, distances_m
from geo.edges import Floats


@dataclass(frozen=True, slots=True)
class Shape:
    """A point, a circle (`radius_m`) or another region, with what its third dimension says."""

    point: Point
    radius_m: float | None = None
    region: Region | None = None
    altitude_m: float | None = None
    vertical_m: float | None = None
    flaws: tuple[str, ...] = ()


def read_shape(element: Element) -> Shape:
    """The shape that `element` is. Raises NotAShape, and UnknownCrs as one of its kind."""
    reader = READERS.get(element.name)
    if reader is None:
        raise NotAShape(element.name[:40], "unknown shape")
    return reader(element)


def _point(element: Element) -> Shape:
    point, altitude_m, flaws = _centre(element)
    return Shape(point, altitude_m=altitude_m, flaws=flaws)


def _circle(element: Element) -> Shape:
    """Circle and Sphere; the sphere's radius holds upward too."""
    point, altitude_m, flaws = _centre(element)
    radius_m = length(element, "radius")
    vertical_m = radius_m if element.name == "Sphere" else None
    return Shape(point, radius_m, altitude_m=altitude_m, vertical_m=vertical_m, flaws=flaws)


def _ellipse(element: Element) -> Shape:
    """Ellipse and Ellipsoid."""
    point, altitude_m, flaws = _centre(element)
    major_m, minor_m = length(element, "semiMajorAxis"), length(element, "semiMinorAxis")
    check_extent("semiMajorAxis", major_m)
    if minor_m > major_m:
        raise NotAShape("semiMinorAxis", "longer than the major axis")
    region = Ellipse(point, major_m, minor_m, angle(element, "orientation") % 180)
    vertical_m = length(element, "verticalAxis") if element.name == "Ellipsoid" else None
    return Shape(point, region=region, altitude_m=altitude_m, vertical_m=vertical_m, flaws=flaws)


def _arc_band(element: Element) -> Shape:
    point, altitude_m, flaws = _centre(element)
    inner_m, outer_m = length(element, "innerRadius", least=0.0), length(element, "outerRadius")
    check_extent("outerRadius", outer_m)
    if inner_m >= outer_m:
        raise NotAShape("innerRadius", "not shorter than the outer radius")
    opening = angle(element, "openingAngle")
    if not 0 < opening <= 360:
        raise NotAShape("openingAngle", "not between 0 and 360 degrees")
    region = ArcBand(point, inner_m, outer_m, angle(element, "startAngle") % 360, opening)
    return Shape(point, region=region, altitude_m=altitude_m, flaws=flaws)


def _polygon(element: Element) -> Shape:
    ring = next((e for e in element.descendants() if e.name == "LinearRing"), None)
    if ring is None:
        raise NotAShape("Polygon", "has no exterior ring")
    size, flaws = dimensions(ring, element)
    corners, altitudes = _corners(ring, size)
    if len(corners) > 1 and (corners[0] == corners[-1]).all():
        corners = corners[:-1]
    else:
        flaws += ("LinearRing: not closed by its first corner",)
    others = corners[(corners != corners[0]).any(axis=1)]
    if not len(others) or (others == others[0]).all():
        raise NotAShape("LinearRing", "has fewer than three corners")
    # Longitude is x. What is told here, locating would have to do again and couldn't tell.
    drawn, flaw = bounded_polygon(corners[:, ::-1])
    corners = corners if flaw is None else _ring_of(drawn)
    middle = Point(*corners.mean(axis=0).tolist())
    check_extent("LinearRing", float(distances_m(middle.lat, middle.lon, *corners.T).max()))
    region = Polygon(tuple(Point(lat, lon) for lat, lon in corners.tolist()))
    flaws += (f"LinearRing: {flaw}",) if flaw else ()
    return Shape(middle, region=region, altitude_m=float(altitudes.mean()) if len(altitudes) else None, flaws=flaws)


def _ring_of(drawn: BaseGeometry) -> Floats:
    """Corners (n, 2) in latitude and longitude of a hull; of one without area its ends and their middle."""
    ends: Floats = shapely.get_coordinates(drawn)[:, ::-1]
    return ends[:-1] if drawn.area > 0 else np.vstack([ends, ends.mean(axis=0)])


def _prism(element: Element) -> Shape:
    """A polygon with a height: its middle and half of it up and down."""
    base = next((e for e in element.descendants() if e.name == "Polygon"), None)
    if base is None:
        raise NotAShape("Prism", "has no base")
    base.attributes.setdefault("srsName", element.attributes.get("srsName", ""))
    shape, half_m = _polygon(base), length(element, "height") / 2
    altitude_m = None if shape.altitude_m is None else shape.altitude_m + half_m
    return Shape(shape.point, region=shape.region, altitude_m=altitude_m, vertical_m=half_m, flaws=shape.flaws)


READERS: dict[str, Callable[[Element], Shape]] = {
    "Point": _point,
    "Circle": _circle,
    "Sphere": _circle,
    "Ellipse": _ellipse,
    "Ellipsoid": _ellipse,
    "ArcBand": _arc_band,
    "Polygon": _polygon,
    "Prism": _prism,
}


def _centre(element: Element) -> tuple[Point, float | None, tuple[str, ...]]:
    holder = element.first("pos", "coordinates") or next((e for e in element.descendants() if e.name == "pos"), None)
    if holder is None:
        raise NotAShape(element.name, "has no pos")
    _, flaws = dimensions(holder, element)
    values = numbers(holder)
    if len(values) not in (2, 3):
        raise NotAShape("pos", f"has {len(values)} numbers, not 2 or 3")
    return on_earth(values), values[2] if len(values) == 3 else None, flaws


def _corners(ring: Element, size: int) -> tuple[Floats, Floats]:
    """Latitude and longitude of the corners (n, 2), all on earth, and the altitudes of those that have one."""
    positions = [np.array([numbers(e)]) for e in ring.descendants() if e.name == "pos"]
    for block in (e for e in ring.descendants() if e.name == "posList"):
        values = numbers(block)
        step = 2 if size == 2 or len(values) % 3 else 3
        if len(values) % step:
            raise NotAShape("posList", f"has {len(values)} numbers, not a multiple of {step}")
        positions.append(np.array(values).reshape(-1, step))
    if (count := sum(map(len, positions))) < 3:
        raise NotAShape("LinearRing", f"has {count} corners, not 3 or more")
    if any(each.shape[1] not in (2, 3) for each in positions):
        raise NotAShape("pos", "has not 2 or 3 numbers")
    corners = np.concatenate([each[:, :2] for each in positions])
    for off in corners[(np.abs(corners) > (90, 180)).any(axis=1)][:1]:
        on_earth(off.tolist())
    return corners, np.concatenate([each[:, 2] for each in positions if each.shape[1] == 3] or [np.empty(0)])
