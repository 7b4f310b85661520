"""Positions in what people write and paste."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import Unreadable, text
from dispatch.model.report import Channel
from geo import Point, Source
from tests.dispatch.intake.fuzz import fuzz, mutations, survives

PLACE = (-0.1807, -78.4678)
MINUTES = (-(10 + 50.5 / 60) / 60, -(78 + 28 / 60 + 4.1 / 3600))


@pytest.mark.parametrize(
    "written",
    [
        "-0.1807, -78.4678",
        "-0.1807 -78.4678",
        "-0,1807; -78,4678",
        "-0,1807, -78,4678",
        "Estoy en -0.1807,-78.4678 vengan pronto",
        "(−0.1807°, −78.4678°)",
        "0.1807 S, 78.4678 W",
        "0,1807° S 78,4678° O",
        "78.4678 oeste, 0.1807 sur",
        "S0.1807 W78.4678",
        "0.1807 south and 78.4678 west",
        "lat: -0.1807 lon: -78.4678",
        "Latitud -0.1807\nLongitud: -78.4678",
        "longitude=-78.4678 latitude=-0.1807",
        "0°10.842'S 78°28.068'W",
        "-0.1807,-78.4678,2850",
        "-0.1807 o -78.4678",
        "geo:-0.1807,-78.4678",
        "GEO:-0.1807,-78.4678;CRS=WGS84",
        "vea geo:-0.1807,-78.4678.",
        "geo:0,0?q=-0.1807,-78.4678(Mi+casa)",
        "https://maps.google.com/?q=-0.1807,-78.4678",
        "Ubicación: https://maps.google.com/maps?q=-0.1807%2C-78.4678&z=17&hl=es",
        "https://www.google.com/maps/search/?api=1&query=-0.1807,-78.4678",
        "https://www.google.com/maps/search/-0.1807,+-78.4678?entry=tts",
        "https://www.google.com/maps/dir/?api=1&destination=-0.1807,-78.4678",
        "https://www.google.com.ec/maps/place/X/@-0.2201,-78.5123,17z/data=!3m1!4b1!4m5!8m2!3d-0.1807!4d-78.4678",
        "maps.google.com/?q=loc:-0.1807,-78.4678",
        "https://waze.com/ul?ll=-0.1807%2C-78.4678&navigate=yes",
        "https://www.waze.com/live-map/directions?to=ll.-0.1807%2C-78.4678",
        "waze://?ll=-0.1807,-78.4678",
        "https://www.openstreetmap.org/?mlat=-0.1807&mlon=-78.4678#map=17/-0.19/-78.47",
        "https://maps.apple.com/?ll=-0.1807,-78.4678&q=Mi%20casa",
        "https://maps.apple.com/?q=-0.1807,-78.4678",
        "https://maps.apple.com/place?coordinate=-0.1807,-78.4678&name=X",
        "maps://?q=-0.1807,-78.4678",
        "https://example.ec/aviso?lat=-0.1807&lng=-78.4678",
    ],
)
def test_a_place_however_written(written: str) -> None:
    fixes, flaws = text.find(written)
    assert [fix.point for fix in fixes] == [Point(*PLACE)]
    assert fixes[0].radius_m is None
    assert flaws == ()


@pytest.mark.parametrize(
    "written",
    [
        "0°10'50.5\"S 78°28'04.1\"W",
        "0° 10' 50,5\" S, 78° 28' 4,1\" O",
        "0º10’50.5” Sur, 78º28’04.1” Oeste",
        "S 0°10′50.5″ W 78°28′04.1″",
        "-0°10'50.5\" -78°28'04.1\"",
        "0°10'50.5''S, 78°28'04.1''W",
        "0 grados 10 minutos 50.5 segundos sur, 78 grados 28 minutos 4.1 segundos oeste",
        "78°28'04.1\"W 0°10'50.5\"S",
        "https://www.google.com/maps/place/0%C2%B010'50.5%22S+78%C2%B028'04.1%22W/@-0.19,-78.47,17z",
    ],
)
def test_degrees_minutes_seconds(written: str) -> None:
    fixes, _ = text.find(written)
    assert len(fixes) == 1
    assert fixes[0].point is not None
    assert (fixes[0].point.lat, fixes[0].point.lon) == pytest.approx(MINUTES)


def test_north_of_the_equator_and_on_it() -> None:
    assert text.find("0.0021 N, 78.4558 O")[0][0].point == Point(0.0021, -78.4558)
    assert text.find("0.0000, -78.4558")[0][0].point == Point(0, -78.4558)


def test_a_told_uncertainty() -> None:
    fix = text.find("geo:48.198634,16.371648,183;crs=wgs84;u=40")[0][0]
    assert (fix.point, fix.radius_m, fix.altitude_m) == (Point(48.198634, 16.371648), 40, 183)


@pytest.mark.parametrize(
    ("written", "radius_m"),
    [
        ("lat -0.18 lon -78.46", 1113.2),
        ("0°10'S 78°28'O", 1855.3),
        ("geo:-0.1,-78.4", 11_132),
        ("0°10'50\"S 78°28'4\"O", None),
    ],
)
def test_few_digits_make_a_wide_circle(written: str, radius_m: float | None) -> None:
    assert text.find(written)[0][0].radius_m == (pytest.approx(radius_m, abs=0.1) if radius_m else None)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Son $12.50, 30.20 en total",
        "12.345 y 67.890",
        "192.168.0.1 y 10.0.0.1",
        "099-123-4567, 02-2567-890",
        "a las 10:30, 23/11/2026",
        "123.4567, -78.4678",
        "91.0000, -78.4678",
        "0°61'00\"S 78°28'00\"W",
        "-0.1807 N -78",
        "geo:0,0?q=Hospital+Eugenio+Espejo",
        "https://example.ec/?page=2&q=humo",
        "https://maps.google.com/?q=Hospital+Eugenio+Espejo",
        "https://maps.google.com/?q=91,0",
        "https://[::1",
    ],
)
def test_what_is_no_place(written: str) -> None:
    assert text.find(written)[0] == ()


@pytest.mark.parametrize(
    ("written", "flaw"),
    [
        ("geo:-0.18,-78.46;crs=moon-2011", "geo: unknown reference system"),
        ("geo:91,0", "geo: latitude"),
        ("geo:abc", "geo: not a latitude"),
        ("https://maps.app.goo.gl/AbCdEf12", "link: a short link"),
        ("https://goo.gl/maps/AbCdEf12", "link: a short link"),
    ],
)
def test_what_cannot_be_used_is_told(written: str, flaw: str) -> None:
    fixes, flaws = text.find(written)
    assert fixes == ()
    assert flaws[0].startswith(flaw)


def test_a_broken_rule_of_a_geo_uri() -> None:
    fixes, flaws = text.find("geo:-0.1807,-78.4678;u=5;crs=wgs84;u=9")
    assert fixes[0].radius_m == 5
    assert flaws == ("geo: crs stands first and each parameter once",)


@pytest.mark.parametrize(
    "link",
    ["https://www.google.com/maps/@-0.1807,-78.4678,15z", "https://www.openstreetmap.org/#map=17/-0.1807/-78.4678"],
)
def test_the_middle_of_a_view_is_a_weak_word(link: str) -> None:
    fixes, flaws = text.find(link)
    assert (fixes[0].point, fixes[0].source) == (Point(*PLACE), Source.UNKNOWN)
    assert "middle of its view" in flaws[0]


def test_a_geohash_of_waze() -> None:
    # ezs42 is the published example: 42.605, -5.603
    point = text.find("https://waze.com/ul/hezs42")[0][0].point
    assert point is not None
    assert (point.lat, point.lon) == pytest.approx((42.605, -5.603), abs=0.03)


def test_several_places_each_once() -> None:
    both = text.find("de -0.1807,-78.4678 a https://maps.google.com/?q=-0.22,-78.51 o sea -0.1807 -78.4678")[0]
    assert [fix.point for fix in both] == [Point(-0.22, -78.51), Point(*PLACE)]


def test_an_sms() -> None:
    at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    report = text.parse(b"Auxilio, incendio en -0.1807,-78.4678", "0991234567", at=at)
    assert report.channel is Channel.SMS
    assert report.caller.number == "+593991234567"
    assert report.text == "Auxilio, incendio en -0.1807,-78.4678"
    assert len(report.fixes) == 1


def test_a_repeat_is_known_by_its_number_or_time_alone() -> None:
    cry, who, at = b"Auxilio", "0991234567", datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert text.parse(cry, who, message_id="7").id == text.parse(cry, who, message_id="7").id
    assert text.parse(cry, who, at=at).id == text.parse(cry, who, at=at).id
    assert text.parse(cry, who, message_id="7").id != text.parse(cry, who, message_id="8").id
    assert text.parse(cry, who).id != text.parse(cry, who).id, "two cries for help are never one"


def test_a_message_of_a_phone_itself_is_read_as_such() -> None:
    report = text.parse(b'A"ML=1;lt=-0.18070;lg=-78.46780;rd=14;top=20261123171748;lc=68;pm=G', "0991234567")
    assert report.channel is Channel.AML


def test_words_are_not_lost() -> None:
    assert text.parse("Está quemándose".encode("latin-1"), "0991234567").text == "Está quemándose"
    long = text.parse(b"a" * 5000, "0991234567")
    assert (len(long.text or ""), len(long.flaws)) == (4000, 1)
    assert text.parse(b"", "0991234567").text is None


@pytest.mark.parametrize("raw", [b"", b" \x00\n", b"a" * 300_000])
def test_nothing_from_nobody(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="body: "):
        text.parse(raw)


HOSTILE = [
    "1.1111 ",
    "-0.1,",
    "0°0'0\"",
    "lat",
    "geo:",
    ";a=",
    "n s e o w ",
    "1.2.3.4.",
    "!3d1!4d1",
    "https://a/1,1/",
    "°",
    "@1,1",
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_takes_long(piece: str) -> None:
    for start in ("", "geo:", "https://www.google.com/maps/", "https://a.ec/?q="):
        text.find(start + piece * (4000 // len(piece)))


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_pair_of_decimals_comes_back(lat: float, lon: float) -> None:
    fixes, _ = text.find(f"aquí: {lat:.6f}, {lon:.6f}.")
    assert fixes[0].point == Point(float(f"{lat:.6f}"), float(f"{lon:.6f}"))


@given(st.integers(0, 89), st.integers(0, 59), st.integers(0, 599), st.sampled_from("NS"), st.sampled_from("EOW"))
def test_degrees_come_back(degrees: int, minutes: int, tenths: int, north: str, east: str) -> None:
    written = f"{degrees}°{minutes}'{tenths / 10:.1f}\"{north} {degrees}°{minutes}'{tenths / 10:.1f}\"{east}"
    size = degrees + minutes / 60 + tenths / 36_000
    point = text.find(written)[0][0].point
    assert point is not None
    assert (point.lat, point.lon) == pytest.approx((size if north == "N" else -size, size if east == "E" else -size))


SAMPLES = [
    b"Auxilio -0.1807, -78.4678",
    "0°10'50,5\" S, 78°28'4,1\" O".encode(),
    b"geo:-0.1807,-78.4678,2800;crs=wgs84;u=40",
    b"https://www.google.com/maps/place/X/@-0.2201,-78.5123,17z/data=!8m2!3d-0.1807!4d-78.4678",
    b"https://waze.com/ul?ll=-0.1807%2C-78.4678",
    b"https://waze.com/ul/hezs42ezs4",
    b"https://www.openstreetmap.org/?mlat=-0.1807&mlon=-78.4678#map=17/-0.18/-78.46",
]


@fuzz
@given(st.one_of(mutations(SAMPLES), st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_text_breaks_it(body: bytes) -> None:
    survives(text.parse, body)
    survives(lambda raw: text.parse(raw, "0991234567"), body)


@fuzz
@given(
    st.lists(
        st.sampled_from([*HOSTILE, "-", " ", "0.1807", "78.4678", "S", "W", "'", '"', ",", "?q=", "%2C"]), max_size=30
    )
)
def test_no_pieces_break_it(pieces: list[str]) -> None:
    survives(text.parse, "".join(pieces).encode())
