"""What phones, gateways and programs wrap around a message, taken off before it is read."""

import re
from binascii import unhexlify
from html import unescape
from urllib.parse import unquote

from dispatch.number import plain

TYPOGRAPHY = str.maketrans({
    "º": "°", "˚": "°", "∘": "°", "ᵒ": "°", "⁰": "°",
    "′": "'", "’": "'", "‘": "'", "´": "'", "ʹ": "'", "`": "'", "ˈ": "'",
    "″": '"', "”": '"', "“": '"', "ʺ": '"', "„": '"',
})  # fmt: skip
# UTF-8 that was read as Windows-1252 on its way.
MISREAD = (
    ("Â°", "°"),
    ("Âº", "°"),
    ("â€²", "'"),
    ("â€™", "'"),
    ("â€³", '"'),
    ("â€\x9d", '"'),
    ("â€œ", '"'),
    ("âˆ’", "-"),
)
# Only with its semicolon: `&center=` begins with a cent sign to HTML.
ENTITY = re.compile(r"&(?:#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5}|[a-zA-Z]{2,8});")
# As vCard, iCalendar and JSON escape them.
BACKSLASHED = re.compile(r"\\([,;/])")
ESCAPED = re.compile(r"%[0-9a-fA-F]{2}")
DEEPEST = 3
HEX = re.compile(r"(?:[0-9A-Fa-f]{2}\s?)*")
MOST_HEX = 2_400
# The header of a part of a longer SMS (3GPP TS 23.040, 9.2.3.24.1), with a reference of one or two octets.
PART = re.compile(r"(?:050003[0-9A-Fa-f]{6}|060804[0-9A-Fa-f]{8})")


def tidied(text: str) -> str:
    """A text for reading places in: one sign for each meaning, no entities and no invisible marks."""
    for _ in range(DEEPEST):
        bare = ENTITY.sub(lambda match: unescape(match[0]), text) if "&" in text else text
        if bare == text:
            break
        text = bare
    if "\\" in text:
        text = BACKSLASHED.sub(r"\1", text)
    if not text.isascii():
        for wrong, right in MISREAD:
            text = text.replace(wrong, right)
    return plain(text.translate(TYPOGRAPHY))


def unescaped(text: str) -> str:
    """Without percent escapes, however often it was escaped; for reading only, so that bad bytes may be lost."""
    for _ in range(DEEPEST):
        if not ESCAPED.search(text):
            break
        text = unquote(text, errors="replace")
    return text


def from_hex(text: str) -> str | None:
    """The words of an SMS that a gateway wrote as the hexadecimal digits of its UCS-2; None if it is something else."""
    if len(text) > 2 * MOST_HEX:
        return None
    bare = "".join(text.split())
    if not 8 <= len(bare) <= MOST_HEX or not HEX.fullmatch(bare):
        return None
    if part := PART.match(bare):
        bare = bare[part.end() :]
    if len(bare) % 4 or not bare:
        return None
    words = unhexlify(bare).decode("utf-16-be", "replace")
    readable = sum(char in "\n\r\t" or (char.isprintable() and ord(char) < 0x250) for char in words)
    return words if readable >= 0.8 * len(words) else None
