"""The place of a LoST request: its location, and the parishes that it may be in."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.model.city import City
from dispatch.xml.gml import NotAShape, Shape, UnknownCrs, read_shape
from dispatch.xml.safe_xml import Element
from geo import Fix, LocationStatus, Parish, Pdf, Source, locate

PROFILE = "geodetic-2d"
MOST_MAPPINGS = 3
# An area whose centre is further away is not in the city, and the projection isn't valid there.
FURTHEST_M = 2_000_000.0


class LostError(Exception):
    """An error of RFC 5222 section 13.1, by the name of its element."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


@dataclass(frozen=True, slots=True)
class Place:
    """Parishes that the location may be in, most probable first; `is_half_out`: most of it is in none."""

    location_id: str | None
    parishes: tuple[Parish, ...]
    is_half_out: bool


def place_of(request: Element, city: City, at: datetime) -> Place:
    """Of the given locations, the first one in the supported profile."""
    locations = list(request.each("location"))
    if not locations:
        raise LostError("badRequest", "location is missing")
    location = next((each for each in locations if each.attributes.get("profile") == PROFILE), None)
    if location is None:
        raise LostError("locationProfileUnrecognized", f"only {PROFILE} is supported")
    shape = _shape(location)
    parishes, is_half_out = _parishes(shape, city, at)
    if not parishes:
        raise LostError("notFound", f"the location is outside {city.name}")
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
    """A point is in one parish; an area in the few that contain most of it (RFC 7459: uniform unless stated)."""
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
