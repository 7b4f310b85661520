"""What a person writes, by SMS or chat: the words, and every position that can be found in them."""

from datetime import datetime

from dispatch.intake import aml_sms
from dispatch.intake.aml_pairs import HEADER
from dispatch.intake.places import Area, find
from dispatch.intake.places.packaging import from_hex
from dispatch.intake.report_id import repeatable
from dispatch.intake.text_rules import MOST_BODY_BYTES, MOST_TEXT_CHARS, cleaned
from dispatch.intake.unreadable import unreadable
from dispatch.model.phone import e164
from dispatch.model.report import Caller, Channel, Report

__all__ = ["find", "parse"]


def parse(
    body: bytes,
    sender: str | None = None,
    *,
    channel: Channel = Channel.SMS,
    message_id: str | None = None,
    at: datetime | None = None,
    area: Area | None = None,
) -> Report:
    """One message. `message_id` is its number at the gateway, or `at` the time it was sent: with one of them a repeat
    is known as such; without, every message is a call of its own. `area`: where callers can be, for what needs a guess.

    Raises Unreadable only if there is nothing to read and nobody to call back."""
    text, flaws = _text(body)
    if HEADER.match(text.lstrip()):
        return aml_sms.parse_text(text, sender)
    caller = Caller(number=e164(sender) or cleaned((sender or "")[:40]))
    words = cleaned(text)
    if words is None and caller.number is None:
        raise unreadable("body", "has no text, and no sender")
    if words is not None and len(words) > MOST_TEXT_CHARS:
        flaws.append(f"text: {len(words)} characters, cut to {MOST_TEXT_CHARS}")
        words = words[:MOST_TEXT_CHARS]
    fixes, wrong = find(words or "", area)
    return Report(
        id=repeatable(channel, caller, message_id or at, words or ""),
        channel=channel,
        caller=caller,
        text=words,
        fixes=fixes,
        flaws=(*flaws, *wrong),
    )


def _text(body: bytes) -> tuple[str, list[str]]:
    """A citizen's words are not lost for their encoding."""
    if len(body) > MOST_BODY_BYTES:
        raise unreadable("body", f"has {len(body)} bytes, at most {MOST_BODY_BYTES} are read")
    try:
        if body.startswith((b"\xff\xfe", b"\xfe\xff")):
            return body.decode("utf-16", "replace"), ["body: UTF-16, not UTF-8"]
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _single_bytes(body), ["body: not UTF-8, read as Windows-1252"]
    words = from_hex(text)
    return (text, []) if words is None else (words, ["body: the hexadecimal digits of UCS-2, decoded"])


def _single_bytes(body: bytes) -> str:
    """Windows-1252 is Latin 1 with quotes and dashes; five bytes of it are nothing."""
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError:
        return body.decode("latin-1")
