"""PIDF-LO: the shapes of RFC 5491, civic addresses, broken documents and attacks."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import Unreadable, pidf_lo
from geo import ArcBand, Ellipse, Fix, Pdf, Point, Polygon, Source
from tests.dispatch.intake.fuzz import fuzz, mutations, survives

CRS_2D, CRS_3D = "urn:ogc:def:crs:EPSG::4326", "urn:ogc:def:crs:EPSG::4979"
METRE, DEGREE = 'uom="urn:ogc:def:uom:EPSG::9001"', 'uom="urn:ogc:def:uom:EPSG::9102"'
POS = "<gml:pos>-33.8570 151.2000</gml:pos>"
POINT = f'<gml:Point srsName="{CRS_2D}">{POS}</gml:Point>'
POINT_3D = f'<gml:Point srsName="{CRS_3D}"><gml:pos>-33.8570 151.2000 22</gml:pos></gml:Point>'
CIRCLE = f'<gs:Circle srsName="{CRS_2D}">{POS}<gs:radius {METRE}>850.24</gs:radius></gs:Circle>'
ELLIPSE = f"""<gs:Ellipse srsName="{CRS_2D}">{POS}<gs:semiMajorAxis {METRE}>40</gs:semiMajorAxis>
  <gs:semiMinorAxis {METRE}>25</gs:semiMinorAxis><gs:orientation {DEGREE}>163</gs:orientation></gs:Ellipse>"""
ARC_BAND = f"""<gs:ArcBand srsName="{CRS_2D}">{POS}<gs:innerRadius {METRE}>3594</gs:innerRadius>
  <gs:outerRadius {METRE}>4148</gs:outerRadius><gs:startAngle {DEGREE}>20</gs:startAngle>
  <gs:openingAngle {DEGREE}>20</gs:openingAngle></gs:ArcBand>"""
RING = "<gml:exterior><gml:LinearRing>{}</gml:LinearRing></gml:exterior>"
CORNERS = ("43.311 -73.422", "43.111 -73.322", "43.111 -73.222", "43.311 -73.122", "43.411 -73.222", "43.411 -73.322")
POLYGON = f"""<gml:Polygon srsName="{CRS_2D}">{
    RING.format("".join(f"<gml:pos>{c}</gml:pos>" for c in (*CORNERS, CORNERS[0])))
}</gml:Polygon>"""
POLYGON_LIST = f"""<gml:Polygon srsName="{CRS_2D}">{
    RING.format("<gml:posList>" + " ".join((*CORNERS, CORNERS[0])) + "</gml:posList>")
}</gml:Polygon>"""
POLYGON_3D = f"""<gml:Polygon srsName="{CRS_3D}">{
    RING.format("<gml:posList>" + " ".join(f"{c} 36" for c in (*CORNERS, CORNERS[0])) + "</gml:posList>")
}</gml:Polygon>"""
OPEN_POLYGON = POLYGON.replace(f"<gml:pos>{CORNERS[0]}</gml:pos></gml:LinearRing>", "</gml:LinearRing>")
SPHERE = f"""<gs:Sphere srsName="{CRS_3D}"><gml:pos>42.5463 -73.2512 26.3</gml:pos>
  <gs:radius {METRE}>850.24</gs:radius></gs:Sphere>"""
ELLIPSOID = f"""<gs:Ellipsoid srsName="{CRS_3D}"><gml:pos>42.5463 -73.2512 26.3</gml:pos>
  <gs:semiMajorAxis {METRE}>7.7156</gs:semiMajorAxis><gs:semiMinorAxis {METRE}>3.31</gs:semiMinorAxis>
  <gs:verticalAxis {METRE}>28.7</gs:verticalAxis><gs:orientation {DEGREE}>90</gs:orientation></gs:Ellipsoid>"""
PRISM = f"""<gs:Prism srsName="{CRS_3D}"><gs:base>{POLYGON_3D}</gs:base><gs:height {METRE}>2.4</gs:height></gs:Prism>"""
CIVIC = """<ca:civicAddress><ca:country>EC</ca:country><ca:A1>Pichincha</ca:A1><ca:A3>Quito</ca:A3>
  <ca:RD>Amazonas</ca:RD><ca:FLR>2</ca:FLR></ca:civicAddress>"""


def document(*infos: str, method: str = "GPS", entity: str = "pres:mike@example.com", more: str = "") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"
    xmlns:gml="http://www.opengis.net/gml" xmlns:gs="http://www.opengis.net/pidflo/1.0"
    xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
    xmlns:con="urn:ietf:params:xml:ns:geopriv:conf" entity="{entity}">
  <tuple id="point2d"><status><gp:geopriv>
    <gp:location-info>{"".join(infos)}</gp:location-info>
    <gp:usage-rules/><gp:method>{method}</gp:method>
  </gp:geopriv></status><timestamp>2007-06-22T20:57:29Z</timestamp></tuple>{more}
</presence>""".encode()


