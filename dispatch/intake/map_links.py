"""Positions in the links that map programs share: Google (WhatsApp's too), Waze, OpenStreetMap, Apple."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qs, unquote_plus, urlsplit

from dispatch.intake.degrees import Pair, pairs, plain
from geo import Fix, Point, Source

LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,19}://|\b(?:[a-z0-9-]{1,20}\.){1,3}(?:com|org|ec|es|gl|gle|to)(?:\.[a-z]{2})?[/?])[^\s<>\"]*",
    re.IGNORECASE,
)
SHORT = re.compile(r"(?:^|\.)(?:goo\.gl|g\.co|g\.page|bit\.ly|maps\.app)$|^osm\.org/go/|^maps\.apple/p/")
PIN = re.compile(r"!3d(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)!4d(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)")
# The place that was meant goes before the middle of what was on the screen.
PLACE_NAMES = ("q", "query", "ll", "latlng", "coordinate", "destination", "daddr", "to", "address", "cbll")
PLACE_PAIRS = (("mlat", "mlon"), ("lat", "lon"), ("lat", "lng"), ("latitude", "longitude"))
VIEW_NAMES = ("center", "sll", "viewpoint", "map")
WAZE_HASH = re.compile(r"/(?:ul|lr)/h([0-9b-hjkmnp-z]{5,12})\b", re.IGNORECASE)
BASE_32 = "0123456789bcdefghjkmnpqrstuvwxyz"


def read(link: str) -> tuple[Fix | None, list[str]]:
    """The fix that a link points to, and what is wrong with it; neither if it isn't a link to a map."""
    url = _split(link.rstrip(".,;:!?)]}'"))
    if url is None:
        return None, []
    for pair in _places(url):
        return pair.fix(), []
    for pair in _views(url):
        return pair.fix(Source.UNKNOWN), ["link: shows a map, the middle of its view is taken"]
    if SHORT.search(url.netloc) or SHORT.search(url.netloc + url.path):
        return None, ["link: a short link is not followed, open it by hand"]
    return None, []


def _split(link: str) -> SplitResult | None:
    try:
        url = urlsplit(link if "://" in link else f"https://{link}")
        return url._replace(netloc=url.netloc.lower())
    except ValueError:
        return None


def _places(url: SplitResult) -> Iterator[Pair]:
    for lat, lon in PIN.findall(url.path)[-1:]:
        yield from pairs(f"{lat},{lon}", is_link=True)
    values = _values(url.query)
    for name in PLACE_NAMES:
        yield from _pairs(values.get(name, "").removeprefix("ll.").removeprefix("loc:"))
    for lat_name, lon_name in PLACE_PAIRS:
        if lat_name in values and lon_name in values:
            yield from _pairs(f"{values[lat_name]},{values[lon_name]}")
    for code in WAZE_HASH.findall(url.path)[:1] if "waze" in url.netloc else ():
        yield _unhash(code.lower())
    for segment in reversed(url.path.split("/")[:40]):
        if (not segment.startswith(("@", "data=")) and "," in unquote_plus(segment)) or "°" in unquote_plus(segment):
            yield from _pairs(unquote_plus(segment))


def _views(url: SplitResult) -> Iterator[Pair]:
    for view in re.findall(r"/@([^/]{3,60})", url.path):
        yield from _pairs(",".join(view.split(",")[:2]))
    values = _values(url.query) | _values(url.fragment)
    for name in VIEW_NAMES:
        # OpenStreetMap puts the zoom before them, with strokes between.
        yield from _pairs(",".join(values.get(name, "").split("/")[-2:]))


def _values(query: str) -> dict[str, str]:
    try:
        return {name.lower(): values[0] for name, values in parse_qs(query, max_num_fields=60).items()}
    except ValueError:
        return {}


def _pairs(written: str) -> list[Pair]:
    return pairs(plain(written[:200]), is_link=True)


def _unhash(code: str) -> Pair:
    """The middle of a geohash: bits of longitude and latitude by turns, longitude first."""
    bits = "".join(f"{BASE_32.index(letter):05b}" for letter in code)
    lon, lat = _halved(bits[0::2], 180.0), _halved(bits[1::2], 90.0)
    return Pair(Point(lat, lon), 90.0 / float(2 ** len(bits[1::2])), (0, 0))


def _halved(bits: str, most: float) -> float:
    low, high = -most, most
    for bit in bits:
        middle = (low + high) / 2
        low, high = (middle, high) if bit == "1" else (low, middle)
    return (low + high) / 2
