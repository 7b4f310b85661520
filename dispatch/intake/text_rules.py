"""What every channel does to text before it goes further in."""

import re

from dispatch.intake.unreadable import unreadable

MOST_BODY_BYTES = 256 * 1024
MOST_TEXT_CHARS = 4_000

# PostgreSQL keeps no NUL, and no other control character but tab and newline tells anybody anything.
NOISE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def decoded(body: bytes, *, most_bytes: int = MOST_BODY_BYTES) -> str:
    """The body as UTF-8 text without a byte order mark. Raises Unreadable if it is too large or isn't UTF-8."""
    if len(body) > most_bytes:
        raise unreadable("body", f"has {len(body)} bytes, at most {most_bytes} are read")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable("body", f"is not UTF-8 at byte {error.start}") from None


def cleaned(text: str | None) -> str | None:
    """Without control characters, surrogates and outer blanks; None when nothing is left."""
    if text is None:
        return None
    return NOISE.sub("", text.replace("\r\n", "\n")).strip() or None
