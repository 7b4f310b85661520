"""AML by SMS, both versions: published messages, messages that break the rules, and noise."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import Unreadable, aml_data_sms, aml_sms, gsm7
from dispatch.model.report import Channel
from geo import Fix, Point, Source
from tests.dispatch.intake.fuzz import fuzz, mutations, survives

HEAD = 'A"ML=1;'
# The two samples of Android's ELS; the second says one character too few of itself.
NOWHERE = (
    'A"ML=1;lt=+00.00000;lg=+000.00000;rd=N;top=20220131173734;lc=0;pm=N;'
    "si=234159000000000;ei=123456789012345;mcc=234;mnc=15;ml=127"
)
LONDON = (
    'A"ML=1;lt=+51.53321;lg=-0.12601;rd=14;top=20220131171748;lc=68;pm=W;'
    "si=234159000000000;ei=123456789012345;mcc=234;mnc=15;ml=126"
)
VERSION_2 = (
    'A"ML=2;en=911;et=1593187189;lo=-0.18070,-78.46780,20.1;lt=5;lc=68;lz=2850.5,3.2;ls=W;'
    "ei=355458061005220;nc=74001;hc=74001;lg=es-EC"
)
SENDER = "0991234567"


def message(**fields: str | None) -> bytes:
    good: dict[str, str | None] = {
        "lt": "-0.18070",
        "lg": "-78.46780",
        "rd": "14",
        "top": "20261123171748",
        "lc": "68",
        "pm": "G",
        "si": "740011234567891",
        "ei": "355458061005220",
        "mcc": "740",
        "mnc": "01",
    }
    text = HEAD + "".join(f"{key}={value};" for key, value in (good | fields).items() if value is not None)
    return f"{text}ml={len(text) + 6}".encode() if "ml" not in fields else text.encode()


def test_the_published_position() -> None:
    report = aml_sms.parse(LONDON.encode(), SENDER)
    assert report.channel is Channel.AML
    assert report.fixes == (
        Fix(Source.WIFI, Point(51.53321, -0.12601), 14, 0.68, at=datetime(2022, 1, 31, 17, 17, 48, tzinfo=UTC)),
    )
    assert report.caller.number == "+593991234567"
    assert report.caller.imei == "123456789012347"
    assert report.caller.imsi is None, "six digits and zeros are everybody's"
    assert report.flaws == ("ml: says 126, the message has 127 characters",)


def test_no_position_is_no_fix() -> None:
    report = aml_sms.parse(NOWHERE.encode(), SENDER)
    assert report.fixes == ()
    assert report.flaws == ()


def test_a_clean_message_has_no_flaws() -> None:
    report = aml_sms.parse(message())
    assert report.flaws == ()
    assert report.caller.imsi == "740011234567891"


def test_the_equator_is_a_position() -> None:
    assert aml_sms.parse(message(lt="+0.00000")).fixes[0].point == Point(0, -78.4678)
    assert aml_sms.parse(message(lt="+0.00000", lg="+0.00000")).fixes[0].point == Point(0, 0)


def test_zeros_without_method_or_radius_are_nowhere() -> None:
    for nowhere in ({"pm": "N"}, {"rd": "N"}, {"pm": "N", "rd": "N"}, {"pm": "U", "rd": "0"}, {"pm": None, "rd": None}):
        assert aml_sms.parse(message(lt="+0.00000", lg="+0.00000", **nowhere)).fixes == ()


def test_a_position_without_a_method_is_used() -> None:
    report = aml_sms.parse(message(pm="N", rd="N"))
    assert report.fixes[0].source is Source.UNKNOWN
    assert report.fixes[0].radius_m is None
    assert report.flaws == ("lt: a position although the method is none, used",)


def test_a_repeat_is_the_same_call_and_the_next_is_not() -> None:
    once = aml_sms.parse(message(), SENDER)
    assert aml_sms.parse(message() + b"\r\n", "+593991234567").id == once.id
    assert aml_sms.parse(message(), "0987654321").id != once.id
    assert aml_sms.parse(message(top="20261123171749"), SENDER).id != once.id


def test_without_a_time_no_message_is_taken_for_a_repeat() -> None:
    timeless = message(top=None)
    assert aml_sms.parse(timeless, SENDER).id != aml_sms.parse(timeless, SENDER).id


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"ml": "5"}, "ml"),
        ({"rd": "x"}, "rd"),
        ({"rd": "-4"}, "rd"),
        ({"top": "20261323171748"}, "top"),
        ({"top": "19700101000000"}, "top"),
        ({"lc": "168"}, "lc"),
        ({"pm": "Z"}, "pm"),
        ({"pm": None}, "pm"),
        ({"mcc": "74"}, "mcc"),
        ({"mnc": "1"}, "mnc"),
        ({"zz": "1"}, "zz"),
        ({"lt": "-0,18070"}, "lt"),
    ],
)
def test_a_broken_rule_is_flagged_and_the_place_still_used(change: dict[str, str], flaw: str) -> None:
    report = aml_sms.parse(message(**change), SENDER)
    assert report.fixes[0].point == Point(-0.1807, -78.4678)
    assert flaw in [each.split(":")[0] for each in report.flaws]


def test_doubled_keys_and_a_missing_header() -> None:
    doubled = aml_sms.parse(message().replace(b";rd=14", b";rd=14;rd=15;lt=+51.50000"))
    assert doubled.fixes[0].radius_m == 14
    assert [flaw for flaw in doubled.flaws if "twice" in flaw] == [
        "rd: stands twice, the first is used",
        "lt: stands twice, the first is used",
    ]
    headless = aml_sms.parse(message().removeprefix(HEAD.encode()))
    assert headless.fixes[0].point == Point(-0.1807, -78.4678)
    assert headless.flaws[0].startswith("header")


@pytest.mark.parametrize("header", ["A“ML=1;", "a'ml=1;", "AML=1;", "A&quot;ML=1;", '  \n\ufeffA"ML = 1;'])
def test_a_header_that_a_gateway_has_spoilt(header: str) -> None:
    report = aml_sms.parse(message().decode().replace(HEAD, header).encode())
    assert report.fixes[0].point == Point(-0.1807, -78.4678)


def test_lost_decimals_widen_the_radius() -> None:
    assert aml_sms.parse(message(lt="-0.180700")).flaws == ()
    fix = aml_sms.parse(message(lg="-78.4")).fixes[0]
    assert fix.radius_m == pytest.approx(14 + 11_132)


def test_a_hundred_percent_is_rounded_down() -> None:
    assert aml_sms.parse(message(lc="100")).fixes[0].confidence == 0.999
    assert aml_sms.parse(message(lc="0")).fixes[0].confidence is None


def test_version_2() -> None:
    report = aml_sms.parse(VERSION_2.encode(), SENDER)
    assert report.fixes == (
        Fix(
            Source.WIFI,
            Point(-0.1807, -78.4678),
            20.1,
            0.68,
            at=datetime(2020, 6, 26, 15, 59, 54, tzinfo=UTC),
            altitude_m=2850.5,
            vertical_m=3.2,
        ),
    )
    assert (report.caller.language, report.caller.imei) == ("es-EC", "355458061005220")
    assert report.flaws == ()


def test_version_2_without_a_place() -> None:
    report = aml_sms.parse(b'A"ML=2;en=911;et=1593187189;ei=355458061005228;lg=es')
    assert (report.fixes, report.flaws) == ((), ())


def test_version_2_with_unknown_accuracy_and_time() -> None:
    fix = aml_sms.parse(b'A"ML=2;lo=0.00000,-78.46780,0;ls=G', SENDER).fixes[0]
    assert (fix.point, fix.radius_m, fix.at) == (Point(0, -78.4678), None, None)


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (b"", "body", "no AML message"),
        (b"Auxilio, hay humo", "body", "no AML message"),
        (b"\xff\xfeA", "body", "UTF-8"),
        (b'A"ML=1;' + b"x" * 5000, "body", "at most"),
        (b'A"ML=1;lt=+51.53', "lg", "missing"),
        (message(lt="91.00000"), "lt", "not between -90 and 90"),
        (message(lg="-180.00001"), "lg", "not between"),
        (message(lt="nan"), "lt", "not a number"),
        (message(lt="1e1"), "lt", "cut off"),
        (message(lt="0x1.8"), "lt", "not a number"),
        (message(lt="0_1.8"), "lt", "not a number"),
        (message(lg="-78"), "lg", "cut off"),
        (b'A"ML=2;lo=-0.18', "lo", "missing"),
        (b'A"ML=1;pm=N;rd=N', "body", "neither where"),
        (b'A"ML=1', "lt", "missing"),
    ],
)
def test_what_tells_no_place_is_refused_by_name(raw: bytes, field: str, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        aml_sms.parse(raw)
    assert any(p.field == field and words in p.problem for p in caught.value.problems), caught.value.problems


UDH = bytes.fromhex("060504158A0000")


@pytest.mark.parametrize("text", [LONDON, NOWHERE, VERSION_2])
def test_a_data_sms_is_the_same_report(text: str) -> None:
    expected = aml_sms.parse(text.encode(), SENDER)
    packed = gsm7.pack(text)
    for body in (
        packed,
        packed.hex().encode(),
        packed.hex(" ").upper().encode() + b"\r\n",
        UDH + gsm7.pack(text, fill_bits=0),
        b"\x05\x04\x15\x8a\x00\x00"[:1] + b"\x04\x02\x0b\x84\x00" + gsm7.pack(text, fill_bits=1),
        UDH + text.encode(),
        text.encode(),
    ):
        assert aml_data_sms.parse(body, SENDER) == expected


@pytest.mark.parametrize(
    "raw", [b"", b"\x00", b"\xff" * 140, b"41", gsm7.pack("Hola, humo en la quebrada"), b"\x01" * 3000]
)
def test_another_data_sms_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="body: "):
        aml_data_sms.parse(raw)


SAMPLES = [LONDON.encode(), NOWHERE.encode(), VERSION_2.encode(), message()]


@fuzz
@given(
    st.one_of(
        mutations(SAMPLES), st.binary(max_size=300), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))
    )
)
def test_no_sms_breaks_it(body: bytes) -> None:
    survives(aml_sms.parse, body)
    survives(lambda raw: aml_sms.parse(raw, SENDER), body)


@fuzz
@given(st.one_of(mutations([gsm7.pack(s.decode()) for s in SAMPLES]), st.binary(max_size=300)))
def test_no_data_sms_breaks_it(body: bytes) -> None:
    survives(aml_data_sms.parse, body)


@pytest.mark.parametrize(
    "written", ["-1.807E-1", "-0.18070000000000001", "-٠.١٨٠٧٠", "−0,1807", "－０.１８０７", "\u200e-0.18070"]
)
def test_a_number_however_a_phone_prints_it(written: str) -> None:
    assert aml_sms.parse(message(lt=written)).fixes[0].point == Point(-0.1807, -78.4678)


@pytest.mark.parametrize("quote", ["”", "“", "’"])
def test_a_header_with_a_quote_of_windows(quote: str) -> None:
    report = aml_sms.parse(message().replace(b'"', quote.encode("cp1252"), 1))
    assert report.fixes[0].point == Point(-0.1807, -78.4678)
    assert report.flaws[-1] == "body: not UTF-8, read as Windows-1252"
