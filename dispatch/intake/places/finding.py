"""Every place in a text: `geo:` URIs, links to maps, then coordinates, metres and codes in the words themselves."""

import re
from itertools import islice

from dispatch.intake.places import geo_uri, map_links
from dispatch.intake.places.area import Area
from dispatch.intake.places.packaging import tidied, unescaped
from dispatch.intake.places.words import blanked, in_words
from dispatch.intake.places.written import FAR, taken
from geo import Fix, Point

MOST_FIXES = 20
MOST_CHARS = 4_000
# Two that are nearer to each other than this say the same.
SAME_DEG = 2e-5
# Most messages are words alone.
MAY_BE_A_PLACE = re.compile(r"[0-9+/:&%]|[^\x00-\u024f]")
WHAT3WORDS = re.compile(r"(?<![\w:/])///\s?([^\W\d_]{2,20}\.[^\W\d_]{2,20}\.[^\W\d_]{2,20})\b")


def find(text: str, area: Area | None = None) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    """Every position in the first MOST_CHARS characters, each once, at most MOST_FIXES.

    Second, what the person at the desk must know: how something was read that needed a guess, and what was like a
    position and couldn't be used. Without an `area` nothing is guessed or doubted, and short Plus Codes aren't read."""
    if not MAY_BE_A_PLACE.search(text):
        return (), ()
    fixes: list[Fix] = []
    flaws: list[str] = []
    rest = tidied(text[:MOST_CHARS])
    for match in islice(geo_uri.URI.finditer(rest), MOST_FIXES):
        uri = geo_uri.read(match, area)
        if uri[1] == [geo_uri.NO_PAIR] and match["coordinates"].strip():
            continue  # perhaps the words are one
        _take(uri, fixes, flaws)
        rest = blanked(rest, match.span())
    start = links = 0
    while links < MOST_FIXES and (found := map_links.LINK.search(rest, start)):
        links += 1
        link, end = map_links.link_at(rest, found)
        _take(map_links.read(link, area), fixes, flaws)
        rest, start = blanked(rest, (found.start(), end)), end
    flaws += [f"text: what3words {words} is not read, open it by hand" for words in WHAT3WORDS.findall(rest)]
    for written in in_words(unescaped(rest) if "%" in rest else rest, area):
        _take(taken(written, area, where="text"), fixes, flaws)
    # A number that is no place near is no news where a place has been found.
    told = [flaw for flaw in dict.fromkeys(flaws) if not fixes or FAR not in flaw]
    return tuple(fixes[:MOST_FIXES]), tuple(told[:MOST_FIXES])


def _take(found: tuple[Fix | None, list[str]], fixes: list[Fix], flaws: list[str]) -> None:
    fix, told = found
    if fix is None or fix.point is None:
        flaws.extend(told)
    elif not any(known.point is not None and _same(fix.point, known.point) for known in fixes):
        flaws.extend(told)
        fixes.append(fix)


def _same(a: Point, b: Point) -> bool:
    return abs(a.lat - b.lat) < SAME_DEG and abs(a.lon - b.lon) < SAME_DEG
