"""A position in any notation is read back to within its precision; no text breaks a reader, nor takes long."""

from collections.abc import Callable
from math import cos, radians
from time import process_time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mgrs import MGRS
from pyproj import Transformer

from dispatch.intake import text
from dispatch.intake.places import find
from dispatch.intake.places.plus_codes import encoded
from geo import Point
from tests.dispatch.intake.fuzz import fuzz, mutations, survives
from tests.dispatch.intake.places.quito import AREA, HERE, is_at

METRE_DEG = 1 / 111_000


def minutes(value: float, letters: str, form: str) -> str:
    size = round(abs(value) * 60, 4)
    return form.format(deg=int(size // 60), min=f"{size % 60:.4f}", letter=letters[value < 0])


def seconds(value: float, letters: str, form: str) -> str:
    size = round(abs(value) * 3600, 2)
    deg, rest = divmod(size, 3600)
    return form.format(deg=int(deg), min=int(rest // 60), sec=f"{rest % 60:.2f}", letter=letters[value < 0])


def both(write: Callable[..., str], form: str, between: str = ", ") -> Callable[[Point], str]:
    return lambda at: between.join((write(at.lat, "NS", form), write(at.lon, "EO", form)))


def utm(form: str) -> Callable[[Point], str]:
    def written(at: Point) -> str:
        crs = "EPSG:32717" if at.lat < 0 else "EPSG:32617"
        east, north = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(at.lon, at.lat)
        return form.format(e=east, n=north, half="S" if at.lat < 0 else "N", word="sur" if at.lat < 0 else "norte")

    return written


def plus_code(at: Point) -> str:
    code = encoded(at, 5)
    return f"{code[:8]}+{code[8:]}"


def ge0(at: Point) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    lat, lon = int((at.lat + 90) / 180 * (2**30 - 1)), int((at.lon + 180) / 360 * 2**30)
    code = ""
    for shift in range(27, 0, -3):
        bits = [(each >> shift + down) & 1 for down in (2, 1, 0) for each in (lat, lon)]
        code += letters[int("".join(map(str, bits)), 2)]
    return f"https://omaps.app/o{code}/Casa"


PLAIN: dict[str, Callable[[Point], str]] = {
    "decimals": lambda at: f"{at.lat:.6f}, {at.lon:.6f}",
    "commas": lambda at: f"{at.lat:.6f}; {at.lon:.6f}".replace(".", ","),
    "doubles": lambda at: f"{at.lat:.17f}, {at.lon:.17f}",
    "exponents": lambda at: f"{at.lat:.8e}, {at.lon:.8e}",
    "ordered": lambda at: f"lon/lat: {at.lon:.6f} {at.lat:.6f}",
    "geojson": lambda at: f'{{"type":"Point","coordinates":[{at.lon:.6f},{at.lat:.6f}]}}',
    "wkt": lambda at: f"POINT ({at.lon:.6f} {at.lat:.6f})",
    "object": lambda at: f'{{"lng": {at.lon:.6f}, "lat": {at.lat:.6f}}}',
    "minutes": both(minutes, "{deg}° {min}' {letter}"),
    "minutes without signs": both(minutes, "{letter} {deg} {min}", " "),
    "minutes, letter behind": both(minutes, "{deg} {min} {letter}"),
    "seconds": both(seconds, "{deg}°{min}'{sec}\"{letter}"),
    "seconds with colons": both(seconds, "{deg}:{min:02d}:{sec} {letter}"),
    "UTM": utm("17{half} {e:.0f} {n:.0f}"),
    "UTM in words": utm("UTM zona 17 {word}, este {e:.1f} norte {n:.1f}"),
    "UTM behind": utm("X: {e:.0f} Y: {n:.0f} (WGS84 17{half})"),
    "UTM turned": utm("N {n:.0f} E {e:.0f} zona 17{half}"),
    "MGRS": lambda at: MGRS().toMGRS(at.lat, at.lon),
    "Plus Code": plus_code,
    "geo": lambda at: f"geo:{at.lat:.6f},{at.lon:.6f}",
    "Google": lambda at: f"https://www.google.com/maps/place/X/@-0.2,-78.5,15z/data=!8m2!3d{at.lat:.6f}!4d{at.lon:.6f}",
    "Apple": lambda at: f"https://maps.apple.com/place?coordinate={quote(f'{at.lat:.6f},{at.lon:.6f}')}",
    "Waze": lambda at: f"https://waze.com/ul?ll={at.lat:.6f}%2C{at.lon:.6f}&navigate=yes",
    "OpenStreetMap": lambda at: f"https://osm.org/?mlat={at.lat:.6f}&mlon={at.lon:.6f}#map=17/0.1/-78.1",
    "Bing": lambda at: f"https://bing.com/maps?sp=point.{at.lat:.6f}_{at.lon:.6f}_X",
    "HERE": lambda at: f"https://share.here.com/l/{at.lat:.6f},{at.lon:.6f},X",
    "Yandex": lambda at: f"https://yandex.com/maps/?pt={at.lon:.6f},{at.lat:.6f}&z=17",
    "Organic Maps": ge0,
    "escaped twice": lambda at: f"https://maps.google.com/?q={at.lat:.6f}%252C%2520{at.lon:.6f}",
}
# A field is 14 m wide, a square and a rounded metre one.
WITHIN_M = {"Plus Code": 10.0, "Organic Maps": 3.0}


@pytest.mark.parametrize("notation", PLAIN)
@given(lat=st.floats(-0.58, 0.25), lon=st.floats(-78.94, -78.18))
def test_a_position_comes_back_from_every_notation(notation: str, lat: float, lon: float) -> None:
    at = Point(lat, lon)
    written = PLAIN[notation](at)
    fixes, flaws = find(written, AREA)
    assert (len(fixes), flaws) == (1, ()), written
    assert is_at(fixes[0], (lat, lon), WITHIN_M.get(notation, 1.2) * METRE_DEG / cos(radians(1))), written


@given(lat=st.floats(-0.58, 0.25), lon=st.floats(-78.94, -78.18))
def test_a_guess_is_never_taken_in_silence(lat: float, lon: float) -> None:
    """Whatever the order and the signs: the place, told as a guess; or both places, and neither taken."""
    for written in (f"{lon:.6f}, {lat:.6f}", f"{lat:.6f}, {-lon:.6f}", f"{-lon:.6f} {lat:.6f}"):
        fixes, flaws = find(written, AREA)
        assert flaws, written
        assert not fixes or any(is_at(fix, (each, lon), 2e-6) for fix in fixes for each in (lat, -lat)), written


HOSTILE = [
    "1.1111 ", "-0.1,", "0°0'0\"", "lat", "geo:", ";a=", "n s e o w ", "1.2.3.4.", "!3d1!4d1", "https://a/1,1/", "°",
    "@1,1", "lat,lon ", "17S ", "17S 780024 9979709 ", "780024 9979709 ", "X: 1 Y: ", "17MQV8002379709 ",
    "67F3RG88+J7 ", "RG88+J7 Quito, ", "%2C", "%25", "&amp;", "&", "S 0 11.004 W 78 29.058 ", "0-1-", "0 0 0 ", "0:0:",
    "point(", "coordinates:[", "https://maps.google.com/?q=-0.18, -78.4 ", "0.1834 78.4843 ", "a.b.c.d.", "///a.b.c ",
    "x: ", '{"lat":', "zona 17 ", "1 234 567 ", "wa.me/?text=", "1d", "-", "'", "\u200e", "１", "1e1", "ge0://", " ",
    "\n", "(", ",", "https://a.ec/?q=https://", "https%3A%2F%2Fa.ec%2F%3Fq%3D", "+", "?", "=", "!2d1!3d1",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_message_costs_bounded_time(piece: str) -> None:
    """256 kB in well under 50 ms of processor time, the best of three."""
    for start in ("", "geo:", "https://www.google.com/maps/", "https://a.ec/?q=", "17S "):
        body = (start + piece * 260_000).encode()[:256_000].decode("utf-8", "ignore").encode()
        took: list[float] = []
        while len(took) < 3 and (not took or min(took) > 0.025):
            began = process_time()
            text.parse(body, "0991234567", area=AREA)
            took.append(process_time() - began)
        assert min(took) < 0.05, start


SAMPLES = [PLAIN[notation](Point(*HERE)).encode() for notation in PLAIN]
PIECES = [
    "-",
    " ",
    "0.1807",
    "78.4678",
    "S",
    "W",
    "'",
    '"',
    ",",
    "?q=",
    "%2C",
    "17S",
    "780024",
    "9979709",
    "E",
    "+",
    "J7",
]


@fuzz
@given(st.one_of(mutations(SAMPLES), st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_place_breaks_it(body: bytes) -> None:
    survives(lambda raw: text.parse(raw, "0991234567", area=AREA), body)


@fuzz
@given(st.lists(st.sampled_from([*HOSTILE, *PIECES]), max_size=40))
def test_no_pieces_break_it(pieces: list[str]) -> None:
    survives(lambda raw: text.parse(raw, "0991234567", area=AREA), "".join(pieces).encode())


@fuzz
@given(
    st.sampled_from(SAMPLES),
    st.sampled_from(["https://maps.google.com/?q=", "geo:0,0?q=", "https://yandex.com/?pt="]),
    st.text(max_size=60),
)
def test_no_link_breaks_it(sample: bytes, start: str, rest: str) -> None:
    survives(lambda raw: text.parse(raw, "0991234567", area=AREA), (start + rest).encode() + sample)
