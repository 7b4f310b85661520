"""How a unit's id, its crew and its shift are written, at whatever door they come in."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NewType

MOST_ID_CHARS = 32
MOST_CREW = 20
MOST_NAME_CHARS = 80

CrewMember = NewType("CrewMember", str)

# In a table one cell holds the whole crew. Written with `|`, for `;` and `,` part the cells themselves.
BETWEEN_MEMBERS = "|"
_BETWEEN = re.compile(r"[|;\r\n]+")
_SHIFT = re.compile(r"([0-9]{1,2})[:.h]([0-9]{2})\s*[-\u2010-\u2015\u2212]\s*([0-9]{1,2})[:.h]([0-9]{2})")


def id_fault(text: str) -> str | None:
    """What is wrong with the id of a new unit: it is said over the radio, and stands in addresses."""
    if not 1 <= len(text) <= MOST_ID_CHARS:
        return f"must have 1 to {MOST_ID_CHARS} characters, not {len(text)}"
    if text != text.strip() or not text.isprintable() or "  " in text:
        return f"{text!r} has blanks or signs that nobody sees"
    if any(sign in text for sign in "/\\?#%") or set(text) == {"."}:
        return f"{text!r} can't stand in an address: leave out / \\ ? # %"
    if unicodedata.normalize("NFC", text) != text:
        return f"{text!r} is spelled in parts: write it in Unicode's composed form (NFC)"
    return None


def crew_fault(crew: Sequence[str]) -> str | None:
    if len(crew) > MOST_CREW:
        return f"has {len(crew)} people, at most {MOST_CREW} go in one unit"
    if len(set(crew)) < len(crew):
        return "names somebody twice"
    return next((fault for name in crew if (fault := _name_fault(name))), None)


def _name_fault(name: str) -> str | None:
    if not 1 <= len(name) <= MOST_NAME_CHARS:
        return f"a name must have 1 to {MOST_NAME_CHARS} characters, not {len(name)}"
    if name != name.strip() or not name.isprintable() or _BETWEEN.search(name):
        return f"{name[:40]!r} has outer blanks, signs that nobody sees, or one that parts names (| ;)"
    return None


def members(cell: str) -> tuple[CrewMember, ...]:
    """The crew in one cell of a table: `Ana Paz|Luis Vera`; a line each or `;` does too."""
    return tuple(CrewMember(name) for part in _BETWEEN.split(cell) if (name := part.strip()))


def shift_of(text: str) -> str | None:
    """`07:00-19:00`, also of `7:00 – 19.00`; None where it is no shift. Over midnight, or around the clock, is one."""
    found = _SHIFT.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, to_hours, to_minutes = map(int, found.groups())
    if max(hours, to_hours) > 23 or max(minutes, to_minutes) > 59:
        return None
    return f"{hours:02}:{minutes:02}-{to_hours:02}:{to_minutes:02}"
