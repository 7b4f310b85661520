"""Latitude and longitude that stand beside each other, in the order that is stated, or in the usual one."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise, product

from dispatch.intake.places.degrees import MOST, Coordinate, marked, signs
from dispatch.intake.places.minutes import NMEA, SPACED, nmea, spaced
from dispatch.intake.places.written import Reading, Written, each_once, point

_LAT, _LON = r"lat(?:itud(?:es?)?)?\.?", r"lo?ng?(?:itud(?:es?)?)?\.?"
_AND = r"\W{0,3}(?:(?:y|and|e)\s{1,2})?"
# Where the order is stated once for both. WKT, GeoJSON and KML have the longitude first.
ORDER = re.compile(
    rf"""(?:(?<![^\W_])(?P<lat>{_LAT}{_AND}{_LON})(?![^\W_])
    |(?<![^\W_])(?P<lon>{_LON}{_AND}{_LAT})(?![^\W_])
    |(?P<wkt>\bpoint\s?(?:zm|[zm])?\s?\()
    |(?P<json>\bcoordinates["']?\s{{0,3}}[:=]\s{{0,3}}[\[(])
    |(?P<kml><coordinates>))
    [\s:=(\["')\]]{{0,6}}""",
    re.IGNORECASE | re.VERBOSE,
)
QUOTED = re.compile(r"""["'](lat\w{0,8}|lo?ng?\w{0,8}|[xy]|coordinates)["']""", re.IGNORECASE)
BETWEEN = re.compile(
    r"""[\s,;/|&"'()°]*(?:(?:y|and|e|la|the|mi|my|con)\s+){0,3}(?:(?:lat|lo?ng?)(?:itude?)?\b\W{0,3})?""", re.IGNORECASE
)
# What may stand around a pair that is the whole of a link's value: a label, an altitude, a zoom.
PREFIX = re.compile(r"(?:loc:|ll\.|pos\.|geo:)\s?", re.IGNORECASE)
HEAD = re.compile(r"(?:[^@]{0,80}@|[(\[+])?\s*")
TAIL = re.compile(r"[\])]?\s*(?:,\s*[-+]?[0-9.]{1,12}[a-z]{0,2}\s*)*[\])]?\s*(?:\(.*)?", re.IGNORECASE | re.DOTALL)
DIGIT = re.compile("[0-9]")
WHOLE_MOST = 200
MOST_PAIRS = 40


def pairs(text: str) -> list[Written]:
    """Every pair of a text."""
    return list(islice(_pairs(signs(text), is_link=False), MOST_PAIRS))


def whole(text: str, *, lon_first: bool = False) -> Written | None:
    """The pair that the whole text is, with decimals or letters; a label may stand before or behind it."""
    if not DIGIT.search(text):
        return None
    text = PREFIX.sub("", signs(text[:WHOLE_MOST].strip()), count=1)
    for pair in _pairs(text, is_link=True, lon_first=lon_first):
        start, end = pair.span
        return pair if HEAD.fullmatch(text[:start]) and TAIL.fullmatch(text[end:]) else None
    return None


def of_values(lat: str, lon: str) -> Written | None:
    """A pair of which each has its own name."""
    return whole(f"{lat.strip().replace(',', '.')},{lon.strip().replace(',', '.')}")


def _pairs(text: str, *, is_link: bool, lon_first: bool = False) -> Iterator[Written]:
    text = QUOTED.sub(lambda match: f" {match[1]} ", text)
    orders = {match.end(): not match["lat"] for match in ORDER.finditer(text)}
    text = ORDER.sub(lambda match: "#" * len(match[0]), text)
    end = 0
    for first, second in pairwise(_coordinates(text)):
        if first.span[0] < end or not BETWEEN.fullmatch(text, first.span[1], second.span[0]):
            continue
        order = orders.get(first.span[0])
        pair = _pair(first, second, is_link=is_link, order=lon_first if order is None and lon_first else order)
        if pair is not None:
            end = second.span[1]
            yield pair


def _coordinates(text: str) -> list[Coordinate]:
    found: list[Coordinate] = []
    for pattern, reader in ((NMEA, nmea), (SPACED, spaced)):
        found += filter(None, map(reader, islice(pattern.finditer(text), MOST)))
        for each in found:
            start, end = each.span
            text = text[:start] + "#" * (end - start) + text[end:]
    return sorted([*found, *marked(text)], key=lambda each: each.span)


def _pair(first: Coordinate, second: Coordinate, *, is_link: bool, order: bool | None) -> Written | None:
    """`order`: whether the longitude is said to come first; None: nothing is said."""
    if not _is_meant(first, second, is_link=is_link, is_ordered=order is not None):
        return None
    is_swapped = first.axis == "lon" or second.axis == "lat" if first.axis or second.axis else bool(order)
    lat, lon = (second, first) if is_swapped else (first, second)
    if lat.axis == "lon" or lon.axis == "lat":
        return None
    step = max(first.step, second.step)
    written = point(lat.value, lon.value)
    stated = (Reading(written, step),) if written is not None else ()
    is_bare = first.is_bare and second.is_bare
    guesses = () if is_bare else _guesses(lat, lon, step)
    return Written(
        stated,
        tuple(tuple(each for each in group if each.point != written) for group in guesses),
        is_weak=is_bare or not stated,
        span=(first.span[0], second.span[1]),
    )


def _guesses(lat: Coordinate, lon: Coordinate, step: float) -> tuple[tuple[Reading, ...], ...]:
    """What it means with the other order or with signs that were left out; then with one sign or letter that is wrong,
    then with more."""
    found: tuple[list[Reading], ...] = ([], [], [])
    for swapped, south, west in product((False, True), repeat=3):
        first, second = (lon, lat) if swapped else (lat, lon)
        if swapped and (lat.is_lettered or lon.is_lettered):
            continue
        if (south and first.value == 0) or (west and second.value == 0):
            continue
        wrong = int(south and first.is_signed) + int(west and second.is_signed)
        place = point(-first.value if south else first.value, -second.value if west else second.value)
        how = ["primero la longitud"] if swapped else []
        how += ["latitud con el otro signo"] if south else []
        how += ["longitud con el otro signo"] if west else []
        if place is not None and how:
            found[wrong].append(Reading(place, step, ", ".join(how)))
    return tuple(map(each_once, found))


def _is_meant(first: Coordinate, second: Coordinate, *, is_link: bool, is_ordered: bool) -> bool:
    """Whether it is a position and not two prices or a street: minutes or letters on both, or decimals enough."""
    if first.is_marked and second.is_marked:
        return True
    fewest, most = sorted((first.said, second.said))
    if is_link or is_ordered:
        both = all(each.said or each.is_marked or each.is_labelled for each in (first, second))
        return both or (most >= 3 and fewest == 0 and not (first.is_lettered ^ second.is_lettered))
    told = (first.is_signed or first.is_labelled, second.is_signed or second.is_labelled)
    return fewest >= 4 or (fewest >= 2 and any(told)) or (most >= 4 and fewest == 0 and all(_is_zero(first, second)))


def _is_zero(first: Coordinate, second: Coordinate) -> tuple[bool, bool]:
    """The equator without its decimals, beside a longitude with a sign."""
    return first.value == 0 and first.said == 0, second.is_signed
