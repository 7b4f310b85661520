"""Positions and shapes of GML as PIDF-LO and LoST write them (RFC 5491 section 5, GeoShape 1.0)."""

from collections.abc import Callable
from dataclasses import dataclass
from math import degrees, isfinite
from re import fullmatch, search

from dispatch.safe_xml import Element
from geo import ArcBand, Ellipse, Point, Polygon, Region, distance_m

METRE, DEGREE = 9001, 9102
METRES = {METRE: 1.0, 9002: 0.3048, 9036: 1000.0}
DEGREES = {DEGREE: 1.0, 9101: degrees(1.0)}
MOST_CORNERS = 500
LARGEST_M = 20_037_508.0
# A region beyond this places nobody, and no plane can hold it.
LARGEST_REGION_M = 1_000_000.0


class NotAShape(ValueError):
    """`field` is the local name of the offending element."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


class UnknownCrs(NotAShape):
    """Coordinates of a reference system other than WGS 84, which must not be taken for it."""


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
    radius_m = _length(element, "radius")
    vertical_m = radius_m if element.name == "Sphere" else None
    return Shape(point, radius_m, altitude_m=altitude_m, vertical_m=vertical_m, flaws=flaws)


def _ellipse(element: Element) -> Shape:
    """Ellipse and Ellipsoid."""
    point, altitude_m, flaws = _centre(element)
    major_m, minor_m = _length(element, "semiMajorAxis"), _length(element, "semiMinorAxis")
    _check_extent("semiMajorAxis", major_m)
    if minor_m > major_m:
        raise NotAShape("semiMinorAxis", "longer than the major axis")
    region = Ellipse(point, major_m, minor_m, _angle(element, "orientation") % 180)
    vertical_m = _length(element, "verticalAxis") if element.name == "Ellipsoid" else None
    return Shape(point, region=region, altitude_m=altitude_m, vertical_m=vertical_m, flaws=flaws)


def _arc_band(element: Element) -> Shape:
    point, altitude_m, flaws = _centre(element)
    inner_m, outer_m = _length(element, "innerRadius", least=0.0), _length(element, "outerRadius")
    _check_extent("outerRadius", outer_m)
    if inner_m >= outer_m:
        raise NotAShape("innerRadius", "not shorter than the outer radius")
    opening = _angle(element, "openingAngle")
    if not 0 < opening <= 360:
        raise NotAShape("openingAngle", "not between 0 and 360 degrees")
    region = ArcBand(point, inner_m, outer_m, _angle(element, "startAngle") % 360, opening)
    return Shape(point, region=region, altitude_m=altitude_m, flaws=flaws)


def _polygon(element: Element) -> Shape:
    ring = next((e for e in element.descendants() if e.name == "LinearRing"), None)
    if ring is None:
        raise NotAShape("Polygon", "has no exterior ring")
    size, flaws = _dimensions(ring, element)
    corners, altitudes = _corners(ring, size)
    if corners[0] == corners[-1]:
        corners = corners[:-1]
    else:
        flaws += ("LinearRing: not closed by its first corner",)
    if len(set(corners)) < 3:
        raise NotAShape("LinearRing", "has fewer than three corners")
    middle = Point(sum(c.lat for c in corners) / len(corners), sum(c.lon for c in corners) / len(corners))
    _check_extent("LinearRing", max(distance_m(middle.lat, middle.lon, c.lat, c.lon) for c in corners))
    altitude_m = sum(altitudes) / len(altitudes) if altitudes else None
    return Shape(middle, region=Polygon(tuple(corners)), altitude_m=altitude_m, flaws=flaws)


def _prism(element: Element) -> Shape:
    """A polygon with a height: its middle and half of it up and down."""
    base = next((e for e in element.descendants() if e.name == "Polygon"), None)
    if base is None:
        raise NotAShape("Prism", "has no base")
    base.attributes.setdefault("srsName", element.attributes.get("srsName", ""))
    shape, half_m = _polygon(base), _length(element, "height") / 2
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
    _, flaws = _dimensions(holder, element)
    values = _numbers(holder)
    if len(values) not in (2, 3):
        raise NotAShape("pos", f"has {len(values)} numbers, not 2 or 3")
    return _on_earth(values), values[2] if len(values) == 3 else None, flaws


def _corners(ring: Element, size: int) -> tuple[list[Point], list[float]]:
    positions = [_numbers(e) for e in ring.descendants() if e.name == "pos"]
    for block in (e for e in ring.descendants() if e.name == "posList"):
        values = _numbers(block)
        step = 2 if size == 2 or len(values) % 3 else 3
        if len(values) % step:
            raise NotAShape("posList", f"has {len(values)} numbers, not a multiple of {step}")
        positions += [values[i : i + step] for i in range(0, len(values), step)]
    if not 3 <= len(positions) <= MOST_CORNERS:
        raise NotAShape("LinearRing", f"has {len(positions)} corners, not 3 to {MOST_CORNERS}")
    if any(len(p) not in (2, 3) for p in positions):
        raise NotAShape("pos", "has not 2 or 3 numbers")
    return [_on_earth(p) for p in positions], [p[2] for p in positions if len(p) == 3]


def _dimensions(*carriers: Element) -> tuple[int, tuple[str, ...]]:
    """2 or 3 by the reference system, which stands on the position or on the shape around it."""
    name = next((e.attributes["srsName"] for e in carriers if e.attributes.get("srsName")), None)
    if name is None:
        return 2, ("srsName: missing, WGS 84 taken",)
    match = search(r"EPSG[:/][^:/]*[:/]*(4326|4979)$", name.strip())
    if match is None:
        raise UnknownCrs("srsName", f"{name[:80]!r} is neither EPSG 4326 nor 4979")
    return (3 if match[1] == "4979" else 2), ()


def _on_earth(values: list[float]) -> Point:
    try:
        return Point(values[0], values[1])
    except ValueError as error:
        raise NotAShape("pos", str(error)) from None


def _numbers(element: Element) -> list[float]:
    words = element.text.split()
    if len(words) > 3 * MOST_CORNERS or not all(_is_number(word) for word in words):
        raise NotAShape(element.name, "has something else than a few numbers with blanks between")
    return [float(word) for word in words]


def _is_number(word: str) -> bool:
    return bool(fullmatch(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?", word))


def _check_extent(name: str, metres: float) -> None:
    if metres > LARGEST_REGION_M:
        raise NotAShape(name, f"reaches further than {LARGEST_REGION_M / 1000:,.0f} km")


def _measure(element: Element, name: str, units: dict[int, float]) -> float:
    part = element.first(name)
    if part is None:
        raise NotAShape(name, "missing")
    unit = search(r"(?:EPSG[:/][^:/]*[:/]*)([0-9]{4})$", part.attributes.get("uom", "").strip())
    if part.attributes.get("uom") and (unit is None or int(unit[1]) not in units):
        raise NotAShape(name, "in an unknown unit")
    values = _numbers(part)
    if len(values) != 1 or not isfinite(values[0]):
        raise NotAShape(name, "not one number")
    return values[0] * (units[int(unit[1])] if unit else 1.0)


def _length(element: Element, name: str, *, least: float | None = None) -> float:
    metres = _measure(element, name, METRES)
    if not (0 < metres <= LARGEST_M or metres == least):
        raise NotAShape(name, "not a length")
    return metres


def _angle(element: Element, name: str) -> float:
    return _measure(element, name, DEGREES)
