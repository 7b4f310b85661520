"""LoST over the real parishes: answers, errors and warnings of RFC 5222."""

from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import shapely
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from dispatch.city import load_city
from dispatch.exchange.lost import answer
from dispatch.exchange.lost_services import Authority
from dispatch.model.city import City
from geo import Point
from tests.dispatch.intake.fuzz import fuzz, mutations

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
LOST = "{urn:ietf:params:xml:ns:lost1}"
GML = "{http://www.opengis.net/gml}"
CRS = "urn:ogc:def:crs:EPSG::4326"
METRE = 'uom="urn:ogc:def:uom:EPSG::9001"'
POINT = f'<gml:Point srsName="{CRS}"><gml:pos>{{}}</gml:pos></gml:Point>'
CENTRE = "-0.2200 -78.5120"
CIRCLE = f"""<gs:Circle srsName="{CRS}"><gml:pos>{{}}</gml:pos><gs:radius {METRE}>{{}}</gs:radius></gs:Circle>"""
SQUARE = f"""<gml:Polygon srsName="{CRS}"><gml:exterior><gml:LinearRing><gml:posList>-0.221 -78.513 -0.221 -78.511
  -0.219 -78.511 -0.219 -78.513 -0.221 -78.513</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"""


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(Path(__file__).parents[3] / "data" / "quito")


