"""Google's maps: the pin in the `data` of a link, an embedded map, a way; then the middle of the view."""

import re
from collections.abc import Iterator

from dispatch.intake.places.map_links.url import Url
from dispatch.intake.places.pairs import of_values, whole
from dispatch.intake.places.written import Written

_NUMBER = r"(-?[0-9]{1,3}(?:\.[0-9]{1,20})?)"
PIN = re.compile(rf"!3d{_NUMBER}!4d{_NUMBER}")
EMBEDDED = re.compile(rf"!2d{_NUMBER}!3d{_NUMBER}")
WAY_POINT = re.compile(rf"!1d{_NUMBER}!2d{_NUMBER}(?!!3d)")
VIEW = re.compile(r"@(-?[0-9]{1,3}[.,][0-9]{1,20}),\s?(-?[0-9]{1,3}[.,][0-9]{1,20})")


def is_google(url: Url) -> bool:
    return bool(
        re.search(
            r"(?:^|\.)google\.[a-z.]{2,6}$|(?:^|\.)googleapis\.com$|^comgooglemaps$|^google\.navigation$", url.host
        )
    )


def places(url: Url) -> Iterator[Written]:
    for lat, lon in PIN.findall(url.whole)[-1:]:
        yield from _pair(lat, lon)
    for pattern in (WAY_POINT, EMBEDDED):
        for lon, lat in pattern.findall(url.whole)[-1:]:
            yield from _pair(lat, lon)
    for value in url.values.get("markers", "").split("|"):
        if pair := whole(value):
            yield pair


def views(url: Url) -> Iterator[Written]:
    for lat, lon in VIEW.findall(url.whole)[:1]:
        yield from _pair(lat, lon)


def _pair(lat: str, lon: str) -> Iterator[Written]:
    if pair := of_values(lat, lon):
        yield pair
