"""One grammar for a number, wherever it stands."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import osmand, pidf_lo, text
from dispatch.intake.places import find
from dispatch.number import decimal, decimals, plain
from dispatch.tools.rows import number
from geo import Point

WRITTEN = [
    ("-0.1807", -0.1807, 4),
    ("-0,1807", -0.1807, 4),
    ("−0.1807", -0.1807, 4),
    ("–0,1807", -0.1807, 4),
    ("- 0.1807", -0.1807, 4),
    (" -0.1807 ", -0.1807, 4),
    ("\u200e-0.1807\u200f", -0.1807, 4),
    ("-1.807E-1", -0.1807, 4),
    ("-1,807e-01", -0.1807, 5),
    ("-5.0E-4", -0.0005, 5),
    ("-.1807", -0.1807, 4),
    ("-0.18070000000000001", -0.1807, 17),
    ("－０．１８０７", -0.1807, 4),
    ("-٠٫١٨٠٧", -0.1807, 4),
    ("+78", 78.0, 0),
    ("78.", 78.0, 0),
]


@pytest.mark.parametrize(("written", "value", "digits"), WRITTEN)
def test_a_number_however_it_is_written(written: str, value: float, digits: int) -> None:
    assert decimal(written) == pytest.approx(value, abs=1e-15)
    assert decimals(written) in (digits, digits - 1)


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "-",
        "nan",
        "inf",
        "-Infinity",
        "1e999",
        "0x10",
        "1_000",
        "1.2.3",
        "1,2,3",
        "1 234",
        "e5",
        "1e",
        "٣x",
        "½",
        "true",
    ],
)
def test_what_is_no_number(written: str) -> None:
    assert decimal(written) is None
    assert decimals(written) == 0 or written == "1e999"


@pytest.mark.parametrize("written", [each for each, value, _ in WRITTEN if value == -0.1807])
def test_every_door_reads_the_same(written: str) -> None:
    """Words, links, `geo:` URIs, OsmAnd, XML and tables."""
    bare = written.strip().replace(" ", "")
    doors = [
        find(f"lat {bare} lon -78.4678")[0][0].point,
        find(f"https://maps.google.com/?q={bare};-78.4678")[0][0].point,
        find(f"https://example.ec/?lat={bare}&lon=-78.4678")[0][0].point,
        find(f"geo:{plain(bare).replace(',', '.')},-78.4678")[0][0].point,
        Point(osmand.parse(f"lat={bare}&lon=-78.4678", b"").lat, -78.4678),
        Point(number(written), -78.4678),
        pidf_lo.parse(f"<location-info><Point><pos>{bare} -78.4678</pos></Point></location-info>".encode())
        .fixes[0]
        .point,
    ]
    assert [point and (point.lat, point.lon) for point in doors] == [pytest.approx((-0.1807, -78.4678), abs=1e-12)] * 7


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_python_prints_is_read_back(value: float) -> None:
    assert decimal(repr(value)) == value


@given(st.text(max_size=30))
def test_no_text_is_more_than_a_finite_number(written: str) -> None:
    value = decimal(written)
    assert value is None or isfinite(value)
    assert 0 <= decimals(written) <= 40


def test_a_message_of_java_is_south_of_the_equator() -> None:
    assert text.parse(b"Estoy en -5.0E-4, -7.84558E1", "0991234567").fixes[0].point == Point(-0.0005, -78.4558)
