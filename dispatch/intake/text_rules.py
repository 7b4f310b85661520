"""What every channel does to text before it goes further in."""

import re

from dispatch.intake.unreadable import unreadable

MOST_BODY_BYTES = 256 * 1024
MOST_TEXT_CHARS = 4_000

# PostgreSQL keeps no NUL, and no other control character but tab and newline tells anybody anything.
NOISE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


# Every escape of a JSON text, so that the backslash of one is never taken for the begin of another.
JSON_ESCAPE = re.compile(
    r"\\(?:(?P<whole>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def without_halves(json: str) -> str:
    """A JSON text whose halves of surrogate pairs (an emoji that was cut in two) are replacement characters."""
    if "\\ud" not in json and "\\uD" not in json:
        return json
    return JSON_ESCAPE.sub(lambda match: "\\ufffd" if match["half"] else match[0], json)


def decoded(body: bytes, *, most_bytes: int = MOST_BODY_BYTES) -> str:
    """The body as UTF-8 text without a byte order mark; surrogates that were encoded each for itself (CESU-8) are
    joined, halves replaced. Raises Unreadable if it is too large or isn't UTF-8."""
    if len(body) > most_bytes:
        raise unreadable("body", f"has {len(body)} bytes, at most {most_bytes} are read")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            halves = body.decode("utf-8-sig", "surrogatepass")
        except UnicodeDecodeError:
            raise unreadable("body", f"is not UTF-8 at byte {error.start}") from None
        return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def cleaned(text: str | None) -> str | None:
    """Without control characters, surrogates and outer blanks; None when nothing is left."""
    if text is None:
        return None
    return NOISE.sub("", text.replace("\r\n", "\n")).strip() or None
