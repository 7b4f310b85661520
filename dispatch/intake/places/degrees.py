"""One coordinate in degrees as people write it: decimals, minutes and seconds, signs or letters, Spanish or English."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from dispatch.number import decimal, decimals, unsigned

Axis = Literal["lat", "lon"]
WORDS = (
    (re.compile(r"(?<![^\W\d_])(?:grados?|degrees?|deg)\b\.?", re.IGNORECASE), "°"),
    (re.compile(r"(?<![^\W\d_])(?:minutos?|minutes?|mins?)\b\.?", re.IGNORECASE), "'"),
    (re.compile(r"(?<![^\W\d_])(?:segundos?|seconds?|segs?|secs?)\b\.?", re.IGNORECASE), '"'),
    (re.compile(r"''"), '"'),
    (re.compile(r"(?<=[0-9])\*(?=[0-9])"), "°"),
    # A letter between two coordinates that nothing parts.
    (re.compile(r"(?<=[0-9°'\"])([NSWO]|(?<=[°'\"])E)(?=[0-9])", re.IGNORECASE), r" \1 "),
    (re.compile(r"\b(?:menos|minus)\s{1,2}(?=[0-9])", re.IGNORECASE), "-"),
)
# `0d11m00.2s`
LETTERS = re.compile(
    r"(?<=[0-9])\s?d\s?([0-9.,]{1,20})\s?m(?:in)?(?:\s?([0-9.,]{1,20})\s?s)?(?![^\W_]{2})", re.IGNORECASE
)
# `0.18 de latitud sur, 78.48 de longitud oeste`: where the first such words follow a number, all of them do.
BEHIND = re.compile(
    r"(?P<number>[0-9°'\"]\s{0,2})?(?:de\s)?\b(?:lat(?:itud)?|long?(?:itud)?)\.?\s(?P<letter>norte|sur|este|oeste|[nsewo])\b",
    re.IGNORECASE,
)
BEHIND_ENGLISH = re.compile(r"(?<=[0-9°'\"]\s)(north|south|east|west|[nsew])\s(?:latitude|longitude)\b", re.IGNORECASE)
HEMISPHERES: dict[str, tuple[Axis, int]] = {
    "n": ("lat", 1), "norte": ("lat", 1), "north": ("lat", 1),
    "s": ("lat", -1), "sur": ("lat", -1), "south": ("lat", -1),
    "e": ("lon", 1), "este": ("lon", 1), "east": ("lon", 1),
    "o": ("lon", -1), "oeste": ("lon", -1), "w": ("lon", -1), "west": ("lon", -1),
}  # fmt: skip
HEMISPHERE = r"(?:norte|north|sur|south|oeste|este|east|west|[nsewo])"
LABEL = r"(?:lat(?:itude?)?|lo?ng?(?:itude?)?|[xy](?=\s?[:=]))"
COORDINATE = re.compile(
    rf"""(?:(?<![^\W_])(?P<label>{LABEL})\b\s{{0,2}}(?:[.:=]|es\s|is\s)?\s{{0,2}}["']?)?
    (?:(?<![^\W_])(?P<before>{HEMISPHERE})[.:]?\s{{0,2}})?
    (?(before)|(?:(?<!\.)(?=[-+])|(?<![^\W_])(?<![.+-])))(?P<sign>[-+]\s?)?
    (?P<deg>{unsigned(3)})
    (?:\s?(?P<mark>°)
       (?:\s?(?P<min>{unsigned(2)})(?![0-9.,]{{0,40}}\s?°)\s?'?
          (?:(?<=')\s?(?P<sec>{unsigned(2)})(?![0-9.,]{{0,40}}\s?°)\s?"?)?)?)?
    (?!\.?[0-9])
    (?(before)|(?:\s?(?P<after>{HEMISPHERE})(?![^\W_]))?)
    (?![^\W_])""",
    re.IGNORECASE | re.VERBOSE,
)


# A message with more numbers than this is no message of a person.
MOST = 200


@dataclass(frozen=True, slots=True)
class Coordinate:
    """`value` has the sign that stands there, or none. `step` is one unit of its last digit, in degrees; `said` counts
    the decimals of a plain number; `is_signed`: a sign or a letter says on which side it is; `is_lettered`: a letter;
    `is_marked`: it has minutes or a degree sign; `is_bare`: whole minutes without their signs, as streets are named."""

    value: float
    axis: Axis | None
    step: float
    said: int
    is_signed: bool
    is_marked: bool
    is_labelled: bool
    is_lettered: bool
    span: tuple[int, int]
    is_bare: bool = False


def signs(text: str) -> str:
    """The text with one sign for each word of degrees, minutes and seconds."""
    text = LETTERS.sub(lambda match: f"°{match[1]}'" + (f'{match[2]}"' if match[2] else ""), text)
    for words, sign in WORDS:
        text = words.sub(sign, text)
    text = BEHIND_ENGLISH.sub(r"\1", text)
    if (first := BEHIND.search(text)) and first["number"]:
        text = BEHIND.sub(lambda match: f"{(match['number'] or '').rstrip()} {match['letter']}", text)
    return text


def marked(text: str) -> Iterator[Coordinate]:
    """Of a text that `signs` made: decimals, and minutes with their signs."""
    for match in islice(COORDINATE.finditer(text), MOST):
        size = size_of(match["deg"], match["min"], match["sec"])
        if size is None:
            continue
        # A sign says it all: the `o` behind is then the Spanish "or", the `este` a "this".
        letter = None if match["sign"] else match["before"] or match["after"]
        axis, direction = HEMISPHERES[letter.lower()] if letter else (_labelled(match["label"]), 1)
        yield Coordinate(
            value=-size if (match["sign"] or "").startswith("-") else size * direction,
            axis=axis,
            step=step_of(match["deg"], match["min"], match["sec"]),
            said=decimals(match["deg"]),
            is_signed=bool(match["sign"] or letter),
            is_marked=bool(match["mark"]),
            is_labelled=bool(match["label"]),
            is_lettered=bool(letter),
            span=match.span(),
        )


def size_of(deg: str, minutes: str | None, seconds: str | None) -> float | None:
    """Degrees without a sign; None where minutes or seconds reach 60."""
    parts = [decimal(each) if each else 0.0 for each in (deg, minutes, seconds)]
    whole, of_60, of_3600 = (part if part is not None else 60.0 for part in parts)
    return None if of_60 >= 60 or of_3600 >= 60 else whole + of_60 / 60 + of_3600 / 3600


def _labelled(label: str | None) -> Axis | None:
    return None if label is None else "lat" if label.lower() == "y" or label.lower().startswith("la") else "lon"


def step_of(deg: str, minutes: str | None, seconds: str | None) -> float:
    """One unit of the last digit that is written, in degrees."""
    written, parts = (seconds, 3600) if seconds else (minutes, 60) if minutes else (deg, 1)
    return 1 / (parts * float(10 ** decimals(written)))
