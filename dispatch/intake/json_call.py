"""The door of this system's own clients: JSON for `POST /v1/calls` and `POST /v1/calls/{id}/fixes`.

What keeps to the contract is read by its strict model; what doesn't, once more as far as it can be."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from dispatch.intake import lenient_call, text
from dispatch.intake.doubts import doubted
from dispatch.intake.json_body import CallBody, FixBody, FixesBody, read
from dispatch.intake.places import Area
from dispatch.intake.reading import EARLIEST, LATEST
from dispatch.intake.text_rules import cleaned
from dispatch.intake.unreadable import Unreadable
from dispatch.model.ids import CallId
from dispatch.model.phone import e164, imei, imsi
from dispatch.model.report import Caller, Channel, Report
from geo import CellId, Fix, Point

__all__ = ["CallBody", "FixesBody", "parse", "parse_fixes"]

MOST_FLAWS = 40
NOBODY = CallId(UUID(int=0))


def parse(body: bytes, area: Area | None = None, *, now: datetime | None = None, strict: bool = False) -> Report:
    """A call as JSON, UTF-8, to a report. What the contract doesn't know, or what breaks it, is named in `flaws`.

    `area`, `now`: where callers can be and when it came, for what can't have been measured there and then; without both
    nothing is doubted. Raises Unreadable for what is no JSON object; if `strict` for whatever breaks the contract."""
    try:
        call = read(CallBody, body)
    except Unreadable:
        if strict:
            raise
        report, names = lenient_call.parse(body, area)
    else:
        report, names = _report(call, area), _names(len(call.fixes))
    return report if area is None or now is None else doubted(report, area, now=now, names=names or ("text",) * 20)


def parse_fixes(body: bytes, area: Area | None = None, *, now: datetime | None = None, strict: bool = False) -> Report:
    """One to 20 fixes as JSON, UTF-8, as a report that says nothing else. Raises Unreadable, if not `strict` only where
    no fix can be read."""
    try:
        told = read(FixesBody, body).fixes
    except Unreadable:
        if strict:
            raise
        report, names = lenient_call.parse_fixes(body, area)
    else:
        flaws = tuple(_time_flaws(told))
        report = Report(NOBODY, Channel.APP, fixes=tuple(map(_fix, told)), flaws=flaws)
        names = _names(len(told))
    return report if area is None or now is None else doubted(report, area, now=now, names=names)


def _report(call: CallBody, area: Area | None) -> Report:
    words = cleaned(call.text)
    flaws = [*call.unknown_fields(), *_number_flaw(call), *_time_flaws(call.fixes)]
    # People paste their position into a chat; where a client has measured one, words don't compete with it.
    written, wrong = text.find(words or "", area) if not call.fixes else ((), ())
    return Report(
        id=CallId(call.id),
        channel=call.channel,
        caller=_caller(call),
        nature=cleaned(call.nature),
        text=words,
        fixes=written or tuple(_fix(fix) for fix in call.fixes),
        flaws=(*flaws, *wrong)[:MOST_FLAWS],
    )


@cache
def _names(count: int) -> tuple[str, ...]:
    return tuple(f"fixes.{number}" for number in range(count))


def _caller(call: CallBody) -> Caller:
    who = call.caller
    if who is None:
        return Caller()
    # A number that isn't a subscriber's still tells the dispatcher something, and matches nobody.
    return Caller(
        number=e164(who.number) or cleaned(who.number),
        name=cleaned(who.name),
        imei=imei(who.imei),
        imsi=imsi(who.imsi),
        language=cleaned(who.language),
        installation=cleaned(who.installation),
    )


def _number_flaw(call: CallBody) -> list[str]:
    number = cleaned(call.caller.number) if call.caller else None
    return ["caller.number: not a number that can be called back"] if number and not e164(number) else []


def _time_flaws(fixes: Sequence[FixBody]) -> list[str]:
    return [
        f"fixes.{i}.at: the year {fix.at.year} can't be, time not used"
        for i, fix in enumerate(fixes)
        if fix.at and not _is_plausible(fix)
    ]


def _is_plausible(fix: FixBody) -> bool:
    return fix.at is not None and EARLIEST <= fix.at < LATEST


def _fix(fix: FixBody) -> Fix:
    return Fix(
        source=fix.source,
        point=None if fix.lat is None or fix.lon is None else Point(fix.lat, fix.lon),
        radius_m=fix.radius_m,
        confidence=fix.confidence,
        at=fix.at if _is_plausible(fix) else None,
        altitude_m=fix.altitude_m,
        cell=CellId(fix.cell.mcc, fix.cell.mnc, fix.cell.lac, fix.cell.cid) if fix.cell else None,
        parish_code=fix.parish_code,
    )
