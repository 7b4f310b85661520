"""A place as somebody wrote it: what it can mean, and which meaning is taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dispatch.intake.places.area import Area
from dispatch.intake.reading import METRES_A_DEGREE
from geo import Fix, Point, Source

# What somebody wrote, or pointed to.
WRITTEN = Source.REPORTED
# What is coarser than this by its own digits gets a radius for it.
COARSE_M = 60.0
MOST_TOLD = 4
FAR = "está lejos de"


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning. `step` is one unit of its last digit, in degrees; `how`: what had to be supposed for it."""

    point: Point
    step: float
    how: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """`stated` are its meanings by the rules of its notation, mostly one; `guesses` those that it has where somebody
    broke them, in groups from the likelier to the less likely. `is_weak`: it may be no place at all, and if no meaning
    is near, nothing is said of it. `span` is where it stands in its text."""

    stated: tuple[Reading, ...]
    guesses: tuple[tuple[Reading, ...], ...] = ()
    is_weak: bool = False
    source: Source = WRITTEN
    radius_m: float | None = None
    altitude_m: float | None = None
    span: tuple[int, int] = (0, 0)


def one(point: Point, step: float, *, source: Source = WRITTEN, how: str | None = None) -> Written:
    """A place with one meaning."""
    return Written((Reading(point, step, how),), source=source)


def taken(written: Written, area: Area | None, *, where: str) -> tuple[Fix | None, list[str]]:
    """The fix, and what the person at the desk must know; `where` names the part of the message in that.

    What is stated is believed if a caller can be there; else the likeliest guess in the city, or in its country. Of two
    that are equally likely none is: both are told. Without an `area` only what is stated counts."""
    if area is None:
        found = written.stated[:1]
        return (_fix(written, found[0]), _told(where, found[0])) if found else (None, [])
    for group in (written.stated, *written.guesses):
        near = [each for each in group if area.reaches(each.point)]
        likely = [each for each in near if area.holds(each.point)] or near
        if len(likely) == 1:
            return _fix(written, likely[0]), _told(where, likely[0])
        if likely:
            places = " o ".join(shown(each.point) for each in likely[:MOST_TOLD])
            return None, [f"{where}: puede ser {places}; pregunte cuál"]
    if written.is_weak or not written.stated:
        return None, []
    far = shown(written.stated[0].point)
    return None, [f"{where}: {far} {FAR} {area.name} y no se usa; pregunte dónde es"]


def each_once(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    found: dict[Point, Reading] = {}
    for reading in readings:
        found.setdefault(reading.point, reading)
    return tuple(found.values())


def supposing(written: Written, how: str) -> Written:
    """The same where already its notation was a guess."""
    return replace(written, stated=tuple(replace(each, how=_both(how, each.how)) for each in written.stated))


def point(lat: float, lon: float) -> Point | None:
    try:
        return Point(lat, lon)
    except ValueError:
        return None


def shown(place: Point) -> str:
    return ", ".join(f"{value:.6f}".rstrip("0").rstrip(".") for value in (place.lat, place.lon))


def said(places: Sequence[Written]) -> list[Written]:
    """In the order of the text."""
    return sorted(places, key=lambda each: each.span)


def _both(how: str, more: str | None) -> str:
    return how if more is None else f"{how}, {more}"


def _told(where: str, reading: Reading) -> list[str]:
    if reading.how is None:
        return []
    return [f"{where}: leído como {shown(reading.point)} ({reading.how}); confirme con quien llama"]


def _fix(written: Written, reading: Reading) -> Fix:
    """As far as its digits tell, where it says no radius."""
    coarse_m = METRES_A_DEGREE * reading.step
    radius_m = written.radius_m or (coarse_m if coarse_m > COARSE_M else None)
    return Fix(written.source, reading.point, radius_m, altitude_m=written.altitude_m)
