"""The values inside shapes of GML: reference systems, coordinates, lengths and angles with their units."""

from math import degrees, isfinite
from re import fullmatch, search

from dispatch.safe_xml import Element
from geo import Point

METRES = {9001: 1.0, 9002: 0.3048, 9036: 1000.0}
DEGREES = {9102: 1.0, 9101: degrees(1.0)}
MOST_DIGITS = 50
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


def dimensions(*carriers: Element) -> tuple[int, tuple[str, ...]]:
    """2 or 3 by the reference system, which stands on the position or on the shape around it."""
    name = next((e.attributes["srsName"] for e in carriers if e.attributes.get("srsName")), None)
    if name is None:
        return 2, ("srsName: missing, WGS 84 taken",)
    match = search(r"EPSG[:/][^:/]*[:/]*(4326|4979)$", name.strip())
    if match is None:
        raise UnknownCrs("srsName", f"{name[:80]!r} is neither EPSG 4326 nor 4979")
    return (3 if match[1] == "4979" else 2), ()


def on_earth(values: list[float]) -> Point:
    try:
        return Point(values[0], values[1])
    except ValueError as error:
        raise NotAShape("pos", str(error)) from None


def numbers(element: Element) -> list[float]:
    """Finite numbers with blanks between; there may be as many as a document has room for."""
    words = element.text.split()
    if not fullmatch(r"[-+0-9.eE\s]*", element.text) or any(len(word) > MOST_DIGITS for word in words):
        raise _no_numbers(element)
    try:
        values = list(map(float, words))
    except ValueError:
        raise _no_numbers(element) from None
    if not all(map(isfinite, values)):
        raise _no_numbers(element)
    return values


def _no_numbers(element: Element) -> NotAShape:
    return NotAShape(element.name, "has something else than numbers with blanks between")


def check_extent(name: str, metres: float) -> None:
    if metres > LARGEST_REGION_M:
        raise NotAShape(name, f"reaches further than {LARGEST_REGION_M / 1000:,.0f} km")


def _measure(element: Element, name: str, units: dict[int, float]) -> float:
    part = element.first(name)
    if part is None:
        raise NotAShape(name, "missing")
    unit = search(r"(?:EPSG[:/][^:/]*[:/]*)([0-9]{4})$", part.attributes.get("uom", "").strip())
    if part.attributes.get("uom") and (unit is None or int(unit[1]) not in units):
        raise NotAShape(name, "in an unknown unit")
    values = numbers(part)
    if len(values) != 1:
        raise NotAShape(name, "not one number")
    return values[0] * (units[int(unit[1])] if unit else 1.0)


def length(element: Element, name: str, *, least: float | None = None) -> float:
    metres = _measure(element, name, METRES)
    if not (0 < metres <= LARGEST_M or metres == least):
        raise NotAShape(name, "not a length")
    return metres


def angle(element: Element, name: str) -> float:
    return _measure(element, name, DEGREES)
