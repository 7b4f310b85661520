"""A call that breaks the contract, read as far as it can be: one bad part never costs the rest."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID, uuid5

from dispatch.intake import lenient_fix
from dispatch.intake.json_values import Flaws, loads, shown, text
from dispatch.intake.places import Area, find
from dispatch.intake.report_id import SPACE, repeatable
from dispatch.intake.text_rules import MOST_BODY_BYTES, decoded
from dispatch.intake.unreadable import Unreadable, unreadable
from dispatch.model.ids import CallId
from dispatch.model.phone import e164, imei, imsi
from dispatch.model.report import Caller, Channel, Report
from geo import Fix, best_few

# More than a text should have, and kept whole; an incident shows the first part.
MOST_TEXT_CHARS = 20_000
MOST_FIXES = 20
# Of a list that no telephone makes, the first so many are looked at.
MOST_READ = 500
MOST_CONTAINERS = 20_000
FIELDS = frozenset({"id", "channel", "caller", "nature", "text", "fixes"})
OF_CALLER = ("number", "name", "imei", "imsi", "language")
CALLER_CHARS = {"number": 40, "name": 200, "imei": 20, "imsi": 20, "language": 40}
CHANNELS = (
    (Channel.CHAT, ("whatsapp", "telegram", "messenger", "instagram", "facebook", "signal", "twitter", "dm", "chat")),
    (Channel.VOICE, ("phone", "call", "voz", "llamada", "telefono", "voip", "voice")),
    (Channel.SMS, ("sms", "mms", "texto")),
    (Channel.SENSOR, ("sensor", "alarm", "iot", "device", "ecall")),
    (Channel.WEB, ("web", "form", "browser", "mail")),
    (Channel.AML, ("aml", "els")),
)


def parse(body: bytes, area: Area | None = None) -> tuple[Report, tuple[str, ...]]:
    """The report, and the names of its fixes in flaws. Raises Unreadable for what is no JSON object."""
    flaws = Flaws()
    told = object_of(body, flaws)
    zone = area.zone if area else UTC
    words = text(flaws, "text", told.get("text"), MOST_TEXT_CHARS)
    if words and len(words) > 4_000 and len(words) < MOST_TEXT_CHARS:
        flaws.add("text", f"{len(words):,} characters, at most 4,000 are asked for")
    fixes, names = fixes_of(told.get("fixes"), flaws, zone, area)
    if not fixes and words:
        fixes, wrong = find(words, area)
        names = ("text",) * len(fixes)
        for each in wrong:
            flaws.add(*each.split(": ", 1))
    channel, caller = _channel(told.get("channel"), flaws), _caller(told.get("caller"), flaws)
    report = Report(
        id=_id(told, channel, caller, flaws),
        channel=channel,
        caller=caller,
        nature=text(flaws, "nature", told.get("nature"), 200),
        text=words,
        fixes=fixes,
    )
    pass_over(told, FIELDS, "", flaws)
    return replace(report, flaws=tuple(flaws.told)), names


def parse_fixes(body: bytes, area: Area | None = None) -> tuple[Report, tuple[str, ...]]:
    """Later fixes, as a report that has nothing else. Raises Unreadable where none can be read."""
    flaws = Flaws()
    told = object_of(body, flaws)
    fixes, names = fixes_of(told.get("fixes"), flaws, area.zone if area else UTC, area)
    pass_over(told, frozenset({"fixes"}), "", flaws)
    if not fixes:
        raise unreadable("fixes", "; ".join(flaws.told[:5]) or "is missing or empty")
    return Report(CallId(UUID(int=0)), Channel.APP, fixes=fixes, flaws=tuple(flaws.told)), names


def object_of(body: bytes, flaws: Flaws) -> dict[str, Any]:
    """The JSON object that the body is, or that is in a list or a text alone. Raises Unreadable."""
    if len(body) > MOST_BODY_BYTES:
        raise unreadable("body", f"has {len(body)} bytes, at most {MOST_BODY_BYTES} are read")
    if body.count(b"[") + body.count(b"{") > MOST_CONTAINERS:
        raise unreadable("body", f"has more than {MOST_CONTAINERS:,} lists and objects, in recursion or side by side")
    try:
        value = loads(_text(body, flaws))
        if isinstance(value, str):
            flaws.add("body", "a text that holds JSON, read as JSON")
            value = loads(value)
    except RecursionError:
        raise unreadable("body", "is nested too deeply") from None
    except ValueError as error:
        raise unreadable("body", f"is not JSON: {error}") from None
    if isinstance(value, list) and len(value) == 1:
        flaws.add("body", "a list of one, its item taken")
        value = value[0]
    if not isinstance(value, dict):
        raise unreadable("body", "is not a JSON object")
    return value


def fixes_of(value: Any, flaws: Flaws, zone: tzinfo, area: Area | None) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    """At most MOST_FIXES, the best of many, and the name of each in flaws."""
    if value is None:
        return (), ()
    if not isinstance(value, list):
        flaws.add("fixes", "not a list, taken for one")
        value = [value]
    read: dict[str, Fix] = {}
    for number, each in enumerate(value[:MOST_READ]):
        path = f"fixes.{number}"
        fix = lenient_fix.read(each, path, flaws, zone, area)
        if fix is not None:
            read[path] = fix
    if len(value) > MOST_FIXES:
        best = _best(list(read.values()))
        flaws.add("fixes", f"{len(value):,} items, the best {len(best)} are used")
        read = {path: fix for path, fix in read.items() if any(fix is one for one in best)}
    return tuple(read.values()), tuple(read)


def pass_over(told: dict[str, Any], known: frozenset[str], path: str, flaws: Flaws) -> None:
    """Names what isn't in the contract, with what it says."""
    for name, value in told.items():
        if name not in known:
            flaws.add(f"{path}{name[:40]!r}", f"unknown field, passed over: {shown(value)}")