def only_fix(shape: str) -> Fix:
    report = pidf_lo.parse(document(shape))
    assert report.flaws == ()
    (fix,) = report.fixes
    assert fix.source is Source.GNSS
    assert fix.at == datetime(2007, 6, 22, 20, 57, 29, tzinfo=UTC)
    return fix


def test_points() -> None:
    assert only_fix(POINT).point == Point(-33.857, 151.2)
    assert only_fix(POINT).altitude_m is None
    assert only_fix(POINT_3D).altitude_m == 22


def test_circle_and_sphere() -> None:
    assert (only_fix(CIRCLE).point, only_fix(CIRCLE).radius_m) == (Point(-33.857, 151.2), 850.24)
    sphere = only_fix(SPHERE)
    assert (sphere.radius_m, sphere.altitude_m, sphere.vertical_m) == (850.24, 26.3, 850.24)


def test_ellipse_and_ellipsoid() -> None:
    assert only_fix(ELLIPSE).region == Ellipse(Point(-33.857, 151.2), 40, 25, 163)
    ellipsoid = only_fix(ELLIPSOID)
    assert ellipsoid.region == Ellipse(Point(42.5463, -73.2512), 7.7156, 3.31, 90)
    assert (ellipsoid.altitude_m, ellipsoid.vertical_m) == (26.3, 28.7)


def test_arc_band() -> None:
    assert only_fix(ARC_BAND).region == ArcBand(Point(-33.857, 151.2), 3594, 4148, 20, 20)


@pytest.mark.parametrize("shape", [POLYGON, POLYGON_LIST, POLYGON_3D, PRISM])
def test_polygons_and_a_prism(shape: str) -> None:
    fix = only_fix(shape)
    assert isinstance(fix.region, Polygon)
    assert len(fix.region.corners) == 6
    assert fix.region.corners[1] == Point(43.111, -73.322)
    assert fix.point is not None
    assert (fix.point.lat, fix.point.lon) == pytest.approx((43.2777, -73.272), abs=1e-3)
    assert fix.altitude_m == {POLYGON_3D: 36, PRISM: pytest.approx(37.2)}.get(shape)
    assert fix.vertical_m == (pytest.approx(1.2) if shape == PRISM else None)


def test_civic_is_carried_along() -> None:
    report = pidf_lo.parse(document(POINT, CIVIC))
    assert report.civic == {"country": "EC", "A1": "Pichincha", "A3": "Quito", "RD": "Amazonas", "FLR": "2"}
    assert len(report.fixes) == 1
    assert pidf_lo.parse(document(CIVIC)).fixes == ()


def test_confidence_of_rfc_7459() -> None:
    stated = pidf_lo.parse(document(CIRCLE, '<con:confidence pdf="normal">68</con:confidence>')).fixes[0]
    assert (stated.confidence, stated.pdf) == (0.68, Pdf.NORMAL)
    unknown = pidf_lo.parse(document(CIRCLE, "<con:confidence>unknown</con:confidence>"))
    assert (unknown.fixes[0].confidence, unknown.flaws) == (None, ())
    wrong = pidf_lo.parse(document(CIRCLE, "<con:confidence>nan</con:confidence>"))
    assert (wrong.fixes[0].confidence, wrong.flaws) == (None, ("confidence: not a percentage, 95 % taken",))


@pytest.mark.parametrize(
    ("method", "source"),
    [
        ("Manual", Source.REPORTED),
        ("x", Source.UNKNOWN),
        ("GPS", Source.GNSS),
        ("A-GPS", Source.GNSS),
        ("802.11", Source.WIFI),
        ("Cell", Source.CELL),
    ],
)
def test_methods(method: str, source: Source) -> None:
    assert pidf_lo.parse(document(POINT, method=method)).fixes[0].source is source


def test_who_it_is() -> None:
    device = "<dm:device><dm:deviceID>urn:gsma:imei:49-015420-323751-8</dm:deviceID></dm:device>"
    caller = pidf_lo.parse(document(POINT, entity="sip:+593991234567@example.ec", more=device)).caller
    assert (caller.number, caller.imei) == ("+593991234567", "490154203237518")
    assert pidf_lo.parse(document(POINT)).caller.number is None


