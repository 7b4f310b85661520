"""Places in plain words: codes, squares, metres and degrees, each once."""

from collections.abc import Sequence

from dispatch.intake.places import mgrs, plus_codes
from dispatch.intake.places.area import Area
from dispatch.intake.places.metres import metres
from dispatch.intake.places.pairs import pairs
from dispatch.intake.places.written import Written, said


def in_words(text: str, area: Area | None) -> Sequence[Written]:
    """The notation that can least be mistaken for another comes first; what has been read is not read again."""
    found: list[Written] = []
    for places in (plus_codes.codes, mgrs.squares, metres):
        new = places(text, area)
        for place in new:
            text = blanked(text, place.span)
        found += new
    return said([*found, *pairs(text)])


def blanked(text: str, span: tuple[int, int]) -> str:
    """A mark that joins no numbers stands in its place."""
    start, end = span
    return text[:start] + "#" * (end - start) + text[end:]