def _text(body: bytes, flaws: Flaws) -> str:
    try:
        return decoded(body)
    except Unreadable:
        if body.startswith((b"\xff\xfe", b"\xfe\xff")):
            flaws.add("body", "UTF-16, not UTF-8")
            return body.decode("utf-16", "replace")
        flaws.add("body", "not UTF-8, read as Windows-1252")
        return body.decode("cp1252", "replace")


def _best(fixes: list[Fix]) -> list[Fix]:
    # By their width as they were measured: how old they are is asked where the time is known.
    now = max((fix.at for fix in fixes if fix.at is not None), default=datetime.now(UTC))
    best, _ = best_few(fixes, at=now)
    return list(best[:MOST_FIXES])


def _id(told: dict[str, Any], channel: Channel, caller: Caller, flaws: Flaws) -> CallId:
    """The client's; one made of it where it is no UUID; else made of the content."""
    value = told.get("id")
    words = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    try:
        own = UUID(words)
    except ValueError:
        if words:
            flaws.add("id", f"{shown(words)} is no UUID, one was made of it")
            return CallId(uuid5(SPACE, f"id\n{words[:1_000]}"))
    else:
        if own.int not in (0, 2**128 - 1):
            return CallId(own)
    flaws.add("id", "not an id made for this call, one was made")
    # Without a time nothing tells a repetition from a second call in the same words.
    return repeatable(channel, caller, _time(told), _canonical(told))


def _time(told: dict[str, Any]) -> str | None:
    fixes = told.get("fixes")
    for each in (told, *(fixes[:MOST_FIXES] if isinstance(fixes, list) else ())):
        if isinstance(each, dict):
            for name in ("at", "time", "timestamp"):
                if isinstance(value := each.get(name), str | int | float) and not isinstance(value, bool):
                    return str(value)[:100]
    return None


def _canonical(told: dict[str, Any]) -> str:
    """The same for whatever order its fields come in. What was read without being nested too deeply is written so."""
    return json.dumps(told, sort_keys=True)


def _channel(value: Any, flaws: Flaws) -> Channel:
    word = value.strip().lower()[:40] if isinstance(value, str) else ""
    if word in set(Channel):
        return Channel(word)
    channel = next((channel for channel, words in CHANNELS if any(each in word for each in words)), Channel.APP)
    flaws.add(
        "channel", f"missing, {channel} taken" if value is None else f"{shown(value)} is unknown, {channel} taken"
    )
    return channel


def _caller(value: Any, flaws: Flaws) -> Caller:
    if value is None:
        return Caller()
    if not isinstance(value, dict):
        flaws.add("caller", "not an object, taken for the number")
        value = {"number": value}
    said = {name: text(flaws, f"caller.{name}", value.get(name), CALLER_CHARS[name]) for name in OF_CALLER}
    readers: tuple[tuple[str, Callable[[str | None], str | None]], ...] = (("imei", imei), ("imsi", imsi))
    found = {name: reader(said[name]) for name, reader in readers}
    number = e164(said["number"])
    if said["number"] and not number:
        flaws.add("caller.number", "not a number that can be called back")
    pass_over(value, frozenset(OF_CALLER), "caller.", flaws)
    return Caller(number or said["number"], said["name"], found["imei"], found["imsi"], said["language"])