def test_a_repeat_is_the_same_call() -> None:
    assert pidf_lo.parse(document(POINT)).id == pidf_lo.parse(document(POINT)).id
    assert pidf_lo.parse(document(CIRCLE)).id != pidf_lo.parse(document(POINT)).id


@pytest.mark.parametrize(
    ("shape", "flaw"),
    [
        (f"<gml:Point>{POS}</gml:Point>", "Point.srsName: missing"),
        (
            POLYGON.replace(f"<gml:pos>{CORNERS[0]}</gml:pos></gml:LinearRing>", "</gml:LinearRing>"),
            "Polygon.LinearRing: not closed",
        ),
        (POINT + f'<gml:Point srsName="{CRS_2D}"><gml:pos>91 0</gml:pos></gml:Point>', "Point.pos: latitude"),
        (POINT + "<gs:Blob/>", "Blob: unknown shape"),
    ],
)
def test_a_broken_rule_is_flagged_and_the_place_still_used(shape: str, flaw: str) -> None:
    report = pidf_lo.parse(document(shape))
    assert len(report.fixes) == 1
    assert report.flaws[0].startswith(flaw)


def test_a_bare_shape_and_feet() -> None:
    bare = CIRCLE.replace("<gs:Circle", '<gs:Circle xmlns:gs="a" xmlns:gml="b"').replace("9001", "9002")
    report = pidf_lo.parse(f'<location-info xmlns="c">{bare}</location-info>'.encode())
    assert report.fixes[0].radius_m == pytest.approx(850.24 * 0.3048)
    assert report.flaws == ("location-info: not a presence document",)


