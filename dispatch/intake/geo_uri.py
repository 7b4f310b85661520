"""`geo:` URIs (RFC 5870), and the query with which Android phones extend them."""

import re
from dataclasses import replace
from urllib.parse import parse_qs

from dispatch.intake.degrees import Pair, pairs, plain
from dispatch.intake.reading import altitude, decimal, decimals, radius
from geo import Fix, Point, Source

URI = re.compile(r"\bgeo:(?P<coordinates>[-+0-9.,]*)(?P<parameters>(?:;[^\s;?]*)*)(?:\?(?P<query>\S*))?", re.IGNORECASE)


def read(match: re.Match[str]) -> tuple[Fix | None, list[str]]:
    """The fix of a match of `URI`, and what is wrong with it."""
    flaws: list[str] = []
    named = pairs(plain((parse_qs(match["query"] or "").get("q") or [""])[0]), is_link=True)
    if named:
        return named[0].fix(), flaws
    point, altitude_m = _position(match["coordinates"].rstrip(".,"), flaws)
    uncertainty = _parameters(match["parameters"].rstrip(".,!"), flaws)
    if point is not None and match["query"] and (point.lat, point.lon) == (0, 0):
        return None, [*flaws, "geo: a search for a name, no position"]
    if point is None or uncertainty is NOT_OURS:
        return None, flaws
    if radius_m := radius(uncertainty):
        return Fix(Source.UNKNOWN, point, radius_m, altitude_m=altitude_m), flaws
    return replace(Pair(point, _step(match["coordinates"]), match.span()).fix(), altitude_m=altitude_m), flaws


def _step(written: str) -> float:
    return 1 / float(10 ** min(decimals(part) for part in written.split(",")[:2]))


NOT_OURS = -1.0


def _position(written: str, flaws: list[str]) -> tuple[Point | None, float | None]:
    numbers = [decimal(part) for part in written.split(",")]
    lat, lon, height = [*numbers, None, None][:3] if 2 <= len(numbers) <= 3 else (None, None, None)
    if lat is None or lon is None:
        flaws.append("geo: not a latitude and a longitude")
        return None, None
    try:
        return Point(lat, lon), altitude(height)
    except ValueError as error:
        flaws.append(f"geo: {error}")
        return None, None


def _parameters(written: str, flaws: list[str]) -> float | None:
    """The uncertainty in metres; NOT_OURS if the coordinates are of another reference system."""
    named = [part.partition("=")[::2] for part in written.split(";")[1:]]
    names = [name.strip().lower() for name, _ in named]
    values = {name: value.strip().lower() for name, (_, value) in reversed(list(zip(names, named, strict=True)))}
    if names.count("crs") > 1 or names.count("u") > 1 or "crs" in names[1:]:
        flaws.append("geo: crs stands first and each parameter once")
    if values.get("crs", "wgs84") != "wgs84":
        flaws.append(f"geo: unknown reference system {values['crs'][:20]!r}, position not used")
        return NOT_OURS
    uncertainty = decimal(values.get("u"))
    if "u" in values and (uncertainty is None or uncertainty < 0):
        flaws.append("geo: u is not a number of metres")
        return None
    return uncertainty
