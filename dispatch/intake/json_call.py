"""The door of this system's own clients: JSON for `POST /v1/calls` and `POST /v1/calls/{id}/fixes`."""

from dispatch.intake import text
from dispatch.intake.json_body import CallBody, FixBody, FixesBody, read
from dispatch.intake.places import Area
from dispatch.intake.text_rules import cleaned
from dispatch.model.ids import CallId
from dispatch.model.phone import e164, imei, imsi
from dispatch.model.report import Caller, Report
from geo import CellId, Fix, Point

__all__ = ["CallBody", "FixesBody", "parse", "parse_fixes"]

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
MOST_FLAWS = 40


def parse(body: bytes, area: Area | None = None) -> Report:
    """A call as JSON, UTF-8, to a report. Fields the contract doesn't know are passed over and named in `flaws`.

    Raises Unreadable."""
    call = read(CallBody, body)
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


def parse_fixes(body: bytes) -> tuple[Fix, ...]:
    """One to 20 fixes as JSON, UTF-8. Raises Unreadable."""
    return tuple(_fix(fix) for fix in read(FixesBody, body).fixes)


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


def _time_flaws(fixes: tuple[FixBody, ...]) -> list[str]:
    return [
        f"fixes.{i}.at: the year {fix.at.year} can't be, time not used"
        for i, fix in enumerate(fixes)
        if fix.at and not _is_plausible(fix)
    ]


def _is_plausible(fix: FixBody) -> bool:
    return fix.at is not None and EARLIEST_YEAR <= fix.at.year < LATEST_YEAR


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
