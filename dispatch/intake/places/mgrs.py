"""Squares of the Military Grid Reference System, as GPS receivers and soldiers write them."""

import re

from mgrs import MGRS
from mgrs.core import MGRSError

from dispatch.intake.places.area import Area
from dispatch.intake.places.grids import utm
from dispatch.intake.places.written import Reading, Written
from dispatch.intake.reading import METRES_A_DEGREE

SQUARE = re.compile(
    r"""(?<![\w+])(?P<zone>[0-9]{1,2})[\s-]?(?P<band>[C-HJ-NP-X])[\s-]?(?P<square>[A-HJ-NP-Z][A-HJ-NP-V])
    [\s-]?(?:(?P<east>[0-9]{2,5})[\s-](?P<north>[0-9]{2,5})|(?P<both>[0-9]{4,10}))(?![^\W_]|\.[0-9])""",
    re.IGNORECASE | re.VERBOSE,
)
MOST = 20


def squares(text: str, _area: Area | None = None) -> list[Written]:
    """Every square of a text, by its middle. Of the bands only the one that is written counts, but for an S: who writes
    it in this country may mean the south."""
    found: list[Written] = []
    for match in list(SQUARE.finditer(text))[:MOST]:
        east, north = match["east"] or "", match["north"] or ""
        if match["both"]:
            half = len(match["both"]) // 2
            east, north = match["both"][:half], match["both"][half:]
        if len(east) != len(north):
            continue
        band = match["band"].upper()
        stated = _readings(match["zone"], band, match["square"], east + north)
        south = _readings(match["zone"], "M", match["square"], east + north, how="banda M") if band == "S" else ()
        if stated or south:
            found.append(Written(stated, (south,), is_weak=len(east) < 3, span=match.span()))
    return found


def _readings(zone: str, band: str, square: str, digits: str, how: str | None = None) -> tuple[Reading, ...]:
    try:
        number, half, easting, northing = MGRS().MGRSToUTM(f"{zone}{band}{square.upper()}{digits}")
    except (MGRSError, ValueError):
        return ()
    place = utm(number, easting, northing, is_north=half == "N")
    step = 10 ** (5 - len(digits) // 2) / METRES_A_DEGREE
    return (Reading(place, step, how),) if place is not None else ()
