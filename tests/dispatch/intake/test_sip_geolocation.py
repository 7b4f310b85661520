"""SIP requests whose Geolocation points into their own body."""

from base64 import encodebytes
from quopri import encodestring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import Unreadable, sip_geolocation
from dispatch.model.report import Caller, Channel
from geo import Point
from tests.dispatch.intake.fuzz import fuzz, mutations, survives
from tests.dispatch.intake.test_pidf_lo import CIRCLE, CIVIC, POINT, document

PLACE = Point(-33.857, 151.2)
HEADERS = {
    "Via": "SIP/2.0/TLS pc33.example.ec;branch=z9hG4bK74bf9",
    "From": '"Ana" <sip:+593991234567@example.ec;user=phone>;tag=9fxced76sl',
    "To": "<urn:service:sos>",
    "Call-ID": "3848276298220188511@example.ec",
    "Geolocation": "<cid:target123@example.ec>",
    "Geolocation-Routing": "no",
    "Content-Type": "multipart/mixed; boundary=boundary1",
}
SDP = b"v=0\r\no=user1 53655765 2353687637 IN IP4 192.0.2.1\r\ns=-\r\n"


def part(body: bytes, kind: str, **headers: str) -> bytes:
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"--boundary1\r\nContent-Type: {kind}\r\n{fields}\r\n".encode() + body + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--boundary1--\r\n"


def location(*infos: str, cid: str = "<target123@example.ec>") -> bytes:
    return part(document(*infos), "application/pidf+xml", Content_ID=cid)


BODY = multipart(part(SDP, "application/sdp"), location(CIRCLE))


def request(body: bytes = BODY, line: str = "INVITE urn:service:sos SIP/2.0", **changes: str | None) -> bytes:
    headers = HEADERS | {name.replace("_", "-"): value for name, value in changes.items()}
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
    return f"{line}\r\n{fields}\r\n".encode() + body


def test_a_whole_request() -> None:
    report = sip_geolocation.parse(request())
    assert report.channel is Channel.VOICE
    assert (report.caller.number, report.caller.name) == ("+593991234567", "Ana")
    assert [(fix.point, fix.radius_m) for fix in report.fixes] == [(PLACE, 850.24)]
    assert (report.text, report.flaws) == (None, ())


def test_the_body_alone_with_its_two_headers() -> None:
    report = sip_geolocation.parse(BODY, HEADERS["Geolocation"], HEADERS["Content-Type"])
    assert report.fixes[0].point == PLACE
    for gateway_says in ("message/sip", "application/octet-stream"):
        assert sip_geolocation.parse(request(), None, gateway_says).fixes[0].point == PLACE


def test_a_request_sent_again_is_the_same_call() -> None:
    again = request(Via="SIP/2.0/TLS other.example.ec;branch=z9hG4bKnashds7")
    assert sip_geolocation.parse(again).id == sip_geolocation.parse(request()).id
    assert sip_geolocation.parse(request(Call_ID="other")).id != sip_geolocation.parse(request()).id


def test_the_network_knows_better_who_calls() -> None:
    asserted = request(From="<sip:anonymous@anonymous.invalid>", P_Asserted_Identity="<tel:+593987654321>")
    assert sip_geolocation.parse(asserted).caller.number == "+593987654321"


def test_compact_names_folded_lines_and_bare_newlines() -> None:
    raw = request().replace(b"Call-ID:", b"i:").replace(b"Content-Type: multipart/mixed;", b"c: multipart/mixed;\r\n  ")
    assert sip_geolocation.parse(raw).fixes[0].point == PLACE
    assert sip_geolocation.parse(request().replace(b"\r\n", b"\n")).fixes[0].point == PLACE


def test_a_single_part_and_transfer_encodings() -> None:
    single = request(document(POINT), Content_Type="application/pidf+xml", Content_ID="<target123@example.ec>")
    assert sip_geolocation.parse(single).fixes[0].point == PLACE
    for encoding, encode in (("base64", encodebytes), ("quoted-printable", encodestring)):
        coded = part(
            encode(document(POINT)),
            "application/pidf+xml",
            Content_ID="<target123@example.ec>",
            Content_Transfer_Encoding=encoding,
        )
        assert sip_geolocation.parse(request(multipart(coded))).flaws == ()


def test_several_locations_in_the_order_of_the_header() -> None:
    body = multipart(location(CIRCLE, cid="<b@x>"), location(POINT, CIVIC, cid="<a@x>"))
    report = sip_geolocation.parse(request(body, Geolocation="<cid:a@x>, <cid:b@x>;inserted-by=edge"))
    assert [fix.radius_m for fix in report.fixes] == [None, 850.24]
    assert report.civic is not None


