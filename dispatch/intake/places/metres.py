"""Eastings and northings in metres: UTM with its zone before, behind or in words, or a grid of the city."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from dispatch.intake.places.area import Area
from dispatch.intake.places.grids import projected, utm
from dispatch.intake.places.utm_zone import NEAR, ZONE, Zone, zone_of
from dispatch.intake.places.written import Reading, Written, each_once
from dispatch.intake.reading import METRES_A_DEGREE
from dispatch.number import decimal

_NAME = r"(?:este|easting|east|norte|northing|north|coord(?:enada)?s?|[xyen])"
_METRES = r"(?:[0-9]{1,3}(?:[ .,'][0-9]{3}){1,2}(?:[.,][0-9]{1,6})?|[0-9]{1,8}(?:[.,][0-9]{1,15})?)"
_UNIT = r"(?:\s?m(?:etros|ts?)?\b\.?)?(?({0})|(?:\s?m?(?P<{1}>[ENSWO])(?![^\W_]))?)"
PAIR = re.compile(
    rf"""(?:(?<![^\W_])(?P<first>{_NAME})\s{{0,2}}[:=.]?\s{{0,2}})?(?<![0-9.,-])(?P<a>{_METRES})(?![0-9])
    {_UNIT.format("first", "a_unit")}
    [\s,;/|-]{{1,4}}(?:y\s|utm\s{{1,4}})?
    (?:(?P<second>{_NAME})\s{{0,2}}[:=.]?\s{{0,2}})?(?P<b>{_METRES})(?![0-9]|[.,][0-9])
    {_UNIT.format("second", "b_unit")}""",
    re.IGNORECASE | re.VERBOSE,
)
FURTHER = re.compile(r"[\s,;/]{1,3}(?:[a-z]\s?[:=]?\s?)?[0-9]", re.IGNORECASE)
SAYS_METRES = re.compile(r"\b(?:utm|wgs|psad|tmq|sires|coordenadas?|coords?|x|este|easting)\b", re.IGNORECASE)
SAYS_OLD = re.compile(r"\bpsad", re.IGNORECASE)
# A shorter northing needs a name, or a zone: it may be any number.
LEAST_UNNAMED_M = 1_000.0
MOST, MOST_TRIES = 20, 60


@dataclass(frozen=True, slots=True)
class Numbers:
    """Two lengths in metres. `is_north_first` None: nothing says which is which."""

    a_m: float
    b_m: float
    is_north_first: bool | None
    step: float
    span: tuple[int, int]


def metres(text: str, area: Area | None) -> list[Written]:
    """Every pair of a text. Without a zone, those grids are tried that the city's people use."""
    found: list[Written] = []
    start = tries = 0
    while len(found) < MOST and tries < MOST_TRIES and (match := PAIR.search(text, start)):
        tries += 1
        place = None if _is_zone(text, match) else _written(text, match, area)
        start = match.end() if place is not None else max(match.end("a"), match.start() + 1)
        if place is not None:
            found.append(place)
    return found


def _written(text: str, match: re.Match[str], area: Area | None) -> Written | None:
    numbers = _numbers(match)
    if numbers is None:
        return None
    zone, span = zone_of(text, match.span(), is_south=_says_south(match))
    before = text[max(match.start() - NEAR, 0) : match.end() + NEAR]
    is_old = bool(SAYS_OLD.search(before))
    sure = tuple(_utm(numbers, zone, is_old, guess=False)) if zone and zone.is_north is not None else ()
    guesses = tuple(_utm(numbers, zone, is_old, guess=True)) if zone else ()
    is_told = numbers.is_north_first is not None or bool(SAYS_METRES.search(before))
    is_told = is_told and (numbers.is_north_first is not None or min(numbers.a_m, numbers.b_m) >= LEAST_UNNAMED_M)
    if zone is None and (is_told or _looks_like_metres(numbers)) and area is not None:
        guesses = tuple(_of_city(numbers, area, is_old))
    if not sure and not guesses:
        return None
    return Written(sure, (each_once(guesses),), is_weak=not sure, span=span)


