"""An AML SMS taken apart: its header, and its values by key."""

import re

from dispatch.intake.aml_fields import Told
from dispatch.intake.unreadable import unreadable

HEADER = re.compile(r"""A(?:["“”″'’`]|&quot;|%22)?ML\s*=\s*""", re.IGNORECASE)
MOST_PAIRS = 64
KEYS_1 = frozenset({"version", "lt", "lg", "rd", "top", "lc", "pm", "si", "ei", "mcc", "mnc", "ml"})
KEYS_2 = frozenset({"version", "en", "et", "lo", "lt", "lc", "lz", "ls", "ei", "nc", "hc", "lg", "ml"})


def read_pairs(told: Told, text: str) -> tuple[str, dict[str, str]]:
    """The message from its header on, and its values by key in lower case; the first of a key counts."""
    header = HEADER.search(text)
    if header is None and not re.search(r"\b(?:lt|lo)\s*=", text, re.IGNORECASE):
        raise unreadable("body", 'is no AML message: neither A"ML nor lt or lo is in it')
    if header is None:
        told.flaw("header", 'A"ML is missing')
    message = 'A"ML=' + text[header.end() :].strip() if header else text.strip()
    fields = message.rstrip(";").split(";")[:MOST_PAIRS]
    pairs: dict[str, str] = {}
    for each in fields:
        key, sign, value = each.partition("=")
        name = "version" if HEADER.match(each.strip()) else key.strip().lower()[:20]
        if not sign:
            told.flaw(name or "body", "a field without a value")
        elif name in pairs:
            told.flaw(name, "stands twice, the first is used")
        else:
            pairs[name] = value.strip()
    return message, pairs


def check_keys(told: Told, pairs: dict[str, str], known: frozenset[str]) -> None:
    """Names the keys, and the version, that nobody knows."""
    version = pairs.get("version")
    if version is not None and version not in ("1", "2"):
        told.flaw("version", f"{version[:10]!r} is unknown, read as 1")
    for key in pairs.keys() - known:
        told.flaw(key, "unknown key, passed over")
