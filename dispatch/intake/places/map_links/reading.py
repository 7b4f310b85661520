"""What a link points to: a place, the middle of a view, the words of a search, or something to open by hand."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from dispatch.intake.places.area import Area
from dispatch.intake.places.map_links import google, named, others
from dispatch.intake.places.map_links.url import LINK, Url, split
from dispatch.intake.places.packaging import unescaped
from dispatch.intake.places.pairs import of_values, pairs, whole
from dispatch.intake.places.plus_codes import codes
from dispatch.intake.places.words import in_words
from dispatch.intake.places.written import Written, taken
from dispatch.number import decimals
from geo import Fix, Source

Found = tuple[Fix | None, list[str]]
DEEPEST = 3
SEARCHES = ("q", "query", "text", "address", "daddr", "destination", "to", "search", "where1")
SHORT = re.compile(
    r"(?:^|\.)(?:goo\.gl|g\.co|g\.page|bit\.ly|tinyurl\.com|maps\.app|her\.is|binged\.it|share\.google|trip\.uber\.com)/"
    r"|^osm\.org/go/|^maps\.apple/p/|^maps\.apple\.com/p/|^citymapper\.com/go/|yandex\.[a-z.]{2,6}/maps/-/|^t\.co/"
)
# Whose links are to a place, so that one without a position is worth a look.
MAPS = re.compile(
    r"(?:^|\.)(?:maps?\.google\.[a-z.]{2,6}|maps\.apple\.com|maps\.apple|waze\.com|openstreetmap\.org|osm\.org|osmand\.net"
    r"|omaps\.app|comaps\.at|ge0\.me|here\.com|2gis\.[a-z.]{2,6}|citymapper\.com|uber\.com|plus\.codes|w3w\.co|what3words\.com"
    r"|wa\.me|api\.whatsapp\.com|mapy\.(?:cz|com)|petalmaps\.com|geohash\.org|mapbox\.com|maps\.me|locusmap\.app"
    r"|inreachlink\.com|share\.garmin\.com|life360\.com|glympse\.com|lyft\.com|cabify\.com|moovitapp\.com|wikimapia\.org)$"
    r"|^(?:maps|waze|om|cm|ge0|comgooglemaps|google\.navigation|bingmaps|citymapper|uber|yandexnavi|yandexmaps|mapsme)$"
    r"|(?:^|\.)yandex\.|map"
)
MAPS_PATH = re.compile(r"(?:^|\.)(?:google\.[a-z.]{2,6}|bing\.com|facebook\.com)/maps?\b")
WORDS_3 = re.compile(r"\b[^\W\d_]{2,20}\.[^\W\d_]{2,20}\.[^\W\d_]{2,20}\b")


def read(link: str, area: Area | None, depth: int = 0) -> Found:
    """The fix, and what is to be told of it; neither if it is no link to a map."""
    url = split(link)
    if url is None:
        return None, []
    told: list[str] = []
    for written in _places(url, area):
        fix, flaws = taken(written, area, where="link")
        if fix is not None:
            return fix, flaws
        told = told or flaws
    if not told and depth < DEEPEST and (inner := _inner(url, area, depth)) is not None:
        return inner
    for written in () if told else _views(url):
        fix, flaws = taken(replace(written, source=Source.UNKNOWN), area, where="link")
        if fix is not None:
            return fix, ["link: shows a map, the middle of its view is taken", *flaws]
        told = told or flaws
    return None, told or _by_hand(url)


def _places(url: Url, area: Area | None) -> Iterator[Written]:
    if google.is_google(url):
        yield from google.places(url)
    yield from others.places(url)
    if not others.has_lon_first(url):
        yield from named.places(url)
    else:
        yield from named.places(replace(url, values={k: v for k, v in url.values.items() if k not in ("ll", "m", "p")}))
    for text in _texts(url):
        yield from codes(text, area)[:1]
    for segment in reversed(url.segments):
        if not segment.startswith(("@", "data=")) and (pair := whole(unescaped(segment.replace("+", " ")))):
            yield pair
    for lat, lon in pairwise(url.segments):
        if min(decimals(lat), decimals(lon)) >= 3 and (pair := of_values(lat, lon)):
            yield pair
    # A pair among other words needs more decimals than one alone.
    for value in filter(None, (url.values.get(name) for name in SEARCHES)):
        yield from in_words(value[:200], area)[:1]


def _texts(url: Url) -> Iterator[str]:
    """Where a Plus Code may stand; its own plus sign is mostly not escaped."""
    for raw in (*(url.raw.get(name, "") for name in SEARCHES), *url.segments):
        for written in (raw.replace("+", " "), raw):
            text = unescaped(written)[:200]
            if "+" not in text:
                continue
            head, plus, tail = text.partition("+")
            yield head + plus + tail.replace("+", " ")


def _views(url: Url) -> Iterator[Written]:
    if google.is_google(url):
        yield from google.views(url)
    yield from others.views(url)
    yield from named.views(url)
    for segment in url.segments:
        if segment.startswith("@") and (pair := whole(",".join(unescaped(segment[1:]).split(",")[:2]))):
            yield pair


def _inner(url: Url, area: Area | None, depth: int) -> Found | None:
    """A link, or a place in words, that is wrapped in this one: a redirect, or a message to be sent."""
    for name, value in url.values.items():
        if match := LINK.search(value):
            found = read(match[0], area, depth + 1)
            if found != (None, []):
                return found
        if name in ("text", "body", "msg"):
            for written in pairs(value[:400]):
                return taken(written, area, where="link")
    return None


def _by_hand(url: Url) -> list[str]:
    here = f"{url.host}/{url.path}"
    if SHORT.search(here):
        return ["link: a short link is not followed, open it by hand"]
    if url.is_at("w3w.co", "what3words.com", "map.what3words.com"):
        words = WORDS_3.search(unescaped(url.path))
        return [f"link: what3words {words[0] if words else ''} is not read, open it by hand".replace("  ", " ")]
    is_search = any(url.values.get(name) for name in SEARCHES)
    if (MAPS.search(url.host) or MAPS_PATH.search(here)) and (not is_search or url.is_at("wa.me", "api.whatsapp.com")):
        return [f"link: no position can be read from it ({url.host}), open it by hand"]
    return []
