"""The values in GML shapes: reference systems, coordinates, lengths and angles with their units.

Problems of a value are added to `flaws`, by the name of its element; the value is then None, or what it most probably
means."""

import re
from dataclasses import dataclass, field
from math import degrees, tau

from dispatch.number import decimal, plain
from dispatch.xml.safe_xml import Element
from geo import Point

METRES = {"9001": 1.0, "9002": 0.3048, "9036": 1000.0, "m": 1.0, "met": 1.0, "km": 1000.0, "ft": 0.3048}
DEGREES = {"9102": 1.0, "9101": degrees(1.0), "deg": 1.0, "rad": degrees(1.0)}
UNIT = re.compile(r"(?:epsg[:/#][^:/#]*[:/#]*([0-9]{4})|(?:[^:]*:)*(km|met|m|ft|deg|rad)[a-z]*)", re.IGNORECASE)
CRS = re.compile(
    r"(?:.*epsg[^0-9]*(?:[0-9.]+[^0-9]+)?)?(?P<epsg>4326|4979)|.*crs:?(?P<crs>84)h?|wgs[-_ ]?(?P<wgs>84)", re.I
)
LETTERED = re.compile(r"([0-9]{1,3})(?::([0-9]{1,2}))?(?::([0-9]{1,2}(?:\.[0-9]{1,10})?))?([NSEW])", re.IGNORECASE)
# What the largest document has room for.
MOST_NUMBERS, MOST_CHARS, MOST_DIGITS = 24_000, 256_000, 50
PLAIN = re.compile(r"[-+0-9.\s]*")
LARGEST_M = 20_037_508.0
# A larger region locates nobody, and no projection can represent it.
LARGEST_REGION_M = 1_000_000.0


class NotAShape(ValueError):
    """`field` is the local name of the faulty element."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


class UnknownCrs(NotAShape):
    """Coordinates of a reference system other than WGS 84, which must not be read as WGS 84."""


@dataclass(slots=True)
class Values:
    """The values of one shape; `flaws` are collected while it is read."""

    element: Element
    flaws: list[str] = field(default_factory=list)

    def flaw(self, name: str, problem: str) -> None:
        self.flaws.append(f"{name}: {problem}")

    def dimensions(self, *carriers: Element) -> tuple[int, bool]:
        """2 or 3, and whether the longitude comes first, by the reference system, which is given on the position or on
        the shape around it. Raises UnknownCrs."""
        name = next((e.attributes["srsName"].strip() for e in carriers if e.attributes.get("srsName")), None)
        if name is None:
            self.flaw("srsName", "missing; WGS 84 assumed")
            return 2, False
        match = CRS.fullmatch(name[:200])
        if match is None:
            raise UnknownCrs("srsName", f"{name[:80]!r} is neither EPSG 4326 nor 4979")
        if match["crs"]:
            self.flaw("srsName", "CRS 84, longitude first")
        elif "EPSG" not in name:
            self.flaw("srsName", f"{name[:40]!r}, read as EPSG {match['epsg'] or 4326}")
        return (3 if match["epsg"] == "4979" else 2), bool(match["crs"])

    def numbers(self, element: Element) -> list[float]:
        """Raises NotAShape."""
        if (plainly := _plain_numbers(element.text)) is not None:
            return plainly
        written = plain(element.text).strip()
        words = written.split() if len(written) <= MOST_CHARS else [""] * (MOST_NUMBERS + 1)
        if "," in written or ";" in written:
            words = self._parted(element.name, words)
        values = [_value(word) for word in words[: MOST_NUMBERS + 1]]
        if len(values) > MOST_NUMBERS or any(value is None for value in values):
            raise NotAShape(element.name, "must be numbers separated by blanks")
        return [value for value in values if value is not None]

    def _parted(self, name: str, words: list[str]) -> list[str]:
        """Decimal commas (`-0,18 -78,46`), or commas as separators."""
        whole = [word.strip(",;") for word in words]
        if 2 <= len(whole) <= 3 and any("," in word for word in whole) and None not in map(decimal, whole):
            self.flaw(name, "commas used as decimal points")
            return [word.replace(",", ".") for word in whole]
        self.flaw(name, "commas between the numbers")
        return [part for word in words for part in re.split("[,;]", word) if part]

    def point(self, values: list[float], *, lon_first: bool = False) -> Point:
        """Raises NotAShape."""
        lat, lon = values[1::-1] if lon_first else values[:2]
        try:
            return Point(lat, lon)
        except ValueError as error:
            raise NotAShape("pos", str(error)) from None

    def length(self, name: str, *, least: float | None = None) -> float | None:
        """In metres; None with a flaw if it is missing or not a length."""
        metres, _ = self._measure(name, METRES)
        if metres is None or 0 < metres <= LARGEST_M or metres == least:
            return metres
        self.flaw(name, f"{metres:g} is not a length; ignored")
        return None

    def angle(self, name: str) -> float | None:
        """In degrees. Radians of more than a full turn are degrees with the wrong unit."""
        value, factor = self._measure(name, DEGREES)
        if value is None or factor == 1 or abs(value / factor) <= tau + 0.01:
            return value
        self.flaw(name, "more than a full turn in radians; degrees assumed")
        return value / factor

    def is_plain_degrees(self, name: str) -> bool:
        """Whether an angle is in degrees, or has no unit, and is small enough to be radians."""
        value, factor = self._measure(name, DEGREES, report=False)
        return value is not None and factor == 1 and 0 <= value <= tau and value != int(value)

    def _measure(self, name: str, units: dict[str, float], *, report: bool = True) -> tuple[float | None, float]:
        """The value in the base unit, and how many of these the unit of the element is."""
        part = self.element.first(name)
        problem = "missing"
        if part is not None:
            uom = part.attributes.get("uom", "").strip()
            unit = UNIT.fullmatch(uom.removeprefix("urn:ogc:def:uom:")[:80]) if uom else None
            factor = units.get((unit[1] or unit[2]).lower()) if unit else 1.0 if not uom else None
            value = decimal(part.text)
            if value is not None and factor is not None:
                return value * factor, factor
            problem = "in an unknown unit; ignored" if factor is None else "not one number; ignored"
        if report:
            self.flaw(name, problem)
        return None, 1.0


def check_extent(name: str, metres: float) -> None:
    """Raises NotAShape."""
    if metres > LARGEST_REGION_M:
        raise NotAShape(name, f"reaches further than {LARGEST_REGION_M / 1000:,.0f} km")


def _plain_numbers(text: str) -> list[float] | None:
    """Decimal numbers separated by blanks, as nearly all documents have them: read at once, for there may be many."""
    words = text.split()
    if len(words) > MOST_NUMBERS or not PLAIN.fullmatch(text) or any(len(word) > MOST_DIGITS for word in words):
        return None
    try:
        return list(map(float, words))
    except ValueError:
        return None


def _value(word: str) -> float | None:
    """A number, or degrees, minutes and seconds with colons and a letter, as RFC 4119 has them."""
    if match := LETTERED.fullmatch(word):
        size = float(match[1]) + float(match[2] or 0) / 60 + float(match[3] or 0) / 3600
        return -size if match[4].upper() in "SW" else size
    return None if "," in word else decimal(word)
