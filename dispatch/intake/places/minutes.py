"""Degrees and minutes without their signs: as car navigators show them, with blanks or colons, and as receivers send
them."""

import re

from dispatch.intake.places.degrees import HEMISPHERE, HEMISPHERES, Coordinate, size_of, step_of
from dispatch.number import decimals, unsigned

_MINUTES = unsigned(2)


def _spaced_pattern(kind: int) -> str:
    return (
        rf"(?P<deg{kind}>[0-9]{{1,3}})(?P<join{kind}>\s|:|\s?-\s?)(?P<min{kind}>{_MINUTES})"
        rf"(?:(?P=join{kind})(?P<sec{kind}>{_MINUTES}))?(?![.,]?[0-9])"
    )


# `S 0 11.004`, `0:11:00.2 S`, `-78 29.058`: a letter is needed, or a sign and decimals of a minute.
SPACED = re.compile(
    rf"""(?<![^\W_])(?P<letter1>{HEMISPHERE})[.:]?\s{{0,2}}{_spaced_pattern(1)}(?![^\W_])
    |(?<![\w.,-]){_spaced_pattern(2)}\s?(?P<letter2>{HEMISPHERE})(?![^\W_])
    |(?<![\w.,])(?P<letter3>[-+])\s?(?P<deg3>[0-9]{{1,3}})(?P<join3>\s|:)(?P<min3>{_MINUTES})
     (?:(?P=join3)(?P<sec3>{_MINUTES}))?(?![\w.,]?[0-9])""",
    re.IGNORECASE | re.VERBOSE,
)
# NMEA 0183 and aviation: degrees, minutes and their decimals or seconds in one number, the letter behind.
NMEA = re.compile(
    r"(?<![\w.])(?:(?P<lat>[0-9]{2})|(?P<lon>[01][0-9]{2}))(?P<min>[0-5][0-9](?:\.[0-9]{2,10})?)"
    r"(?P<sec>[0-5][0-9](?:\.[0-9]{1,6})?)?\s?,?\s?(?P<letter>[NSEWO])\b"
)


def spaced(match: re.Match[str]) -> Coordinate | None:
    """Of a match of SPACED."""
    kind = next(kind for kind in "123" if match[f"letter{kind}"])
    letter, deg, minutes, seconds = (match[f"{name}{kind}"] for name in ("letter", "deg", "min", "sec"))
    size = size_of(deg, minutes, seconds)
    if size is None or (letter in "-+" and not seconds and decimals(minutes) < 2):
        return None
    axis, direction = HEMISPHERES.get(letter.lower(), (None, -1 if letter == "-" else 1))
    return Coordinate(
        value=size * direction,
        axis=axis,
        step=step_of(deg, minutes, seconds),
        said=0,
        is_signed=True,
        is_marked=True,
        is_labelled=False,
        is_lettered=axis is not None,
        span=match.span(),
        is_bare=not seconds and decimals(minutes) == 0,
    )


def nmea(match: re.Match[str]) -> Coordinate | None:
    """Of a match of NMEA."""
    axis, direction = HEMISPHERES[match["letter"].lower()]
    written = match["lat"] or match["lon"]
    size = size_of(written, match["min"], match["sec"])
    if size is None or (not match["sec"] and decimals(match["min"]) == 0) or (axis == "lat") != bool(match["lat"]):
        return None
    return Coordinate(
        value=size * direction,
        axis=axis,
        step=step_of(written, match["min"], match["sec"]),
        said=0,
        is_signed=True,
        is_marked=True,
        is_labelled=False,
        is_lettered=True,
        span=match.span(),
    )