def request(name: str, inside: str = "", attributes: str = "") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{name} xmlns="urn:ietf:params:xml:ns:lost1" xmlns:gml="http://www.opengis.net/gml"
    xmlns:gs="http://www.opengis.net/pidflo/1.0" {attributes}>{inside}</{name}>""".encode()


def location(shape: str, profile: str = "geodetic-2d") -> str:
    return f'<location id="6020688f1ce1896d" profile="{profile}">{shape}</location>'


def find(shape: str = POINT.format(CENTRE), service: str = "urn:service:sos.police", attributes: str = "") -> bytes:
    return request("findService", location(shape) + f"<service>{service}</service>", attributes)


def ask(body: bytes, city: City, authority: Authority | None = None) -> ET.Element:
    status, reply = answer(body, city, at=AT, authority=authority)
    assert status == 200
    root: ET.Element = fromstring(reply)
    return root


def error(body: bytes, city: City) -> tuple[str, str]:
    root = ask(body, city)
    assert root.tag == f"{LOST}errors"
    assert root.attrib["source"] == "dispatch.local"
    return root[0].tag.removeprefix(LOST), root[0].attrib["message"]


def text(root: ET.Element, name: str) -> str:
    return root.findtext(f".//{LOST}{name}") or ""


def test_who_answers_at_a_point(city: City) -> None:
    root = ask(find(), city)
    assert root.tag == f"{LOST}findServiceResponse"
    (mapping,) = root.findall(f"{LOST}mapping")
    parish = city.parishes.find(-0.22, -78.512)
    assert parish is not None
    assert mapping.attrib == {
        "expires": "2026-11-24T15:00:00Z",
        "lastUpdated": "2026-11-01T00:00:00Z",
        "source": "dispatch.local",
        "sourceId": f"{parish.code}.sos.police",
    }
    assert text(mapping, "displayName") == f"Policía Nacional, {parish.name}, Quito"
    assert (text(mapping, "service"), text(mapping, "uri"), text(mapping, "serviceNumber")) == (
        "urn:service:sos.police",
        "tel:911",
        "911",
    )
    assert root.find(f"{LOST}locationUsed") is not None
    assert [via.attrib["source"] for via in root.iter(f"{LOST}via")] == ["dispatch.local"]
    assert root.find(f"{LOST}warnings") is None


def test_a_boundary_by_reference_and_by_value_is_the_parish(city: City) -> None:
    reference = ask(find(), city).find(f".//{LOST}serviceBoundaryReference")
    assert reference is not None
    fetched = ask(request("getServiceBoundary", attributes=f'key="{reference.attrib["key"]}"'), city)
    assert fetched.tag == f"{LOST}getServiceBoundaryResponse"
    valued = ask(find(attributes='serviceBoundary="value"'), city)
    assert valued.find(f".//{LOST}serviceBoundaryReference") is None
    rings = [[ring.text for ring in root.iter(f"{GML}posList")] for root in (fetched, valued)]
    assert rings[0] == rings[1]
    parish = city.parishes.find(-0.22, -78.512)
    assert parish is not None
    assert len((rings[0][0] or "").split()) == 2 * shapely.get_num_coordinates(parish.polygon)
    lat, lon = map(float, (rings[0][0] or "").split()[:2])
    assert -1 < lat < 1
    assert -80 < lon < -77


@pytest.mark.parametrize("shape", [CIRCLE.format(CENTRE, 50), SQUARE])
def test_a_small_area_is_as_good_as_a_point(shape: str, city: City) -> None:
    assert text(ask(find(shape), city), "displayName") == text(ask(find(), city), "displayName")


def test_an_area_over_several_parishes_names_the_likeliest_first(city: City) -> None:
    root = ask(find(CIRCLE.format(CENTRE, 4000)), city)
    assert len(root.findall(f"{LOST}mapping")) == 3


def test_mostly_outside_is_answered_with_a_warning(city: City) -> None:
    west, south, _, _ = city.parishes.bounds
    corner = city.parishes.nearest(Point(south, west))
    assert corner.distance_m > 0
    root = ask(find(CIRCLE.format(f"{south:.5f} {west:.5f}", corner.distance_m + 3000)), city)
    assert root.find(f"{LOST}warnings/{LOST}defaultMappingReturned") is not None
    assert root.findall(f"{LOST}mapping")


def test_every_service(city: City) -> None:
    names = {
        "urn:service:sos": "Emergencias 911",
        "urn:service:sos.fire": "Cuerpo de Bomberos Quito",
        "URN:service:sos.ambulance": "Ministerio de Salud Pública / Cruz Roja Ecuatoriana",
    }
    for service, name in names.items():
        assert text(ask(find(service=service), city), "displayName").startswith(name)


def test_another_emergency_gets_the_emergency_number_and_a_warning(city: City) -> None:
    root = ask(find(service="urn:service:sos.marine"), city)
    assert text(root, "service") == "urn:service:sos"
    assert root.find(f"{LOST}warnings/{LOST}serviceSubstitution") is not None


def test_lists_of_services(city: City) -> None:
    assert text(ask(request("listServices"), city), "serviceList") == "urn:service:sos"
    sos = "<service>urn:service:sos</service>"
    children = "urn:service:sos.ambulance urn:service:sos.fire urn:service:sos.police"
    assert text(ask(request("listServices", sos), city), "serviceList") == children
    assert text(ask(request("listServices", sos.replace("sos", "sos.fire")), city), "serviceList") == ""
    here = ask(request("listServicesByLocation", location(POINT.format(CENTRE)) + sos), city)
    assert here.tag == f"{LOST}listServicesByLocationResponse"
    assert text(here, "serviceList") == children
    assert here.find(f"{LOST}locationUsed") is not None


def test_the_one_asked_for_is_used_of_several_profiles(city: City) -> None:
    civic = '<location id="c" profile="civic"><civicAddress><country>EC</country></civicAddress></location>'
    both = request("findService", civic + location(POINT.format(CENTRE)) + "<service>urn:service:sos</service>")
    used = ask(both, city).find(f"{LOST}locationUsed")
    assert used is not None
    assert used.attrib["id"] == "6020688f1ce1896d"


@pytest.mark.parametrize(
    ("body", "name", "words"),
    [
        (b"", "badRequest", "well-formed"),
        (b"<findService/>", "badRequest", "not a LoST request"),
        (request("findServiceResponse"), "badRequest", "not a LoST request"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "badRequest", "document type"),
        (b"<a>" * 3_400_000, "badRequest", "the maximum is"),
        (request("findService", location(POINT.format(CENTRE))), "badRequest", "service is missing"),
        (request("findService", "<service>urn:service:sos</service>"), "badRequest", "location is missing"),
        (find(""), "badRequest", "location is empty"),
        (find(service="police"), "badRequest", "not a service URN"),
        (find(service="urn:service:counseling"), "serviceNotImplemented", "not offered"),
        (find(POINT.format("91 0")), "locationInvalid", "latitude"),
        (find(POINT.format("0.1 x")), "locationInvalid", "separated by blanks"),
        (find("<gs:Blob/>"), "locationInvalid", "unknown shape"),
        (find(POINT.format(CENTRE).replace("4326", "32717")), "SRSInvalid", "32717"),
        (find(POINT.format("48.2 16.37")), "notFound", "outside Quito"),
        (find(CIRCLE.format("48.2 16.37", 100)), "notFound", "outside Quito"),
        (find().replace(b"geodetic-2d", b"civic"), "locationProfileUnrecognized", "geodetic-2d"),
        (
            find().replace(b"</findService>", b'<path><via source="dispatch.local"/></path></findService>'),
            "loop",
            "before",
        ),
        (request("getServiceBoundary"), "badRequest", "key"),
        (request("getServiceBoundary", attributes='key="0"'), "notFound", "changed"),
        (request("listServicesByLocation"), "badRequest", "location"),
    ],
)
def test_errors_have_their_own_names(body: bytes, name: str, words: str, city: City) -> None:
    found, message = error(body, city)
    assert found == name
    assert words in message


def test_names_are_escaped(city: City) -> None:
    odd = Authority(source="a&b", uri='sip:"<x>&', number="9<11")
    root = ask(find(), city, odd)
    assert (text(root, "uri"), text(root, "serviceNumber")) == ('sip:"<x>&', "9<11")


SAMPLES = [find(), find(CIRCLE.format(CENTRE, 500)), find(SQUARE), request("listServices")]


@fuzz
@given(body=st.one_of(mutations(SAMPLES), st.binary(max_size=200)))
def test_no_request_breaks_it(body: bytes, city: City) -> None:
    ask(body, city)


@pytest.mark.parametrize(
    "shape",
    [
        POINT.format("-0.2200,-78.5120"),
        POINT.format("-0.2200, -78.5120"),
        POINT.format(CENTRE).replace(CRS, "epsg:4326"),
        POINT.format("-78.5120 -0.2200").replace(CRS, "urn:ogc:def:crs:OGC:1.3:CRS84"),
        CIRCLE.format("-0.2200,-78.5120", "0"),
        SQUARE.replace(" -78", ",-78"),
    ],
)
def test_published_examples_have_commas_and_are_answered(shape: str, city: City) -> None:
    parish = city.parishes.find(-0.22, -78.512)
    assert parish is not None
    root = ask(b"\r\n" + find(shape), city)
    assert [m.attrib["sourceId"] for m in root.findall(f"{LOST}mapping")] == [f"{parish.code}.sos.police"]
