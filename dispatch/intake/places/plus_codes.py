"""Plus Codes (Open Location Code, version 1): whole, or short with or without the name of a place beside them."""

import re

from dispatch.intake.places.area import Area, folded
from dispatch.intake.places.written import Reading, Written, point
from geo import Point

DIGITS = "23456789CFGHJMPQRVWX"
_D = f"[{DIGITS}]"
CODE = re.compile(
    rf"(?<![\w+])(?P<head>{_D}{{8}}|{_D}{{6}}|{_D}{{4}})\+(?P<tail>{_D}{{2,7}})?(?![\w+])(?P<beside>[,\s]{{1,3}}[^\n,;#]{{1,60}})?",
    re.IGNORECASE,
)
PREPOSITION = re.compile(r"(?:en|in|de)\s")
PAIRS = 5  # digits for latitude and longitude by turns; each further one stands for a field of 5 x 4
BASE, ROWS, COLUMNS = 20, 5, 4
MOST = 20


def codes(text: str, area: Area | None) -> list[Written]:
    """Every code of a text. A short one is completed nearest to the place it is written with, else to the middle of the
    city; without an `area` it can't be."""
    found: list[Written] = []
    for match in list(CODE.finditer(text))[:MOST]:
        head, tail = match["head"].upper(), (match["tail"] or "").upper()
        if len(head) == 8:
            reading = _whole(head + tail)
        elif len(tail) < 2 or (head + tail).isdigit() or area is None:
            continue
        else:
            before, behind = text[max(match.start() - 40, 0) : match.start()], match["beside"] or ""
            reading = _short(head, tail, _beside(before, behind, area), area)
        if reading is not None:
            found.append(
                Written((reading,), span=(match.start(), match.end("tail") if tail else match.end("head") + 1))
            )
    return found


def decoded(digits: str) -> tuple[float, float, float, float] | None:
    """Latitude and longitude of a field's middle, its height and width in degrees; None for no code."""
    if len(digits) < 8 or DIGITS.index(digits[0]) > 8 or DIGITS.index(digits[1]) > 17:
        return None
    lat, lon, height, width = -90.0, -180.0, 400.0, 400.0
    for place, digit in enumerate(digits[: 2 * PAIRS]):
        if place % 2 == 0:
            height /= BASE
            lat += DIGITS.index(digit) * height
        else:
            width /= BASE
            lon += DIGITS.index(digit) * width
    for digit in digits[2 * PAIRS :]:
        height, width = height / ROWS, width / COLUMNS
        row, column = divmod(DIGITS.index(digit), COLUMNS)
        lat, lon = lat + row * height, lon + column * width
    return lat + height / 2, lon + width / 2, height, width


def encoded(at: Point, pairs: int) -> str:
    """The first digits of the field that holds a point, `pairs` for each axis."""
    lat, lon, digits = min(at.lat, 89.9999999) + 90.0, (at.lon + 180.0) % 360.0, ""
    size = 400.0
    for _ in range(pairs):
        size /= BASE
        north, east = int(lat // size), int(lon // size)
        lat, lon = lat - north * size, lon - east * size
        digits += DIGITS[north] + DIGITS[east]
    return digits


def _whole(digits: str, how: str | None = None) -> Reading | None:
    field = decoded(digits)
    place = point(round(field[0], 7), round(field[1], 7)) if field is not None else None
    return Reading(place, max(field[2:]), how) if field is not None and place is not None else None


def _short(head: str, tail: str, name: str | None, area: Area) -> Reading | None:
    """The field with these last digits whose middle is nearest to the place of this name."""
    near = area.quarters[name] if name else area.middle
    missing = 8 - len(head)
    size = 400.0 / float(BASE ** (missing // 2))
    first = _whole(encoded(near, missing // 2) + head + tail)
    if first is None:
        return None
    lat, lon = first.point.lat, first.point.lon
    lat += size * round((near.lat - lat) / size)
    lon += size * round((near.lon - lon) / size)
    place = point(round(lat, 7), round(lon, 7))
    how = None if name else f"código corto, el más cercano al centro de {area.name}"
    return Reading(place, first.step, how) if place is not None else None


def _beside(before: str, behind: str, area: Area) -> str | None:
    """The longest name of the city with which the words behind a code begin, or those before it end."""
    behind = PREPOSITION.sub("", folded(behind.strip(" ,\t\n")), count=1)
    before = folded(before.rstrip(" ,:\t\n"))
    names = [
        name
        for name in area.quarters
        if (behind.startswith(name) and not behind[len(name) : len(name) + 1].isalpha())
        or (before.endswith(name) and not before[: -len(name)][-1:].isalpha())
    ]
    return max(names, key=len, default=None)
