"""LoST (RFC 5222): which emergency service covers a place. Bytes in, status and bytes out; no side effects."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dispatch.exchange import lost_xml
from dispatch.exchange.lost_place import LostError, Place, place_of
from dispatch.exchange.lost_services import URN, Authority, below, substitute
from dispatch.model.city import City
from dispatch.xml.safe_xml import Element, UnsafeXml, read

CONTENT_TYPE = "application/lost+xml"


@dataclass(frozen=True, slots=True)
class Query:
    request: Element
    city: City
    authority: Authority
    at: datetime


def answer(body: bytes, city: City, *, at: datetime, authority: Authority | None = None) -> tuple[int, bytes]:
    """HTTP status and body, of type CONTENT_TYPE, for a request of any kind at the time `at`.

    Errors of the protocol are answers too, and have status 200 like any other (RFC 5222 section 14)."""
    authority = authority or Authority()
    try:
        request = read(body)
        reply = REQUESTS.get(request.name)
        if reply is None or request.namespace != lost_xml.NAMESPACE:
            raise LostError("badRequest", "not a LoST request")
        _check_path(request, authority)
        return 200, reply(Query(request, city, authority, at))
    except UnsafeXml as error:
        return 200, lost_xml.errors(authority, "badRequest", f"the request {error}")
    except LostError as error:
        return 200, lost_xml.errors(authority, error.name, error.message)


def _find_service(query: Query) -> bytes:
    asked = _service(query.request)
    if asked is None:
        raise LostError("badRequest", "service is missing")
    service = substitute(asked, query.city)
    if service is None:
        raise LostError("serviceNotImplemented", f"{asked} is not offered")
    place = place_of(query.request, query.city, query.at)
    by_value = query.request.attributes.get("serviceBoundary", "reference") == "value"
    cautions = {} if service == asked else {"serviceSubstitution": f"{service} is returned for {asked}"}
    if place.is_half_out:
        cautions["defaultMappingReturned"] = (
            "most of the location is outside the city; the nearest part of the city is used"
        )
    return lost_xml.document(
        "findServiceResponse",
        *(
            lost_xml.mapping(service, parish, query.city, query.authority, query.at, by_value=by_value)
            for parish in place.parishes
        ),
        lost_xml.warnings(query.authority, cautions),
        lost_xml.path([query.authority.source]),
        _location_used(place),
    )


def _get_service_boundary(query: Query) -> bytes:
    key = query.request.attributes.get("key", "").strip()
    if not key:
        raise LostError("badRequest", "key is missing")
    parish = next((each for each in query.city.parishes if lost_xml.boundary_key(each) == key), None)
    if parish is None:
        raise LostError("notFound", "no service boundary has this key, or it has changed since")
    return lost_xml.document(
        "getServiceBoundaryResponse", lost_xml.boundary(parish), lost_xml.path([query.authority.source])
    )


def _list_services(query: Query) -> bytes:
    return lost_xml.document(
        "listServicesResponse",
        lost_xml.tag("serviceList", " ".join(below(_service(query.request), query.city))),
        lost_xml.path([query.authority.source]),
    )


def _list_services_by_location(query: Query) -> bytes:
    place = place_of(query.request, query.city, query.at)
    return lost_xml.document(
        "listServicesByLocationResponse",
        lost_xml.tag("serviceList", " ".join(below(_service(query.request), query.city))),
        lost_xml.path([query.authority.source]),
        _location_used(place),
    )


REQUESTS: dict[str, Callable[[Query], bytes]] = {
    "findService": _find_service,
    "getServiceBoundary": _get_service_boundary,
    "listServices": _list_services,
    "listServicesByLocation": _list_services_by_location,
}


def _check_path(request: Element, authority: Authority) -> None:
    """Refuse a request that has passed this server before: it would loop endlessly."""
    vias = [via.attributes.get("source", "") for path in request.each("path") for via in path.each("via")]
    if authority.source in vias:
        raise LostError("loop", "this server has seen the request before")


def _service(request: Element) -> str | None:
    element = request.first("service")
    if element is None:
        return None
    written = element.text.strip()
    if not URN.fullmatch(written):
        raise LostError("badRequest", "service is not a service URN")
    return written.lower()


def _location_used(place: Place) -> str:
    return lost_xml.tag("locationUsed", id=place.location_id) if place.location_id else ""