def test_words_and_the_service_that_was_asked_for() -> None:
    body = multipart(part(b"Humo en la quebrada", "text/plain; charset=utf-8"), location(POINT))
    report = sip_geolocation.parse(request(body, "MESSAGE urn:service:sos.fire SIP/2.0"))
    assert report.channel is Channel.SMS
    assert report.text == "Humo en la quebrada\nurn:service:sos.fire"


@pytest.mark.parametrize(
    ("raw", "fixes", "flaw"),
    [
        (request(Geolocation="<https://lis.example.ec/357yc6s64>"), 1, "geolocation: a location by reference (https)"),
        (request(Geolocation="<cid:other@x>"), 1, "geolocation: no part"),
        (request(Geolocation=None), 1, "geolocation: points to no part"),
        (request(multipart(location(POINT.replace("-33.8570", "91")))), 0, "Point.pos: latitude"),
        (
            request(multipart(part(b"<presence", "application/pidf+xml", Content_ID="<target123@example.ec>"))),
            0,
            "body: is not well",
        ),
        (request(b""), 0, "geolocation: no part"),
    ],
)
def test_a_bad_location_never_stops_a_call(raw: bytes, fixes: int, flaw: str) -> None:
    report = sip_geolocation.parse(raw)
    assert report.caller.number == "+593991234567"
    assert len(report.fixes) == fixes
    assert report.flaws[0].startswith(flaw)


NOBODY = {"From": "<sip:anonymous@anonymous.invalid>"}


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (b"", "body", "neither a SIP request"),
        (b"GET / HTTP/1.1\r\n\r\n", "body", "neither a SIP request"),
        (b"x" * 300_000, "body", "at most"),
        (request(b"", "OPTIONS sip:911 SIP/2.0", **NOBODY), "body", "no call"),
    ],
)
def test_what_is_no_request(raw: bytes, field: str, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        sip_geolocation.parse(raw)
    assert any(p.field == field and words in p.problem for p in caught.value.problems), caught.value.problems


@pytest.mark.parametrize(
    ("raw", "flaw"),
    [
        (request(b"", **NOBODY), "geolocation: no location by value, and no caller"),
        (request(b"", From=None, Geolocation=None), "geolocation: no location by value, and no caller"),
        (request(b"", "INVITE urn:service:sos.fire SIP/2.0", **NOBODY), "geolocation: no location by value"),
        (request(multipart(location(POINT.replace("-33.8570", "91"))), **NOBODY), "Point.pos: latitude"),
        (request(multipart(location("<!DOCTYPE x>")), **NOBODY), "body: is not well-formed"),
    ],
)
def test_who_is_anonymous_and_nowhere_calls_all_the_same(raw: bytes, flaw: str) -> None:
    report = sip_geolocation.parse(raw)
    assert (report.caller, report.fixes) == (Caller(), ())
    assert any(each.startswith(flaw) for each in report.flaws), report.flaws
    assert report.id == sip_geolocation.parse(raw).id, "sent again it is the same call"


def test_a_place_in_the_words_of_a_message() -> None:
    body = multipart(part(b"Humo en -0.1807, -78.4678", "text/plain; charset=utf-8"))
    report = sip_geolocation.parse(request(body, "MESSAGE urn:service:sos SIP/2.0", Geolocation=None, **NOBODY))
    assert [fix.point for fix in report.fixes] == [Point(-0.1807, -78.4678)]


@pytest.mark.parametrize("gap", ["", " \r\n", "\r\n\ufeff"])
def test_a_part_without_its_blank_line(gap: str) -> None:
    for line in ("\r\n", "\n"):
        headers = "Content-Type: application/pidf+xml\r\nContent-ID:\r\n  <target123@example.ec>\r\n"
        bare = f"--boundary1\r\n{headers}{gap}".encode() + document(POINT) + b"\r\n--boundary1--\r\n"
        report = sip_geolocation.parse(request(bare.replace(b"\r\n", line.encode())))
        assert (report.fixes[0].point, report.flaws) == (PLACE, ())


@pytest.mark.timeout(10)
def test_a_body_of_nested_parts_ends() -> None:
    nested = b'--b\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' * 4000
    report = sip_geolocation.parse(request(nested, Content_Type="multipart/mixed; boundary=b"))
    assert report.fixes == ()


@fuzz
@given(st.one_of(mutations([request(), request(line="MESSAGE sip:a@b SIP/2.0"), BODY]), st.binary(max_size=200)))
def test_no_request_breaks_it(body: bytes) -> None:
    survives(sip_geolocation.parse, body)
    survives(lambda raw: sip_geolocation.parse(raw, HEADERS["Geolocation"], HEADERS["Content-Type"]), body)
    survives(
        lambda raw: sip_geolocation.parse(
            raw, raw.decode("latin-1"), "multipart/mixed; boundary=" + raw.decode("latin-1")
        ),
        body,
    )
