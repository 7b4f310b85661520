"""Reads positions and shapes of GML as PIDF-LO and LoST write them (RFC 5491 section 5, GeoShape 1.0).

A faulty secondary value never discards the position: the centre is used, with the part of the region that is still
known."""

from collections.abc import Callable
from dataclasses import dataclass
from math import degrees

from dispatch.gml.rings import ring_of
from dispatch.xml.gml_values import NotAShape, Values, check_extent
from dispatch.xml.safe_xml import Element
from geo import ArcBand, Ellipse, Point, Region


@dataclass(frozen=True, slots=True)
class Shape:
    """A point, a circle (`radius_m`) or another region, with its third dimension."""

    point: Point
    radius_m: float | None = None
    region: Region | None = None
    altitude_m: float | None = None
    vertical_m: float | None = None
    flaws: tuple[str, ...] = ()


def read_shape(element: Element) -> Shape:
    """The shape of `element`. Raises NotAShape, and its subclass UnknownCrs."""
    reader = READERS.get(element.name)
    if reader is None:
        raise NotAShape(element.name[:40], "unknown shape")
    return reader(Values(element))


def _point(values: Values) -> Shape:
    point, altitude_m = _centre(values)
    return Shape(point, altitude_m=altitude_m, flaws=tuple(values.flaws))


def _circle(values: Values) -> Shape:
    """Circle and Sphere; the sphere's radius is also the vertical one."""
    point, altitude_m = _centre(values)
    radius_m = values.length("radius")
    vertical_m = radius_m if values.element.name == "Sphere" else None
    return Shape(point, radius_m, altitude_m=altitude_m, vertical_m=vertical_m, flaws=tuple(values.flaws))


def _ellipse(values: Values) -> Shape:
    """Ellipse and Ellipsoid."""
    point, altitude_m = _centre(values)
    major_m, minor_m = values.length("semiMajorAxis"), values.length("semiMinorAxis")
    check_extent("semiMajorAxis", max(major_m or 0, minor_m or 0))
    orientation = values.angle("orientation")
    vertical_m = values.length("verticalAxis") if values.element.name == "Ellipsoid" else None
    region = None
    if major_m is not None and minor_m is not None and orientation is not None:
        if minor_m > major_m:
            values.flaw("semiMinorAxis", "longer than the major axis; used as major axis")
            major_m, minor_m, orientation = minor_m, major_m, orientation + 90
        region = Ellipse(point, major_m, minor_m, orientation % 180)
    # The circle around it, as far as known.
    radius_m = max(major_m or 0, minor_m or 0) or None if region is None else None
    return Shape(point, radius_m, region, altitude_m, vertical_m, tuple(values.flaws))


def _arc_band(values: Values) -> Shape:
    point, altitude_m = _centre(values)
    inner_m, outer_m = values.length("innerRadius", least=0.0), values.length("outerRadius")
    check_extent("outerRadius", max(inner_m or 0, outer_m or 0))
    start, opening = _arc(values)
    if inner_m is not None and outer_m is not None and inner_m > outer_m:
        values.flaw("innerRadius", "longer than the outer radius; used as outer radius")
        inner_m, outer_m = outer_m, inner_m
    if outer_m is None or inner_m == outer_m or start is None or opening is None:
        radius_m = max(inner_m or 0, outer_m or 0) or None
        return Shape(point, radius_m, altitude_m=altitude_m, flaws=tuple(values.flaws))
    region = ArcBand(point, inner_m or 0.0, outer_m, start % 360, opening)
    return Shape(point, region=region, altitude_m=altitude_m, flaws=tuple(values.flaws))


def _arc(values: Values) -> tuple[float | None, float | None]:
    """Start and opening in degrees. No antenna sector is only a few degrees wide: such an opening is in radians."""
    start, opening = values.angle("startAngle"), values.angle("openingAngle")
    if opening is not None and start is not None and values.is_plain_degrees("openingAngle"):
        values.flaw("openingAngle", "a few degrees only; radians assumed")
        start, opening = degrees(start) if start <= 2 * 3.1416 else start, degrees(opening)
    if opening is not None and not 0 < opening <= 360:
        values.flaw("openingAngle", "not between 0 and 360 degrees; the whole circle is used")
        return start, None
    return start, opening


def _polygon(values: Values) -> Shape:
    ring = ring_of(values)
    return Shape(ring.middle, ring.radius_m, ring.region, ring.altitude_m, flaws=tuple(values.flaws))


def _prism(values: Values) -> Shape:
    """A polygon with a height: its vertical middle, and half of the height up and down."""
    element = values.element
    base = next((e for e in element.descendants() if e.name == "Polygon"), None)
    if base is None:
        raise NotAShape("Prism", "has no base")
    base.attributes.setdefault("srsName", element.attributes.get("srsName", ""))
    ring, height_m = ring_of(Values(base, values.flaws)), values.length("height")
    half_m = height_m / 2 if height_m is not None else None
    altitude_m = None if ring.altitude_m is None else ring.altitude_m + (half_m or 0)
    return Shape(ring.middle, ring.radius_m, ring.region, altitude_m, half_m, tuple(values.flaws))


READERS: dict[str, Callable[[Values], Shape]] = {
    "Point": _point,
    "Circle": _circle,
    "Sphere": _circle,
    "Ellipse": _ellipse,
    "Ellipsoid": _ellipse,
    "ArcBand": _arc_band,
    "Polygon": _polygon,
    "Prism": _prism,
}


def _centre(values: Values) -> tuple[Point, float | None]:
    """Of `pos`, or of the elements that older senders use instead; altitude in metres. Raises NotAShape."""
    element = values.element
    inside = {e.name: e for e in reversed(list(element.descendants()))}
    holder = next((inside[name] for name in ("pos", "coordinates", "posList") if name in inside), None)
    if holder is None and "coord" in inside:
        _, lon_first = values.dimensions(inside["coord"], element)
        parts = [part for name in ("X", "Y", "Z") for part in inside["coord"].each(name)]
        numbers = [number for part in parts for number in values.numbers(part)]
    else:
        if holder is None and not element.text.strip():
            raise NotAShape(element.name, "has no pos")
        if holder is None or holder.name != "pos":
            values.flaw(holder.name if holder else element.name, "read as pos")
        _, lon_first = values.dimensions(*([holder] if holder else []), element)
        numbers = values.numbers(holder or element)
    if len(numbers) not in (2, 3):
        raise NotAShape("pos", f"has {len(numbers)} numbers, not 2 or 3")
    return values.point(numbers, lon_first=lon_first), numbers[2] if len(numbers) == 3 else None
