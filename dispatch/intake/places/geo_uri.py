"""`geo:` URIs (RFC 5870), and the query with which Android phones extend them."""

import re
from dataclasses import replace

from dispatch.intake.places.area import Area
from dispatch.intake.places.packaging import unescaped
from dispatch.intake.places.pairs import whole
from dispatch.intake.places.plus_codes import codes
from dispatch.intake.places.written import Reading, Written, point, taken
from dispatch.intake.reading import altitude, radius
from dispatch.number import decimal, decimals
from geo import Fix, Source

URI = re.compile(
    r"(?<![\w.])(?:osmand\.)?geo:(?://)?(?P<coordinates>\s?(?:[-+0-9.,eE]|%(?:25){0,3}[0-9A-Fa-f]{2})*(?:(?<=,)\s{1,2}[-+]?[0-9.]{1,24})?)"
    r"(?P<parameters>(?:;[^\s;?]*)*)(?:\?(?P<query>[^\s<>\"]*))?",
    re.IGNORECASE,
)


def read(match: re.Match[str], area: Area | None) -> tuple[Fix | None, list[str]]:
    """The fix of a match of `URI`, and what is wrong with it. A search for a name (`0,0?q=Hospital`) is neither."""
    query = _query(match["query"] or "")
    for name in ("q", "query", "ll"):
        if (named := whole(query.get(name, ""))) or (named := next(iter(codes(query.get(name, ""), area)), None)):
            return taken(named, area, where="geo")
    flaws: list[str] = []
    written = _position(unescaped(match["coordinates"]).strip().rstrip(".,"), flaws)
    uncertainty = _parameters(match["parameters"].rstrip(".,!"), flaws)
    if (
        written is not None
        and written.stated
        and query
        and (written.stated[0].point.lat, written.stated[0].point.lon) == (0, 0)
    ):
        return None, []
    if written is None or uncertainty is NOT_OURS:
        return None, flaws
    if radius_m := radius(uncertainty):
        written = replace(written, source=Source.UNKNOWN, radius_m=radius_m)
    fix, told = taken(written, area, where="geo")
    return fix, [*flaws, *told]


def _query(written: str) -> dict[str, str]:
    named = [part.partition("=")[::2] for part in written.split("&")[:20]]
    return {name.lower(): unescaped(value.replace("+", " ")).strip() for name, value in reversed(named)}


NOT_OURS = -1.0
NO_PAIR = "geo: not a latitude and a longitude"


def _position(written: str, flaws: list[str]) -> Written | None:
    parts = [part.strip() for part in written.split(",")]
    numbers = [decimal(part) for part in parts]
    if len(numbers) in (4, 6) and all("." not in part for part in parts):
        # Decimal commas: four or six pieces, two of each number.
        parts = [f"{parts[i]}.{parts[i + 1]}" for i in range(0, len(parts), 2)]
        numbers = [decimal(part) for part in parts]
        flaws.append("geo: commas for decimal points")
    lat, lon, height = [*numbers, None, None][:3] if 2 <= len(numbers) <= 3 else (None, None, None)
    if lat is None or lon is None:
        flaws.append(NO_PAIR)
        return None
    step = 1 / float(10 ** min(decimals(part) for part in parts[:2]))
    place, guessed = point(lat, lon), whole(f"{lat!r},{lon!r}")
    guesses = guessed.guesses if guessed is not None else ()
    if place is None:
        flaws.append("geo: latitude or longitude is on no earth")
    stated = (Reading(place, step),) if place is not None else ()
    return Written(stated, guesses, altitude_m=altitude(height))


def _parameters(written: str, flaws: list[str]) -> float | None:
    """The uncertainty in metres; NOT_OURS if the coordinates are of another reference system."""
    named = [part.partition("=")[::2] for part in written.split(";")[1:]]
    names = [name.strip().lower() for name, _ in named]
    values = {name: value.strip().lower() for name, (_, value) in reversed(list(zip(names, named, strict=True)))}
    if names.count("crs") > 1 or names.count("u") > 1 or "crs" in names[1:]:
        flaws.append("geo: crs stands first and each parameter once")
    if values.get("crs", "wgs84") not in ("wgs84", "wgs-84", "epsg:4326"):
        flaws.append(f"geo: unknown reference system {values['crs'][:20]!r}, position not used")
        return NOT_OURS
    uncertainty = decimal(values.get("u"))
    if "u" in values and (uncertainty is None or uncertainty < 0):
        flaws.append("geo: u is not a number of metres")
        return None
    return uncertainty
