"""Programs with notations of their own: strokes between the numbers, longitude first, positions in codes."""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Iterator

from dispatch.intake.places.map_links.short_codes import ge0, geohash, osm
from dispatch.intake.places.map_links.url import Url
from dispatch.intake.places.packaging import unescaped
from dispatch.intake.places.pairs import of_values, pairs, whole
from dispatch.intake.places.written import Written

BING = re.compile(r"(?:point|pos)\.(-?[0-9]{1,2}\.[0-9]{1,20})_(-?[0-9]{1,3}\.[0-9]{1,20})")
WAZE = re.compile(r"h([0-9b-hjkmnp-z]{5,12})", re.IGNORECASE)
GE0_HOSTS = ("omaps.app", "comaps.at", "comaps.app", "ge0.me", "om", "cm", "ge0", "mapsme", "organicmaps.app")


def places(url: Url) -> Iterator[Written]:
    for reader in (_lon_first, _bing, _here, _codes):
        yield from reader(url)


def views(url: Url) -> Iterator[Written]:
    if _is_yandex(url) and (pair := whole(url.values.get("ll", ""), lon_first=True)):
        yield pair
    if "2gis" in url.host and (pair := whole(url.values.get("m", "").split("/")[0], lon_first=True)):
        yield pair
    if pair := _middle(url.values.get("bbox", "")):
        yield pair


def has_lon_first(url: Url) -> bool:
    """Whether the usual names hold the longitude first there."""
    return _is_yandex(url) or "2gis" in url.host


def _lon_first(url: Url) -> Iterator[Written]:
    if _is_yandex(url):
        for route in url.values.get("rtext", "").split("~")[:0:-1]:
            if pair := whole(route):
                yield pair
        for name in ("pt", "whatshere[point]", "poi[point]"):
            if pair := whole(",".join(url.values.get(name, "").split("~")[0].split(",")[:2]), lon_first=True):
                yield pair
        for name in ("text", "q"):
            if pair := whole(url.values.get(name, "")):
                yield pair
    if "2gis" in url.host:
        for segment in reversed(url.segments):
            if pair := whole(unescaped(segment), lon_first=True):
                yield pair


def _bing(url: Url) -> Iterator[Written]:
    for name in ("sp", "rtp"):
        for lat, lon in reversed(BING.findall(url.values.get(name, ""))):
            if pair := of_values(lat, lon):
                yield pair


def _here(url: Url) -> Iterator[Written]:
    if not url.is_at("here.com", "here-location", "here-route"):
        return
    for segment in reversed(url.segments):
        if pair := whole(",".join(unescaped(segment).rpartition(":")[2].split(",")[:2])):
            yield pair
        if segment.startswith("s-"):
            yield from pairs(_base64(segment[2:]).replace(";", " "))[:1]


def _codes(url: Url) -> Iterator[Written]:
    if url.is_at(*GE0_HOSTS):
        yield from filter(None, (ge0(segment) for segment in url.segments[:1]))
    if url.is_at("openstreetmap.org", "osm.org") and url.segments[:1] == ("go",) and len(url.segments) > 1:
        yield from filter(None, (osm(url.segments[1], is_pin="m" in url.whole.partition("?")[2][:2]),))
    if "waze" in url.host:
        found = (WAZE.fullmatch(segment) for segment in (*url.segments[-1:], url.values.get("h", "")))
        yield from filter(None, (geohash(match[1].lower()) for match in found if match))
        if code := geohash(url.values.get("h", "").lower()):
            yield code
    if url.is_at("geohash.org"):
        yield from filter(None, (geohash(segment.lower()) for segment in url.segments[:1]))


def _is_yandex(url: Url) -> bool:
    return "yandex" in url.host or url.is_at("ya.ru")


def _middle(written: str) -> Written | None:
    """Of a box: west, south, east, north."""
    parts = written.split(",")
    if len(parts) != 4:
        return None
    try:
        west, south, east, north = map(float, parts)
    except ValueError:
        return None
    return of_values(f"{(south + north) / 2:.5f}", f"{(west + east) / 2:.5f}")


def _base64(written: str) -> str:
    try:
        return urlsafe_b64decode(written + "=" * (-len(written) % 4)).decode("utf-8", "replace")
    except (Error, ValueError):
        return ""
