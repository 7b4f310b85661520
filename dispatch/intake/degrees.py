"""Coordinates as people write them: decimals, degrees and minutes, signs or letters, in Spanish and English."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from dispatch.intake.reading import METRES_A_DEGREE, decimals
from geo import Fix, Point, Source

Axis = Literal["lat", "lon"]
TYPOGRAPHY = str.maketrans({
    "º": "°", "˚": "°", "∘": "°", "ᵒ": "°",
    "′": "'", "’": "'", "‘": "'", "´": "'", "ʹ": "'", "`": "'",
    "″": '"', "”": '"', "“": '"', "ʺ": '"',
    "−": "-", "–": "-", "‐": "-", "‑": "-", "\u00a0": " ", "\u202f": " ",
})  # fmt: skip
WORDS = (
    (re.compile(r"\b(?:grados?|degrees?|deg)\b\.?", re.IGNORECASE), "°"),
    (re.compile(r"\b(?:minutos?|minutes?|min)\b\.?", re.IGNORECASE), "'"),
    (re.compile(r"\b(?:segundos?|seconds?|seg|sec)\b\.?", re.IGNORECASE), '"'),
    (re.compile(r"''"), '"'),
)
HEMISPHERES = {
    "n": ("lat", 1), "norte": ("lat", 1), "north": ("lat", 1),
    "s": ("lat", -1), "sur": ("lat", -1), "south": ("lat", -1),
    "e": ("lon", 1), "este": ("lon", 1), "east": ("lon", 1),
    "o": ("lon", -1), "oeste": ("lon", -1), "w": ("lon", -1), "west": ("lon", -1),
}  # fmt: skip
HEMISPHERE = r"(?:norte|north|sur|south|oeste|este|east|west|[nsewo])"
NUMBER = r"[0-9]{{1,{}}}(?:[.,][0-9]{{1,15}})?"
COORDINATE = re.compile(
    rf"""(?:(?<![^\W_])(?P<label>lat(?:itude?)?|lo?ng?(?:itude?)?)\b\s{{0,2}}[.:=]?\s{{0,2}})?
    (?:(?<![^\W_])(?P<before>{HEMISPHERE})\.?\s{{0,2}})?
    (?(before)|(?<![\w.]))(?P<sign>[-+]\s?)?
    (?P<deg>{NUMBER.format(3)})
    (?:\s?(?P<mark>°)
       (?:\s?(?P<min>{NUMBER.format(2)})\s?'?
          (?:(?<=')\s?(?P<sec>{NUMBER.format(2)})\s?"?)?)?)?
    (?!\.?[0-9])
    (?(before)|(?:\s?(?P<after>{HEMISPHERE})(?![^\W_]))?)
    (?![^\W_])""",
    re.IGNORECASE | re.VERBOSE,
)
BETWEEN = re.compile(r"[\s,;/|]*(?:(?:y|and|e)\s+)?", re.IGNORECASE)
# What is coarser than this by its own digits gets a radius for it.
COARSE_M = 60.0


@dataclass(frozen=True, slots=True)
class Coordinate:
    """`step` is one unit of its last digit, in degrees; `said` counts the decimals of a plain number."""

    value: float
    axis: Axis | None
    step: float
    said: int
    is_signed: bool
    is_marked: bool
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pair:
    point: Point
    step: float
    span: tuple[int, int]

    def fix(self, source: Source = Source.REPORTED) -> Fix:
        """A place that somebody pointed to, as far as its digits tell."""
        radius_m = METRES_A_DEGREE * self.step
        return Fix(source, self.point, radius_m if radius_m > COARSE_M else None)


def plain(text: str) -> str:
    """The text with one sign for each meaning; a sign keeps its place, a written word shrinks to one."""
    text = text.translate(TYPOGRAPHY)
    for words, sign in WORDS:
        text = words.sub(sign, text)
    return text


def pairs(text: str, *, is_link: bool = False) -> list[Pair]:
    """Latitude-longitude pairs in a text that `plain` made; `is_link`: nothing but coordinates is expected there."""
    found: list[Pair] = []
    for first, second in pairwise(_coordinates(text)):
        taken = found and first.span[0] < found[-1].span[1]
        if taken or not BETWEEN.fullmatch(text, first.span[1], second.span[0]):
            continue
        pair = _pair(first, second, is_link)
        if pair is not None:
            found.append(pair)
    return found


def _coordinates(text: str) -> Iterator[Coordinate]:
    for match in COORDINATE.finditer(text):
        minutes, seconds = _number(match["min"]), _number(match["sec"])
        if (minutes or 0) >= 60 or (seconds or 0) >= 60:
            continue
        size = (_number(match["deg"]) or 0) + (minutes or 0) / 60 + (seconds or 0) / 3600
        # A sign says it all: the `o` behind is then the Spanish "or", the `este` a "this".
        hemisphere = None if match["sign"] else match["before"] or match["after"]
        axis, direction = HEMISPHERES[hemisphere.lower()] if hemisphere else (_labelled(match["label"]), 1)
        yield Coordinate(
            value=-size if (match["sign"] or "").startswith("-") else size * direction,
            axis="lat" if axis == "lat" else "lon" if axis == "lon" else None,
            step=_step(match),
            said=decimals(match["deg"]),
            is_signed=bool(match["sign"] or hemisphere or match["label"]),
            is_marked=bool(match["mark"]),
            span=match.span(),
        )


def _pair(first: Coordinate, second: Coordinate, is_link: bool) -> Pair | None:
    is_swapped = first.axis == "lon" or second.axis == "lat"
    lat, lon = (second, first) if is_swapped else (first, second)
    if lat.axis == "lon" or lon.axis == "lat" or not (is_link or _is_meant(first, second)):
        return None
    try:
        point = Point(lat.value, lon.value)
    except ValueError:
        return None
    return Pair(point, max(first.step, second.step), (first.span[0], second.span[1]))


def _is_meant(first: Coordinate, second: Coordinate) -> bool:
    """Whether it is a position and not two prices: degrees are marked, or there are decimals enough."""
    if first.is_marked and second.is_marked:
        return True
    fewest = min(first.said, second.said)
    return fewest >= 4 or (fewest >= 2 and (first.is_signed or second.is_signed))


def _labelled(label: str | None) -> Axis | None:
    return None if label is None else "lat" if label.lower().startswith("la") else "lon"


def _number(written: str | None) -> float | None:
    return None if written is None else float(written.replace(",", "."))


def _step(match: re.Match[str]) -> float:
    for name, parts in (("sec", 3600), ("min", 60), ("deg", 1)):
        if written := match[name]:
            return 1 / (parts * float(10 ** decimals(written)))
    return 1.0
