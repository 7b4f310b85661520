"""The elements of a LoST answer (RFC 5222 section 12 onward), as text."""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from xml.sax.saxutils import escape, quoteattr

from shapely.geometry import Polygon
from shapely.geometry.polygon import LinearRing

from dispatch.exchange.lost_services import Authority, agencies_of
from dispatch.model.city import City
from geo import Parish

NAMESPACE = "urn:ietf:params:xml:ns:lost1"
GML = "http://www.opengis.net/gml"
CRS = "urn:ogc:def:crs:EPSG::4326"


def tag(name: str, *inside: str, **attributes: str) -> str:
    """One element around XML content; `__` in an attribute's name is a colon."""
    written = "".join(f" {key.replace('__', ':')}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{written}>{''.join(inside)}</{name}>" if inside else f"<{name}{written}/>"


def document(name: str, *inside: str, **attributes: str) -> bytes:
    root = tag(name, *inside, xmlns=NAMESPACE, xmlns__gml=GML, **attributes)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n'.encode()


def mapping(service: str, parish: Parish, city: City, authority: Authority, at: datetime, *, by_value: bool) -> str:
    """The provider of `service` in `parish`, with the time until which the answer may be cached."""
    agencies = agencies_of(service, city)
    names = {
        "es": " / ".join(agency.es for agency in agencies) or f"Emergencias {authority.number}",
        "en": " / ".join(agency.en for agency in agencies) or f"Emergency number {authority.number}",
    }
    key = boundary_key(parish)
    return tag(
        "mapping",
        *(tag("displayName", escape(f"{name}, {parish.name}, {city.name}"), xml__lang=x) for x, name in names.items()),
        tag("service", escape(service)),
        boundary(parish) if by_value else tag("serviceBoundaryReference", source=authority.source, key=key),
        tag("uri", escape(authority.uri)),
        tag("serviceNumber", escape(authority.number)),
        expires=_moment(at + authority.lifetime),
        lastUpdated=_moment(authority.updated),
        source=authority.source,
        sourceId=f"{parish.code}.{service.removeprefix('urn:service:')}",
    )


def boundary(parish: Parish) -> str:
    parts = [parish.polygon] if isinstance(parish.polygon, Polygon) else list(parish.polygon.geoms)
    return tag("serviceBoundary", *map(_polygon, parts), profile="geodetic-2d")


def boundary_key(parish: Parish) -> str:
    """Changes with the boundary, so that a client with the old one asks again."""
    return sha256(parish.code.encode() + parish.polygon.wkb).hexdigest()[:32]


def path(sources: Iterable[str]) -> str:
    return tag("path", *(tag("via", source=source) for source in sources))


def warnings(authority: Authority, names: dict[str, str]) -> str:
    """Elements of RFC 5222 section 13.2 with their messages; empty without any."""
    return tag("warnings", *(_said(n, m) for n, m in names.items()), source=authority.source) if names else ""


def errors(authority: Authority, name: str, message: str) -> bytes:
    return document("errors", _said(name, message), source=authority.source)


def _said(name: str, message: str) -> str:
    return tag(name, message=message, xml__lang="en")


def _polygon(polygon: Polygon) -> str:
    rings = [tag("gml:exterior", _ring(polygon.exterior))]
    rings += [tag("gml:interior", _ring(hole)) for hole in polygon.interiors]
    return tag("gml:Polygon", *rings, srsName=CRS)


def _ring(ring: LinearRing) -> str:
    positions = " ".join(f"{lat:.6f} {lon:.6f}" for lon, lat, *_ in ring.coords)
    return tag("gml:LinearRing", tag("gml:posList", positions))


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
