"""What gateways and programs wrap around a message costs neither its words nor its place."""

import json
from uuid import uuid4

import pytest

from dispatch.intake import json_call, text
from dispatch.intake.places.packaging import from_hex, tidied
from dispatch.intake.text_rules import without_halves
from geo import Point

PLACE = Point(-0.1807, -78.4678)
WORDS = "Auxilio, humo en -0.1807,-78.4678"


def parsed(body: bytes) -> tuple[str | None, list[Point | None]]:
    report = text.parse(body, "0991234567")
    return report.text, [fix.point for fix in report.fixes]


def test_quotes_and_dashes_of_windows() -> None:
    words, points = parsed("Está en 0°10’50.52” S, 78°28’4.08” O – apúrense".encode("cp1252"))
    assert words == "Está en 0°10’50.52” S, 78°28’4.08” O – apúrense"
    assert points[0] is not None
    assert (points[0].lat, points[0].lon) == pytest.approx((-0.1807, -78.4678), abs=1e-6)
    assert parsed(b"\x81\x8d Est\xe1 en -0.1807,-78.4678")[1] == [PLACE], "five bytes are nothing in Windows-1252"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    assert parsed(WORDS.encode(encoding)) == (WORDS, [PLACE])


@pytest.mark.parametrize("header", ["", "050003A10201", "06080400A10201"])
def test_an_sms_as_the_digits_of_its_ucs_2(header: str) -> None:
    digits = WORDS.encode("utf-16-be").hex()
    for written in (digits, digits.upper(), " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))):
        report = text.parse((header + written).encode(), "0991234567")
        assert (report.text, report.fixes[0].point) == (WORDS, PLACE)
        assert report.flaws == ("body: the hexadecimal digits of UCS-2, decoded",)


def test_an_emoji_in_ucs_2() -> None:
    assert from_hex("Fuego 🔥 aquí, vengan".encode("utf-16-be").hex()) == "Fuego 🔥 aquí, vengan"


@pytest.mark.parametrize(
    "written", ["0991234567", "09912345678901", "12345678", "cafe", "DEADBEEFDEADBEEF", "ayuda", ""]
)
def test_digits_that_are_no_ucs_2(written: str) -> None:
    assert from_hex(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "\u200e-0.1807, \u200e-78.4678",
        "\u2066-0.1807\u2069,\u00a0\u2066-78.4678\u2069",
        "\ufeff-0.1807,\u2009-78.4678",
        "-0.\u200b1807,-78.46\u00ad78",
        "-0.1807&#44;-78.4678",
        "-0.1807&comma; -78.4678",
        "&#45;0.1807, &#x2212;78.4678",
        "-0.1807&nbsp;-78.4678",
        "0.1807&deg;S 78.4678&deg;O",
        "0.1807&amp;deg;S 78.4678&amp;deg;O",
        "-0.1807%2C%20-78.4678",
        "geo:-0.1807%252C-78.4678",
        "https://maps.google.com/maps?z=17&amp;amp;q=-0.1807&#44;-78.4678",
        "https://maps.google.com/maps?z=17&center=1&q=-0.1807%252C%2520-78.4678",
        "https://maps.google.com/?q=\u200e-0.1807,\u200e-78.4678",
        "https://maps.google.com/?q=-0.1807,\u00a0-78.4678",
        "https://maps.google.com/?q=−0.1807,−78.4678",
        "https://maps.google.com/?q=-0.1807 -78.4678",
        "«https://maps.google.com/?q=-0.1807,-78.4678»",
    ],
)
def test_packaging_of_a_place(written: str) -> None:
    assert parsed(written.encode())[1] == [PLACE]


def test_the_words_stay_as_they_were_sent() -> None:
    assert parsed("Pan &amp; miel, 0,1807° S 78,4678° O".encode())[0] == "Pan &amp; miel, 0,1807° S 78,4678° O"
    assert tidied("&center=1&lat=2&copy=3") == "&center=1&lat=2&copy=3"


def call(escaped: str) -> bytes:
    return f'{{"id":"{uuid4()}","channel":"chat","text":"{escaped}"}}'.encode()


@pytest.mark.parametrize(
    ("escaped", "words"),
    [
        (r"Fuego \ud83d", "Fuego \ufffd"),
        (r"\udd25 Fuego", "\ufffd Fuego"),
        (r"\ud83d\ud83d\udd25", "\ufffd🔥"),
        (r"Fuego \uD83D\uDD25", "Fuego 🔥"),
        (r"C:\\ud83d", r"C:\ud83d"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"a\n\ud83d\"", 'a\n\ufffd"'),
    ],
)
def test_half_an_emoji_costs_no_call(escaped: str, words: str) -> None:
    assert json_call.parse(call(escaped)).text == words


def test_half_an_emoji_in_bytes() -> None:
    assert json_call.parse(call("Fuego").replace(b"Fuego", b"Fuego \xed\xa0\xbd")).text == "Fuego \ufffd"
    assert json_call.parse(call("Fuego").replace(b"Fuego", b"Fuego \xed\xa0\xbd\xed\xb4\xa5")).text == "Fuego 🔥"


def test_whole_texts_are_left_alone() -> None:
    for value in ("🔥", "\\", "\\u", 'a"b', "é"):
        assert json.loads(without_halves(json.dumps(value))) == value