def _is_zone(text: str, match: re.Match[str]) -> bool:
    """Whether the first number is that of the zone, and its easting the second."""
    if match["first"] or not match["a"].isdigit() or not 1 <= int(match["a"]) <= 60:
        return False
    return bool(ZONE.match(text, match.start("a")) or FURTHER.match(text, match.end("b")))


def _numbers(match: re.Match[str]) -> Numbers | None:
    a_m, b_m = _length(match["a"]), _length(match["b"])
    if a_m is None or b_m is None or max(a_m, b_m) < 1e5:
        return None
    names = [(match[name] or "").lower()[:1] for name in ("first", "second")]
    units = [(match[name] or "").upper() for name in ("a_unit", "b_unit")]
    if any(unit in ("O", "W") for unit in units):
        return None
    is_north = [name in ("n", "y") or unit in ("N", "S") for name, unit in zip(names, units, strict=True)]
    is_east = [name in ("e", "x") or unit == "E" for name, unit in zip(names, units, strict=True)]
    said = True if is_north[0] or is_east[1] else False if is_east[0] or is_north[1] else None
    if said and (is_east[0] or is_north[1]):
        return None
    digits = min(len(each.rpartition(".")[2]) if "." in each else 0 for each in map(_point, (match["a"], match["b"])))
    return Numbers(a_m, b_m, said, 1 / METRES_A_DEGREE / float(10 ** min(digits, 6)), match.span())


def _says_south(match: re.Match[str]) -> bool:
    return "S" in ((match["a_unit"] or "").upper(), (match["b_unit"] or "").upper())


def _length(written: str) -> float | None:
    return decimal(_point(written))


def _point(written: str) -> str:
    """Without what separates thousands: `9 979 709,5`, `9.979.709`, `776,893.5`."""
    bare = written.replace(" ", "").replace("'", "")
    marks = [char for char in bare if char in ".,"]
    if len(marks) > 1:
        last = marks[-1] if marks[-1] != marks[0] else ""
        whole, _, rest = bare.rpartition(last) if last else (bare, "", "")
        return whole.replace(".", "").replace(",", "") + (f".{rest}" if rest else "")
    return bare.replace(",", ".") if not re.fullmatch(r"[0-9]{3}[.,][0-9]{3}", bare) else bare[:3] + bare[4:]


def _utm(numbers: Numbers, zone: Zone | None, is_old: bool, *, guess: bool) -> Iterator[Reading]:
    if zone is None:
        return
    halves = (False, True) if zone.is_north is None or guess else (zone.is_north,)
    for is_north, (easting, northing, swapped) in product(halves, _orders(numbers, guess=guess)):
        how = [f"UTM {zone.number} {'norte' if is_north else 'sur'}"] + (["primero el norte"] if swapped else [])
        if place := utm(zone.number, easting, northing, is_north=is_north, is_old=is_old):
            yield Reading(place, numbers.step, ", ".join(how) if guess else None)


def _of_city(numbers: Numbers, area: Area, is_old: bool) -> Iterator[Reading]:
    for easting, northing, swapped in _orders(numbers, guess=True):
        more = ", primero el norte" if swapped else ""
        for zone, is_north in product(area.zones, (False, True)):
            place = utm(zone, easting, northing, is_north=is_north, is_old=is_old)
            if place is not None and area.holds(place):
                yield Reading(place, numbers.step, f"UTM {zone} {'norte' if is_north else 'sur'}{more}")
        for grid in area.grids:
            place = projected(grid.crs, easting, northing)
            if place is not None and area.holds(place):
                yield Reading(place, numbers.step, f"{grid.name}{more}")


def _orders(numbers: Numbers, *, guess: bool) -> Iterator[tuple[float, float, bool]]:
    """Easting, northing, and whether that is the less usual order though nothing says so."""
    if numbers.is_north_first is not True:
        yield numbers.a_m, numbers.b_m, False
    if numbers.is_north_first is True or guess:
        yield numbers.b_m, numbers.a_m, numbers.is_north_first is not True
    if guess and numbers.is_north_first is True:
        yield numbers.a_m, numbers.b_m, True


def _looks_like_metres(numbers: Numbers) -> bool:
    return sorted(len(str(int(each))) for each in (numbers.a_m, numbers.b_m)) == [6, 7]
