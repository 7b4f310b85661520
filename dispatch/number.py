"""The grammar of written numbers, for text, links, `geo:` URIs, AML, OsmAnd, XML and tables.

A sign (any dash that is used as minus), digits of any script, a point or comma before the decimals, an exponent as Java
and JavaScript print it; never `nan`, `inf`, an underscore or thousands separators."""

import re
from math import isfinite

# Zeros of the scripts whose digits phones and keyboards produce: Arabic, Persian, Devanagari, Bengali, full width, and
# the five styles of mathematical digits.
_ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6)
_MINUS = "\u2212\u2010\u2011\u2012\u2013\u2014\u2015\u207b\u2796\ufe58\ufe63\uff0d"
_INVISIBLE = (
    "\u00ad\u061c\u180e\u2060\u2061\u2062\u2063\u2064\ufeff\ufe0e\ufe0f",
    "".join(map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x2070)))),
)
_BLANKS = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_SIGNS = {
    **{chr(zero + digit): str(digit) for zero in _ZEROS for digit in range(10)},
    **dict.fromkeys(_MINUS, "-"),
    **dict.fromkeys("".join(_INVISIBLE), ""),
    **dict.fromkeys(_BLANKS, " "),
    "\uff0b": "+", "\uff0c": ",", "\uff0e": ".", "\u066b": ".", "\u066c": ",", "\u060c": ",", "\u3001": ",",
    "\u3002": ".", "\uff1a": ":", "\uff1b": ";", "\uff0f": "/", "\uff08": "(", "\uff09": ")",
}  # fmt: skip
_SIGNS |= {chr(0xFF21 + i): chr(0x41 + i) for i in range(26)} | {chr(0xFF41 + i): chr(0x61 + i) for i in range(26)}
PLAIN = str.maketrans(_SIGNS)

# Part of a larger pattern: digits with decimals and exponent, without sign, at most `most` of them before the point.
EXPONENT = r"[eE][-+]?[0-9]{1,3}"
NUMBER = re.compile(rf"([-+]?)\s?((?:[0-9]{{1,20}}(?:[.,][0-9]{{0,40}})?|[.,][0-9]{{1,40}})(?:{EXPONENT})?)")


def plain(text: str) -> str:
    """Digits, dashes, blanks and full-width characters replaced by ASCII, invisible characters removed."""
    return text if text.isascii() else text.translate(PLAIN)


def unsigned(most: int) -> str:
    """The pattern of a number in a longer text; an exponent only after decimals, because `78E4` may be something
    else."""
    behind = rf"[0-9]{{1,40}}(?:{EXPONENT}(?![0-9A-Za-z]))?"
    return rf"(?:[0-9]{{1,{most}}}(?:[.,]{behind})?|\.{behind})"


def decimal(text: str | None) -> float | None:
    """The whole text as one finite number; None for anything else."""
    match = NUMBER.fullmatch(plain(text or "").strip())
    if match is None:
        return None
    value = float(match[1] + match[2].replace(",", "."))
    return value if isfinite(value) else None


def decimals(text: str) -> int:
    """The number of decimals: 4 in `-78.4678`, 5 in `-5.0E-4`, 0 if it is not a number."""
    match = NUMBER.fullmatch(plain(text).strip())
    if match is None:
        return 0
    digits, _, exponent = match[2].lower().replace(",", ".").partition("e")
    return min(max(len(digits.partition(".")[2]) - int(exponent or 0), 0), 40)
