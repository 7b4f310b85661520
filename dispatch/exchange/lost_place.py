"""Where a LoST request is about: its location, and the parishes that this may be in."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.model.city import City
from dispatch.xml.gml import NotAShape, Shape, UnknownCrs, read_shape
from dispatch.xml.safe_xml import Element
from geo import Fix, LocationStatus, Parish, Pdf, Source, locate

PROFILE = "geodetic-2d"
MOST_MAPPINGS = 3
# An area with its middle further away has nothing to do with the city, and its plane ends before the earth does.
FURTHEST_M = 2_000_000.0


class LostError(Exception):
    """An error of RFC 5222 section 13.1, by its element's name."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


@dataclass(frozen=True, slots=True)
class Place:
    """Parishes that the location may be in, most probable first; `is_half_out`: most of it lies in none."""

    location_id: str | None
    parishes: tuple[Parish, ...]
    is_half_out: bool


def place_of(request: Element, city: City, at: datetime) -> Place:
    """Of the locations given, the first in the one profile that is understood here."""
    locations = list(request.each("location"))
    if not locations:
        raise LostError("badRequest", "location is missing")
    location = next((each for each in locations if each.attributes.get("profile") == PROFILE), None)
    if location is None:
        raise LostError("locationProfileUnrecognized", f"only {PROFILE} is understood here")
    shape = _shape(location)
    parishes, is_half_out = _parishes(shape, city, at)
    if not parishes:
        raise LostError("notFound", f"the location is outside of {city.name}")
    return Place(location.attributes.get("id"), parishes, is_half_out)


def _shape(location: Element) -> Shape:
    if not location.children:
        raise LostError("badRequest", "location is empty")
    try:
        return read_shape(location.children[0])
    except UnknownCrs as error:
        raise LostError("SRSInvalid", str(error)) from None
    except NotAShape as error:
        raise LostError("locationInvalid", str(error)) from None


def _parishes(shape: Shape, city: City, at: datetime) -> tuple[tuple[Parish, ...], bool]:
    """A point is in one parish; an area in the few that hold most of it (RFC 7459: evenly spread unless said)."""
    parishes = city.parishes
    if shape.radius_m is None and shape.region is None:
        parish = parishes.find(shape.point.lat, shape.point.lon)
        return ((parish,) if parish else ()), False
    if parishes.nearest(shape.point).distance_m > FURTHEST_M:
        return (), False
    fix = Fix(Source.UNKNOWN, shape.point, shape.radius_m, pdf=Pdf.RECTANGULAR, region=shape.region)
    location = locate([fix], parishes, at=at)
    found = tuple(parishes.by_code[candidate.code] for candidate in location.candidates[:MOST_MAPPINGS])
    if location.status is LocationStatus.LOCATED:
        return found[:1], False
    return found, location.status is LocationStatus.OUTSIDE
