"""Pairs by the names of the values that hold them, as most programs write them."""

import re
from collections.abc import Iterator

from dispatch.intake.places.map_links.url import Url
from dispatch.intake.places.pairs import of_values, pairs, whole
from dispatch.intake.places.written import Written

# The place that was meant goes before the middle of what was on the screen, and the end of a way before its start.
PLACE_NAMES = (
    "q", "query", "pin", "marker", "ll", "latlng", "latlon", "coordinate", "coordinates", "coords", "coord", "position",
    "destination", "daddr", "to", "address", "endcoord", "dest", "end", "where1", "loc", "location", "point", "p",
    "geo", "dropoff", "drop[0]", "drop", "cbll", "near", "search", "text", "c", "saddr", "startcoord", "origin", "from",
    "pickup",
)  # fmt: skip
VIEW_NAMES = ("center", "sll", "viewpoint", "map", "cp", "at")
LAT_NAME = re.compile(r"(.{0,40}?)(latitude|latitud|lat)(.{0,40})")
LON_NAMES = ("longitude", "longitud", "lon", "lng", "long")
START = re.compile(r"^(?:s(?:tart)?_?|from_?|pickup|orig\w*)")


def places(url: Url) -> Iterator[Written]:
    for name in PLACE_NAMES:
        value = url.values.get(name, "")
        if pair := whole(value):
            yield pair
        elif value.startswith("{"):
            yield from pairs(value)[:1]
    for part in reversed(url.values.get("route", "").split(";")):
        if pair := whole(part):
            yield pair
    yield from _apart(url)


def views(url: Url) -> Iterator[Written]:
    for name in VIEW_NAMES:
        # OpenStreetMap puts the zoom before them, with strokes between; Bing a tilde.
        parts = url.values.get(name, "").replace("~", ",").split("/")
        if pair := whole(",".join(",".join(parts[-2:]).split(",")[:2])):
            yield pair
    if (parts := url.fragment.split("/")) and len(parts) in (3, 4, 5):
        last = [part for part in parts if not part.endswith(("b", "p"))]
        if pair := whole(",".join(last[1:3])):
            yield pair


def _apart(url: Url) -> Iterator[Written]:
    """Latitude and longitude under two names that differ in that word only: `mlat`, `lon_to`, `dropoff[latitude]`."""
    found = []
    for name, value in url.values.items():
        if match := LAT_NAME.fullmatch(name):
            lon = next(
                (url.values[other] for each in LON_NAMES if (other := match[1] + each + match[3]) in url.values), ""
            )
            if pair := of_values(value, lon):
                found.append((bool(START.match(name)), pair))
    for _, pair in sorted(found, key=lambda each: each[0]):
        yield pair
    if "x" in url.values and "y" in url.values and (pair := of_values(url.values["y"], url.values["x"])):
        yield pair
