"""How a unit's id, crew and shift are written, in every format."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NewType

MOST_ID_CHARS = 32
MOST_CREW = 20
MOST_NAME_CHARS = 80

CrewMember = NewType("CrewMember", str)

# A table cell contains the whole crew. Written with `|`, because `;` and `,` separate cells.
BETWEEN_MEMBERS = "|"
_BETWEEN = re.compile(r"[|;\r\n]+")
_SHIFT = re.compile(r"([0-9]{1,2})[:.h]([0-9]{2})\s*[-\u2010-\u2015\u2212]\s*([0-9]{1,2})[:.h]([0-9]{2})")


def id_fault(text: str) -> str | None:
    """The problem with the id of a new unit. Ids are spoken by radio and used in URLs."""
    if not 1 <= len(text) <= MOST_ID_CHARS:
        return f"must have 1 to {MOST_ID_CHARS} characters, not {len(text)}"
    if text != text.strip() or not text.isprintable() or "  " in text:
        return f"{text!r} contains blanks or invisible characters"
    if any(sign in text for sign in "/\\?#%") or set(text) == {"."}:
        return f"{text!r} can't be part of a URL; don't use / \\ ? # %"
    if unicodedata.normalize("NFC", text) != text:
        return f"{text!r} is not in Unicode's composed form (NFC)"
    return None


def crew_fault(crew: Sequence[str]) -> str | None:
    if len(crew) > MOST_CREW:
        return f"has {len(crew)} people; the maximum for one unit is {MOST_CREW}"
    if len(set(crew)) < len(crew):
        return "contains a name twice"
    return next((fault for name in crew if (fault := _name_fault(name))), None)


def _name_fault(name: str) -> str | None:
    if not 1 <= len(name) <= MOST_NAME_CHARS:
        return f"a name must have 1 to {MOST_NAME_CHARS} characters, not {len(name)}"
    if name != name.strip() or not name.isprintable() or _BETWEEN.search(name):
        return f"{name[:40]!r} has leading or trailing blanks, invisible characters, or a separator (| ;)"
    return None


def members(cell: str) -> tuple[CrewMember, ...]:
    """The crew in one table cell: `Ana Paz|Luis Vera`; one per line or `;` are accepted too."""
    return tuple(CrewMember(name) for part in _BETWEEN.split(cell) if (name := part.strip()))


def shift_of(text: str) -> str | None:
    """`07:00-19:00`, also from `7:00 – 19.00`; None if it isn't a shift. It may cross midnight or last 24 hours."""
    found = _SHIFT.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, to_hours, to_minutes = map(int, found.groups())
    if max(hours, to_hours) > 23 or max(minutes, to_minutes) > 59:
        return None
    return f"{hours:02}:{minutes:02}-{to_hours:02}:{to_minutes:02}"
