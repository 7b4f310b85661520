"""Places in words: degrees, metres, squares and codes, and the order that is stated."""

import pytest

from dispatch.intake.places import find
from geo import Point
from tests.dispatch.intake.places.quito import AREA, HERE, is_at, only

STATED = [
    "S0 11.004 W78 29.058",
    "0 11.004 S 78 29.058 W",
    "00 11.004 S, 078 29.058 O",
    "S 00° 11.004 W 078° 29.058",
    "0:11:00.24 S 78:29:03.48 W",
    "0-11-00.24 S, 78-29-03.48 O",
    "0 11 00.24 S 78 29 03.48 O",
    "0d11m00.24s S 78d29m03.48s W",
    "0° 11' 0.24\" Sur y 78° 29' 3.48\" Oeste",
    "-0 11.004, -78 29.058",
    "0011.004,S,07829.058,W",
    "latitud sur 0.1834 longitud oeste 78.4843",
    "Latitud: 0° 11' 0.24'' S Longitud: 78° 29' 3.48'' O",
    "lat=-0.1834&lon=-78.4843",
    "Mi latitud es -0.1834 y la longitud es -78.4843",
    "coordenadas UTM 17S 780024 9979709",
    "UTM 17 S 780024 9979709",
    "UTM WGS84 zona 17S: 780024, 9979709",
    "Zona 17 Sur, Este 780024 Norte 9979709",
    "zona 17 sur N 9979709 E 780024",
    "17S 780024mE 9979709mN",
    "17 M 780024.12 m E 9979709.54 m S",
    "Este: 780.024 Norte: 9.979.709 zona 17S",
    "E 780 024 N 9 979 709 17S",
    "UTM 17M 780024E 9979709N",
    "E=780024.5;N=9979709.5;huso 17 S",
    "780024,24 9979709,35 17S",
    "17MQV 80023 79709",
    "17M QV 80023 79709",
    "17m qv 80023 79709",
    "17MQV80027970",
    "17 M QV 8002379709",
    "67F3RG88+J7 Quito",
    "67f3rg88+j7",
    "RG88+J7, Quito, Ecuador",
    "plus code: RG88+J7 Iñaquito",
]


@pytest.mark.parametrize("written", STATED)
def test_what_is_stated_is_taken_without_a_word(written: str) -> None:
    assert is_at(only(written))


SUPPOSED = [
    "X=780024 Y=9979709 Z=2850",
    "780024 E, 9979709 N",
    "Y: 9979709 X: 780024",
    "780024 9979709",
    "9979709 780024",
    "17S 9979709 780024",
    "X: 780024 Y: 9979709",
    "17SQV8002379709",
    "RG88+J7",
    "-78.4843 -0.1834",
    "-78.4843, -0.1834",
    "-0.1834, 78.4843",
    "78.4843 -0.1834",
    "0.1834 S, 78.4843 E",
    "0.1834 S 78.4843",
    "lat,lon: -78.4843, -0.1834",
    "17N 780024 9979709",
    "zona 17: 780024 9979709",
    "0°11.004'S 78°29.058'",
]


@pytest.mark.parametrize("written", SUPPOSED)
def test_a_guess_is_taken_and_told(written: str) -> None:
    fixes, flaws = find(written, AREA)
    assert [is_at(fix) for fix in fixes] == [True]
    (flaw,) = flaws
    assert "leído como -0.183" in flaw
    assert "confirme con quien llama" in flaw


ORDERED = [
    "-1.834e-01, -7.84843e+01",
    "lat/long -0.1834 -78.4843",
    "Latitud y longitud: -0.1834, -78.4843",
    "Latitud/Longitud: -0,1834 / -78,4843",
    "LatLng(-0.1834, -78.4843)",
    "lat/lng: (-0.1834,-78.4843)",
    "(lat, long) = (-0.1834, -78.4843)",
    "coordenadas (lon, lat): -78.4843, -0.1834",
    "Longitud y latitud: -78.4843; -0.1834",
    "SRID=4326;POINT(-78.4843 -0.1834)",
    "POINT Z (-78.4843 -0.1834 2850)",
    '{"type":"Point","coordinates":[-78.4843,-0.1834]}',
    '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [ -78.4843, -0.1834, 2850 ]}}',
    '{"latitude": "-0.1834", "longitude": "-78.4843"}',
    "{'lat': -0.1834, 'lon': -78.4843}",
    '{"location":{"lat":-0.1834,"lng":-78.4843},"accuracy":20}',
    '{"longitude":-78.4843,"latitude":-0.1834}',
    "<coordinates>-78.4843,-0.1834,0</coordinates>",
    '<wpt lat="-0.1834" lon="-78.4843">',
    "x: -78.4843, y: -0.1834",
    "－０．１８３４，－７８．４８４３",
    "−0.1834, −78.4843",
    "–0.1834 –78.4843",
    "-0.1834&deg; -78.4843&deg;",
    "-0.1834%2C-78.4843",
    "0Â°11'0.24\"S 78Â°29'3.48\"W",
    "78.4843 O, 0.1834 S",
]