@pytest.mark.parametrize(
    ("shape", "field", "words"),
    [
        (POINT.replace("-33.8570 151.2000", "91 0"), "Point.pos", "latitude"),
        (POINT.replace("-33.8570 151.2000", "0 181"), "Point.pos", "longitude"),
        (POINT.replace("-33.8570 151.2000", "nan 0"), "Point.pos", "separated by blanks"),
        (POINT.replace("-33.8570 151.2000", "1 2 3 4"), "Point.pos", "4 numbers"),
        (POINT.replace("4326", "32717"), "Point.srsName", "neither EPSG 4326 nor 4979"),
        (POINT.replace(POS, ""), "Point.Point", "no pos"),
        (POLYGON.replace("43.111 -73.322", "43.111"), "Polygon.pos", "2 or 3"),
        (POLYGON_LIST.replace("43.111 -73.322", "43.111"), "Polygon.posList", "not a multiple"),
        (POLYGON.replace("43.111 -73.322", "43.111 106.678"), "Polygon.LinearRing", "1,000 km"),
        (ELLIPSE.replace(">40<", ">2e6<"), "Ellipse.semiMajorAxis", "1,000 km"),
        (ARC_BAND.replace("4148", "9000000"), "ArcBand.outerRadius", "1,000 km"),
        (f'<gml:Polygon srsName="{CRS_2D}"/>', "Polygon.Polygon", "exterior"),
        ("", "location-info", "missing"),
    ],
)
def test_a_wrong_shape_is_named(shape: str, field: str, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        pidf_lo.parse(document(shape))
    assert any(p.field == field and words in p.problem for p in caught.value.problems), caught.value.problems


HERE = Point(-33.857, 151.2)
RADIANS = DEGREE.replace("9102", "9101")


def with_pos(written: str) -> str:
    return POINT.replace("-33.8570 151.2000", written)


@pytest.mark.parametrize(
    ("shape", "flaw"),
    [
        (with_pos("-33.8570,151.2000"), "Point.pos: commas between the numbers"),
        (with_pos("-33.8570, 151.2000"), "Point.pos: commas between the numbers"),
        (with_pos("-33.8570;151.2000"), "Point.pos: commas between the numbers"),
        (with_pos("-33,8570 151,2000"), "Point.pos: commas used as decimal points"),
        (with_pos("-33,8570, 151,2000"), "Point.pos: commas used as decimal points"),
        (with_pos("-3.3857E1 1.512E2"), None),
        (with_pos("\u221233.8570 151.2000"), None),
        (POINT.replace(CRS_2D, "epsg:4326"), "Point.srsName: 'epsg:4326', read as EPSG 4326"),
        (POINT.replace(CRS_2D, "urn:ogc:def:crs:epsg::4326"), "Point.srsName: "),
        (POINT.replace(CRS_2D, "EPSG:4326"), None),
        (POINT.replace(CRS_2D, "http://www.opengis.net/gml/srs/epsg.xml#4326"), "Point.srsName: "),
        (POINT.replace(CRS_2D, "WGS84"), "Point.srsName: 'WGS84', read as EPSG 4326"),
        (
            with_pos("151.2000 -33.8570").replace(CRS_2D, "urn:ogc:def:crs:OGC:1.3:CRS84"),
            "Point.srsName: CRS 84, longitude first",
        ),
        (POINT.replace("gml:pos", "gml:coordinates").replace("70 15", "70,15"), "Point.coordinates: read as pos"),
        (with_pos("33:51:25.2S 151:12:00E").replace("gml:pos", "gml:coordinates"), "Point.coordinates: read as pos"),
        (POINT.replace("gml:pos", "gml:posList"), "Point.posList: read as pos"),
        (POINT.replace(POS, "<gml:coord><gml:X>-33.857</gml:X><gml:Y>151.2</gml:Y></gml:coord>"), None),
        (f'<gml:Point srsName="{CRS_3D}">-33.8570 151.2000 22</gml:Point>', "Point.Point: read as pos"),
        (CIRCLE.replace("850.24", "0"), "Circle.radius: 0 is not a length"),
        (CIRCLE.replace("850.24", "-1"), "Circle.radius: -1 is not a length"),
        (CIRCLE.replace("850.24", "1e99"), "Circle.radius: 1e+99 is not a length"),
        (CIRCLE.replace("850.24", "far"), "Circle.radius: not one number"),
        (CIRCLE.replace("9001", "9999"), "Circle.radius: in an unknown unit"),
        (CIRCLE.replace("radius", "girth"), "Circle.radius: missing"),
        (ELLIPSE.replace("semiMajorAxis", "x").replace("semiMinorAxis", "y"), "Ellipse.semiMajorAxis: missing"),
    ],
)
def test_a_bad_side_value_leaves_the_centre(shape: str, flaw: str | None) -> None:
    report = pidf_lo.parse(document(shape))
    (fix,) = report.fixes
    assert (fix.point, fix.radius_m, fix.region) == (HERE, None, None)
    assert report.flaws[0].startswith(flaw) if flaw else report.flaws == ()


@pytest.mark.parametrize(
    ("shape", "region", "flaw"),
    [
        (ELLIPSE.replace(">25<", ">41<"), Ellipse(HERE, 41, 40, 73), "Ellipse.semiMinorAxis: longer"),
        (ELLIPSE.replace(DEGREE, RADIANS), Ellipse(HERE, 40, 25, 163), "Ellipse.orientation: more than a full turn"),
        (ELLIPSE.replace("163", "1,5e1"), Ellipse(HERE, 40, 25, 15), None),
        (ARC_BAND.replace("3594", "5000"), ArcBand(HERE, 4148, 5000, 20, 20), "ArcBand.innerRadius: longer"),
        (ARC_BAND.replace("3594", "-1"), ArcBand(HERE, 0, 4148, 20, 20), "ArcBand.innerRadius: -1 is not"),
        (
            ARC_BAND.replace(DEGREE, RADIANS),
            ArcBand(HERE, 3594, 4148, 20, 20),
            "ArcBand.startAngle: more than a full turn",
        ),
        (
            ARC_BAND.replace(">20<", ">0.3490658503988659<"),
            ArcBand(HERE, 3594, 4148, 20, 20),
            "ArcBand.openingAngle: a few degrees only; radians assumed",
        ),
    ],
)
def test_a_bad_side_value_is_read_as_it_was_meant(shape: str, region: object, flaw: str | None) -> None:
    report = pidf_lo.parse(document(shape))
    assert [fix.region for fix in report.fixes] == [region]
    assert report.flaws[0].startswith(flaw) if flaw else report.flaws == ()


@pytest.mark.parametrize(
    ("shape", "radius_m"),
    [
        (ELLIPSE.replace("orientation", "x"), 40),
        (ELLIPSE.replace("semiMinorAxis", "x"), 40),
        (ARC_BAND.replace("openingAngle", "x"), 4148),
        (ARC_BAND.replace(">20</gs:openingAngle>", ">-5</gs:openingAngle>"), 4148),
        (ARC_BAND.replace("outerRadius", "x"), 3594),
    ],
)
def test_what_is_known_of_a_region_is_the_circle_around_it(shape: str, radius_m: float) -> None:
    report = pidf_lo.parse(document(shape))
    assert [(fix.point, fix.radius_m, fix.region) for fix in report.fixes] == [(HERE, radius_m, None)]
    assert report.flaws


def test_rings_that_are_none() -> None:
    line = RING.format("<gml:posList>-0.18 -78.46 -0.20 -78.46</gml:posList>")
    two = f'<gml:Polygon srsName="{CRS_2D}">{line}</gml:Polygon>'
    report = pidf_lo.parse(document(two))
    assert report.fixes[0].radius_m == pytest.approx(1105.7, abs=1)
    many = " ".join(f"{43 + i / 1e4} -73.{i % 2}" for i in range(600))
    crowded = f'<gml:Polygon srsName="{CRS_2D}">{RING.format(f"<gml:posList>{many}</gml:posList>")}</gml:Polygon>'
    crowd = pidf_lo.parse(document(crowded))
    assert isinstance(crowd.fixes[0].region, Polygon) and len(crowd.fixes[0].region.corners) <= 500
    assert any("convex hull" in flaw for flaw in crowd.flaws)


def test_a_ring_written_otherwise() -> None:
    commas = POLYGON_LIST.replace(" -73", ",-73").replace("posList", "coordinates")
    assert pidf_lo.parse(document(commas)).fixes[0].region == pidf_lo.parse(document(POLYGON)).fixes[0].region
    flat = POLYGON_3D.replace(CRS_3D, CRS_2D)
    assert pidf_lo.parse(document(flat)).fixes[0].region == pidf_lo.parse(document(POLYGON)).fixes[0].region


@pytest.mark.parametrize("before", [b"\n", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", b"\n\xef\xbb\xbf"])
def test_what_gateways_put_before_a_document(before: bytes) -> None:
    assert pidf_lo.parse(before + document(POINT)).fixes[0].point == HERE


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(9))
    + b"]><presence>&j;</presence>"
)


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (LAUGHS, "document type"),
        (b'<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><presence>&x;</presence>', "document type"),
        (b'<!DOCTYPE p SYSTEM "http://127.0.0.1:9/x.dtd"><presence/>', "document type"),
        (b'<!DOCTYPE p [<!ENTITY % x "y">%x;]><presence/>', "document type"),
        (b"<a>" * 3_400_000, "the maximum is"),
        (b"<a>" * 60_000, "deeper"),
        (b"<p>" + b"<a/>" * 50_000 + b"</p>", "more than"),
        (b"<p " + b" ".join(b'a%d="x"' % i for i in range(20_000)) + b"/>", "location-info"),
        (b"<presence>", "well-formed"),
        (b"", "well-formed"),
        (b"\xff\xfe<\x00p\x00", "well-formed"),
        (b'<?xml version="1.0" encoding="utf-7"?><p/>', "well-formed"),
        (b'<?xml version="1.0" encoding="x-no-such"?><p/>', "well-formed"),
        (b"<presence>&undefined;</presence>", "well-formed"),
    ],
)
@pytest.mark.timeout(10)
def test_an_attack_is_refused_quickly(attack: bytes, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        pidf_lo.parse(attack)
    assert words in str(caught.value)


SHAPES = [
    POINT,
    POINT_3D,
    CIRCLE,
    ELLIPSE,
    ARC_BAND,
    POLYGON,
    POLYGON_LIST,
    POLYGON_3D,
    SPHERE,
    ELLIPSOID,
    PRISM,
    CIVIC,
]
SAMPLES = [document(shape, CIVIC) for shape in SHAPES]


@fuzz
@given(st.one_of(mutations(SAMPLES), st.binary(max_size=200)))
def test_no_document_breaks_it(body: bytes) -> None:
    survives(pidf_lo.parse, body)


@fuzz
@given(st.one_of(mutations([shape.encode() for shape in SHAPES])))
def test_no_shape_breaks_it(shape: bytes) -> None:
    survives(pidf_lo.parse, document("MARK").replace(b"MARK", shape))


@fuzz
@given(st.sampled_from(SHAPES), st.lists(st.one_of(st.floats(), st.text(max_size=5)), max_size=8))
def test_no_numbers_break_it(shape: str, numbers: list[float | str]) -> None:
    words = " ".join(str(number) for number in numbers).replace("<", "").replace("&", "")
    survives(pidf_lo.parse, document(shape.replace("-33.8570 151.2000", words).replace("850.24", words)))
