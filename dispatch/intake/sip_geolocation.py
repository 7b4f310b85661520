"""A SIP request with its location by value: a `Geolocation` header that points into its own body (RFC 6442)."""

import re

from dispatch.intake import pidf_lo
from dispatch.intake.multipart import Part, leaves, split_message
from dispatch.intake.pidf_lo import Placed
from dispatch.intake.places import Area, find
from dispatch.intake.report_id import repeatable
from dispatch.intake.text_rules import MOST_BODY_BYTES, MOST_TEXT_CHARS, cleaned
from dispatch.intake.unreadable import Unreadable, unreadable
from dispatch.model.phone import e164
from dispatch.model.report import Caller, Channel, Report

REQUEST = re.compile(rb"([A-Z]{3,20}) (\S{1,400}) SIP/2\.0\r?\n")
URI = re.compile(r"<\s*([a-z][a-z0-9+.-]*:[^<>\s]*)\s*>", re.IGNORECASE)
MOST_LOCATIONS = 10
MOST_NAME_ADDR = 1_000
# Requests by which people call or write; others keep a connection alive, or end it.
CALLS = ("INVITE", "MESSAGE")


def parse(
    body: bytes, geolocation: str | None = None, content_type: str | None = None, area: Area | None = None
) -> Report:
    """A whole SIP request; or only its body, with the values of its `Geolocation` and `Content-Type` fields.

    Where it carries no location, the words of a message are searched for one; `area`: where callers can be. It is a
    call even if nobody knows who calls nor where: then `flaws` say why. Raises Unreadable if it is no such message, or
    one by which nobody calls."""
    if len(body) > MOST_BODY_BYTES:
        raise unreadable("body", f"has {len(body)} bytes, at most {MOST_BODY_BYTES} are read")
    method, service, message = _request(body, geolocation, content_type)
    parts = list(leaves(message))
    placed, carried = _placed(message.headers.get("geolocation", ""), parts)
    caller = _caller(message, carried)
    written = _text(parts)
    words = [each for each in (written, service) if each]
    if not placed.fixes and written:
        fixes, told = find(written, area)
        placed.fixes.extend(fixes)
        placed.flaws.extend(told)
    if not placed.fixes and not placed.civic and caller == Caller():
        if method not in CALLS:
            raise unreadable("body", f"{method} is no call, and tells neither where nor who")
        placed.flaws.append("geolocation: no location by value, and no caller")
    channel = Channel.SMS if method == "MESSAGE" else Channel.VOICE
    return Report(
        id=repeatable(channel, caller, message.headers.get("call-id") or placed.moment, _key(message, body)),
        channel=channel,
        caller=caller,
        text="\n".join(words)[:MOST_TEXT_CHARS] or None,
        fixes=tuple(placed.fixes),
        civic=placed.civic or None,
        flaws=tuple(placed.flaws),
    )


def _request(body: bytes, geolocation: str | None, content_type: str | None) -> tuple[str, str | None, Part]:
    """Method, sub-service of `urn:service:sos` if one was asked for, and the message without its first line."""
    line = REQUEST.match(body.lstrip())
    if line is None and (content_type or "").lower().startswith(("multipart/", "application/pidf+xml")):
        return "INVITE", None, Part({"content-type": content_type or "", "geolocation": geolocation or ""}, body)
    if line is None:
        raise unreadable("body", "is neither a SIP request nor the body of one")
    service = re.match(rb"(?i)urn:service:sos\.[a-z.-]{1,40}", line[2])
    return (
        line[1].decode(),
        service[0].decode().lower() if service else None,
        split_message(body.lstrip()[line.end() :]),
    )


def _placed(geolocation: str, parts: list[Part]) -> tuple[Placed, Caller]:
    """What the parts say that the header points to, in its order; failing these, what any part says."""
    wanted, flaws = _wanted(geolocation, parts)
    if not wanted:
        wanted = [part for part in parts if part.content_type.endswith("pidf+xml")]
        if wanted:
            flaws.append("geolocation: points to no part of the body, its presence documents are used")
    placed, caller = Placed(flaws=flaws), Caller()
    for part in wanted[:MOST_LOCATIONS]:
        try:
            root, found = pidf_lo.read_document(part.body)
        except Unreadable as error:
            placed.problems.extend(error.problems)
            placed.flaws.extend(f"{p.field}: {p.problem}" for p in error.problems)
            continue
        caller = caller if caller != Caller() else pidf_lo.caller_of(root)
        placed.fixes.extend(found.fixes)
        placed.civic = found.civic | placed.civic
        placed.flaws.extend(found.flaws)
        placed.left_out += found.left_out
        placed.problems.extend(found.problems)
        placed.moment = placed.moment or found.moment
    del placed.fixes[pidf_lo.MOST_FIXES :]
    del placed.flaws[pidf_lo.MOST_FLAWS :]
    return placed, caller


def _wanted(geolocation: str, parts: list[Part]) -> tuple[list[Part], list[str]]:
    by_id = {part.content_id.lower(): part for part in parts if part.content_id}
    wanted: list[Part] = []
    flaws: list[str] = []
    for uri in URI.findall(geolocation)[:MOST_LOCATIONS]:
        scheme, _, name = uri.partition(":")
        part = by_id.get(name.lower())
        if scheme.lower() != "cid":
            flaws.append(f"geolocation: a location by reference ({scheme.lower()[:10]}) is not followed")
        elif part is None:
            flaws.append("geolocation: no part of the body has the content id it names")
        elif part not in wanted:
            wanted.append(part)
    return wanted, flaws


def _caller(message: Part, carried: Caller) -> Caller:
    """The network's word for who calls goes before the phone's own (RFC 3325)."""
    for name in ("p-asserted-identity", "from"):
        written = message.headers.get(name, "")[:MOST_NAME_ADDR]
        numbers = [e164(uri) for uri in URI.findall(written)] + [e164(written.split(";")[0])]
        number = next((each for each in numbers if each), None)
        if number:
            shown = re.match(r'\s*"([^"]{1,200})"', written)
            name_shown = cleaned(shown[1]) if shown and not e164(shown[1]) else None
            return Caller(number=number, name=name_shown, imei=carried.imei)
    return carried


def _text(parts: list[Part]) -> str | None:
    written = next((part.body for part in parts if part.content_type == "text/plain" and part.body.strip()), b"")
    return cleaned(written.decode("utf-8", "replace")[:MOST_TEXT_CHARS])


def _key(message: Part, body: bytes) -> str:
    """A request sent again is the same call, whatever hops it took."""
    return message.headers.get("call-id") or body.decode("utf-8", "replace")