@pytest.mark.parametrize("written", ORDERED)
def test_a_stated_order_rules(written: str) -> None:
    assert is_at(only(written))


@pytest.mark.parametrize(
    "written",
    [
        "0.1834 78.4843",
        "78.4843, 0.1834",
        "0°11.004' 78°29.058'",
        "0,1834; 78,4843",
        "lat 0.1834 lon 78.4843",
        "0.1834° 78.4843°",
    ],
)
def test_of_two_places_in_the_city_none_is_taken(written: str) -> None:
    fixes, flaws = find(written, AREA)
    assert fixes == ()
    (flaw,) = flaws
    assert "-0.1834, -78.4843" in flaw
    assert " 0.1834, -78.4843" in flaw


@pytest.mark.parametrize(
    "written",
    [
        "Estoy en la N24-50 y E7-12, casa 5",
        "Av. 6 de Diciembre N34-120 y Oe3-45",
        "S13-45 y Oe 4-20",
        "N34 120",
        "entre N0-11 y E78-29",
        "calle 12, 34",
        "llamen al 022345678 0998765432",
        "0998765432, 0987654321",
        "cédula 1712345678 y placa PBA 1234",
        "vale 1.234.567 y 9.876.543 dolares",
        "entre 12:30 y 13:45, 23/11/2026",
        "2345+67 dan 2412",
        "km 17 S, lote 780024",
        "99.4843, 12.1834",
    ],
)
def test_numbers_that_are_no_place(written: str) -> None:
    assert find(written, AREA) == ((), ())


@pytest.mark.parametrize("written", ["Son 2.5000, 3.2500 de la tarde", "48.198634, 16.371648", "17S 780024 1979709"])
def test_what_is_far_is_told_and_not_taken(written: str) -> None:
    fixes, flaws = find(written, AREA)
    assert fixes == ()
    assert "está lejos de Quito" in flaws[0]


def test_a_far_number_is_no_news_beside_a_place() -> None:
    fixes, flaws = find("48.198634, 16.371648 no: -0.1834, -78.4843", AREA)
    assert ([fix.point for fix in fixes], flaws) == ([Point(*HERE)], ())


def test_elsewhere_in_the_country() -> None:
    assert only("-2.1894, -79.8891").point == Point(-2.1894, -79.8891)
    fixes, flaws = find("-2.1894, 79.8891", AREA)
    assert fixes[0].point == Point(-2.1894, -79.8891)
    assert "longitud con el otro signo" in flaws[0]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("0, -78.4558", (0, -78.4558)),
        ("0.0203 N 78.4558 O", (0.0203, -78.4558)),
        ("17N 783199 2246", (0.0203, -78.4558)),
        ("0.1834, -78.4843", (0.1834, -78.4843)),
    ],
)
def test_on_and_north_of_the_equator(written: str, place: tuple[float, float]) -> None:
    assert is_at(only(written), place)


def test_several_places_in_their_order() -> None:
    fixes, _ = find("de 17S 780024 9979709 a -0.2201,-78.5124 o sea 67F3RG88+J7", AREA)
    assert [is_at(fix, place, 1e-4) for fix, place in zip(fixes[:2], (HERE, (-0.2201, -78.5124)), strict=True)] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("written", "radius_m"),
    [
        ("17MQV800797", 100),
        ("17M QV 80 79", 1000),
        ("17MQV8002379709", None),
        ("67F3RG88+", 278),
        ("67F3RG88+J7", None),
    ],
)
def test_a_coarse_notation_makes_a_wide_circle(written: str, radius_m: float | None) -> None:
    radius = only(written).radius_m
    assert radius == (pytest.approx(radius_m, rel=0.02) if radius_m else None)


@pytest.mark.parametrize(
    ("code", "field"),
    [
        # From the published test data of Open Location Code: the middle of each field.
        ("7FG49Q00+", None),
        ("7FG49QCJ+2V", (20.3700625, 2.7821875)),
        ("7FG49QCJ+2VX", (20.3701125, 2.782234375)),
        ("8FVC2222+22", (47.0000625, 8.0000625)),
        ("4VCPPQGP+Q9", (-41.2730625, 174.7859375)),
    ],
)
def test_published_plus_codes(code: str, field: tuple[float, float] | None) -> None:
    fixes, _ = find(code)
    assert [fix.point for fix in fixes] == ([Point(*(round(degrees, 7) for degrees in field))] if field else [])


def test_without_an_area_nothing_is_guessed() -> None:
    assert find("RG88+J7") == ((), ())
    assert find("-78.4843, -0.1834")[0][0].point == Point(-78.4843, -0.1834)
    assert find("780024 9979709")[0] == ()


def test_the_older_datum_where_it_is_named() -> None:
    # 17S of PSAD 56 is about 450 m from that of WGS 84.
    fix = only("PSAD56 17S 780024 9979709")
    assert fix.point is not None
    assert not is_at(fix, HERE, 2e-3)
    assert is_at(fix, HERE, 6e-3)
