"""AML by HTTPS: every field optional, few of them right."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import Unreadable, aml_https, aml_sms
from dispatch.model.phone import same_phone
from geo import Fix, Point, Source
from tests.dispatch.intake.fuzz import fuzz, mutations, survives

GOOD = {
    "v": "1",
    "emergency_number": "911",
    "source": "CALL",
    "thunderbird_version": "2800",
    "time": "1438101600123",
    "location_latitude": "-0.1807032",
    "location_longitude": "-78.4678413",
    "location_time": "1438102600123",
    "location_altitude": "2850",
    "location_floor": "2",
    "location_source": "gps",
    "location_accuracy": "20",
    "location_vertical_accuracy": "2.5",
    "location_confidence": "0.68",
    "location_bearing": "48.7",
    "location_speed": "10.4",
    "device_number": "+593991234567",
    "device_model": "ACME X9",
    "device_imsi": "740011234567891",
    "device_imei": "355458061005220",
    "cell_home_mcc": "740",
    "cell_home_mnc": "01",
    "cell_network_mcc": "740",
    "cell_network_mnc": "01",
    "device_languages": "es-EC,en-GB",
}
KEY = b"quito"


def body(**fields: str | None) -> bytes:
    return urlencode({k: v for k, v in (GOOD | fields).items() if v is not None}).encode()


def test_a_whole_message() -> None:
    report = aml_https.parse(body())
    assert report.fixes == (
        Fix(
            Source.GNSS,
            Point(-0.1807032, -78.4678413),
            20,
            0.68,
            at=datetime(2015, 7, 28, 16, 56, 40, 123000, tzinfo=UTC),
            altitude_m=2850,
            vertical_m=2.5,
        ),
    )
    assert report.caller.number == "+593991234567"
    assert (report.caller.imei, report.caller.imsi) == ("355458061005220", "740011234567891")
    assert report.caller.language == "es-EC,en-GB"
    assert report.civic == {"FLR": "2"}
    assert report.flaws == ()


def test_the_sms_of_the_same_phone_meets_it() -> None:
    https = aml_https.parse(body(device_number=None)).caller
    sms = aml_sms.parse(b'A"ML=1;lt=-0.18070;lg=-78.46780;rd=9;pm=G;ei=355458061005228').caller
    assert same_phone(https, sms)
    assert same_phone(
        aml_https.parse(body(device_imei=None)).caller, aml_sms.parse(b'A"ML=1;pm=N;rd=N', "0991234567").caller
    )


def test_a_repeat_is_the_same_call() -> None:
    assert aml_https.parse(body()).id == aml_https.parse(body()).id
    assert aml_https.parse(body(time="1438101600124")).id != aml_https.parse(body()).id
    timeless = body(time=None, location_time=None)
    assert aml_https.parse(timeless).id != aml_https.parse(timeless).id


def test_a_phone_that_found_nothing() -> None:
    nowhere = body(location_latitude=None, location_longitude=None)
    assert aml_https.parse(nowhere).fixes == ()
    zeros = body(location_latitude="0.0", location_longitude="0.0", location_accuracy="0", location_source="unknown")
    assert aml_https.parse(zeros).fixes == ()


def test_the_equator_is_a_position() -> None:
    assert aml_https.parse(body(location_latitude="0.0")).fixes[0].point == Point(0, -78.4678413)


def test_older_and_mistaken_confidence() -> None:
    older = aml_https.parse(body(location_confidence=None, location_certainty="83"))
    assert (older.fixes[0].confidence, older.flaws) == (0.83, ())
    mistaken = aml_https.parse(body(location_confidence="83"))
    assert mistaken.fixes[0].confidence == 0.83
    assert mistaken.flaws[0].startswith("location_confidence")
    assert aml_https.parse(body(location_confidence="1")).fixes[0].confidence == 0.999
    assert aml_https.parse(body(location_confidence="")).fixes[0].confidence is None


def test_a_plus_that_was_not_escaped() -> None:
    raw = body().replace(b"device_number=%2B", b"device_number=+")
    assert aml_https.parse(raw).caller.number == "+593991234567"


def test_a_crash() -> None:
    text = aml_https.parse(body(adr_carcrash_time="1438101600123")).text
    assert text is not None
    assert "choque" in text


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"location_time": "1438102600"}, "location_time"),
        ({"time": "yesterday"}, "time"),
        ({"location_source": "bluetooth"}, "location_source"),
        ({"location_accuracy": "-1"}, "location_accuracy"),
        ({"location_confidence": "high"}, "location_confidence"),
        ({"shoe_size": "42"}, "'shoe_size'"),
    ],
)
def test_a_broken_rule_is_flagged_and_the_place_still_used(change: dict[str, str], flaw: str) -> None:
    report = aml_https.parse(body(**change))
    assert report.fixes[0].point == Point(-0.1807032, -78.4678413)
    assert [each.split(":")[0] for each in report.flaws] == [flaw]


def test_a_signed_message() -> None:
    signed = aml_https.sign(body(), KEY)
    assert aml_https.parse(signed, KEY) == aml_https.parse(body())
    assert aml_https.parse(signed).fixes == aml_https.parse(body()).fixes
    # RFC 2202, test case 2 of HMAC-SHA1
    assert aml_https.sign(b"what do ya want for nothing?", b"Jefe").endswith(
        b"=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    )


@pytest.mark.parametrize(
    "forged",
    [
        body(),
        body() + b"&hmac=",
        body() + b"&hmac=" + b"0" * 40,
        aml_https.sign(body(), b"other"),
        aml_https.sign(body(), KEY).replace(b"78.46", b"78.47"),
        b"hmac=" + aml_https.sign(b"", KEY)[6:],
    ],
)
def test_a_forged_message_is_refused(forged: bytes) -> None:
    with pytest.raises(Unreadable, match="hmac: "):
        aml_https.parse(forged, KEY)


def test_what_stands_behind_the_signature_is_not_believed() -> None:
    signed = aml_https.sign(body(device_number=None), KEY)
    try:
        report = aml_https.parse(signed + b"&device_number=%2B593987654321", KEY)
    except Unreadable:
        return
    assert report.caller.number is None


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (b"", "body", "no field"),
        (b"hello world", "body", "no field"),
        (b"\xff", "body", "UTF-8"),
        (b"a=" * 70_000, "body", "at most"),
        (b"&".join(b"v=1" for _ in range(300)), "body", "more than 200"),
        (b"v=1&source=CALL", "body", "neither where"),
        (body(location_latitude="91"), "location_latitude", "not between"),
        (body(location_latitude="NaN"), "location_latitude", "not a number"),
        (body(location_longitude=""), "location_longitude", "missing"),
    ],
)
def test_what_tells_no_place_is_refused_by_name(raw: bytes, field: str, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        aml_https.parse(raw)
    assert any(p.field == field and words in p.problem for p in caught.value.problems), caught.value.problems


@fuzz
@given(
    st.one_of(mutations([body(), aml_https.sign(body(), KEY), body(location_source="cell")]), st.binary(max_size=200))
)
def test_no_post_breaks_it(raw: bytes) -> None:
    survives(aml_https.parse, raw)
    survives(lambda each: aml_https.parse(each, KEY), raw)


@fuzz
@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.text(max_size=20), min_size=1))
def test_no_values_break_it(fields: dict[str, str]) -> None:
    survives(aml_https.parse, urlencode(fields, errors="replace").encode())
