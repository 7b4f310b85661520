"""What a person writes, by SMS or chat: the words, and every position that can be found in them."""

from datetime import datetime

from dispatch.intake import aml_sms, geo_uri, map_links
from dispatch.intake.aml_pairs import HEADER
from dispatch.intake.degrees import pairs, plain
from dispatch.intake.report_id import repeatable
from dispatch.intake.text_rules import MOST_BODY_BYTES, MOST_TEXT_CHARS, cleaned
from dispatch.intake.unreadable import unreadable
from dispatch.model.phone import e164
from dispatch.model.report import Caller, Channel, Report
from geo import Fix

MOST_FIXES = 20


def parse(
    body: bytes,
    sender: str | None = None,
    *,
    channel: Channel = Channel.SMS,
    message_id: str | None = None,
    at: datetime | None = None,
) -> Report:
    """One message. `message_id` is its number at the gateway, or `at` the time it was sent: with one of them a repeat
    is known as such; without, every message is a call of its own.

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
    fixes, wrong = find(words or "")
    return Report(
        id=repeatable(channel, caller, message_id or at, words or ""),
        channel=channel,
        caller=caller,
        text=words,
        fixes=fixes,
        flaws=(*flaws, *wrong),
    )


def find(text: str) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    """Every position in at most MOST_TEXT_CHARS characters, each once: `geo:` URIs, map links, written coordinates.

    Second, what was like a position and couldn't be used."""
    fixes: list[Fix] = []
    flaws: list[str] = []
    rest = text[:MOST_TEXT_CHARS]
    for match in list(geo_uri.URI.finditer(rest)):
        _take(geo_uri.read(match), fixes, flaws)
        rest = _blanked(rest, match.span())
    for match in list(map_links.LINK.finditer(rest)):
        _take(map_links.read(match[0]), fixes, flaws)
        rest = _blanked(rest, match.span())
    for pair in pairs(plain(rest)):
        _take((pair.fix(), []), fixes, flaws)
    return tuple(fixes[:MOST_FIXES]), tuple(flaws[:MOST_FIXES])


def _take(found: tuple[Fix | None, list[str]], fixes: list[Fix], flaws: list[str]) -> None:
    fix, wrong = found
    flaws.extend(wrong)
    if fix is not None and fix.point not in [known.point for known in fixes]:
        fixes.append(fix)


def _blanked(text: str, span: tuple[int, int]) -> str:
    """What has been read is not read again; a mark that joins no numbers stands in its place."""
    start, end = span
    return text[:start] + "#" * (end - start) + text[end:]


def _text(body: bytes) -> tuple[str, list[str]]:
    """A citizen's words are not lost for their encoding."""
    if len(body) > MOST_BODY_BYTES:
        raise unreadable("body", f"has {len(body)} bytes, at most {MOST_BODY_BYTES} are read")
    try:
        return body.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return body.decode("latin-1"), ["body: not UTF-8, read as Latin 1"]
