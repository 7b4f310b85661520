"""Advanced Mobile Location by SMS: version 1 (ETSI TS 103 625) and the beta version 2 of Android's ELS."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from dispatch.intake.aml_fields import Measured, Told, confidence, measured_fix
from dispatch.intake.aml_pairs import HEADER, KEYS_1, KEYS_2, check_keys, read_pairs
from dispatch.intake.reading import compact_time, epoch, whole
from dispatch.intake.report_id import repeatable
from dispatch.intake.text_rules import cleaned, decoded
from dispatch.intake.unreadable import Problem, Unreadable, unreadable
from dispatch.model.phone import e164, imei, imsi
from dispatch.model.report import Caller, Channel, Report
from dispatch.number import decimal
from geo import Fix, Source

MOST_MESSAGE_BYTES = 4_096
METHODS: dict[str, Source | None] = {
    "G": Source.GNSS,
    "W": Source.WIFI,
    "C": Source.CELL,
    "U": Source.UNKNOWN,
    "N": None,
}


def parse(body: bytes, sender: str | None = None) -> Report:
    """The text of one message. `sender` is the number that the SMS came from, if the gateway told it.

    Raises Unreadable if it is no AML message, or tells neither where the caller is nor that nobody knows."""
    try:
        text = decoded(body, most_bytes=MOST_MESSAGE_BYTES)
    except Unreadable:
        text = body[:MOST_MESSAGE_BYTES].decode("cp1252", "replace")
        if len(body) > MOST_MESSAGE_BYTES or not HEADER.match(text.lstrip()):
            raise
        report = parse_text(text, sender)
        return replace(report, flaws=(*report.flaws, "body: not UTF-8, read as Windows-1252"))
    return parse_text(text, sender)


def parse_text(text: str, sender: str | None = None) -> Report:
    told = Told()
    message, pairs = read_pairs(told, text)
    version_2 = pairs.get("version") == "2" or ("version" not in pairs and "lo" in pairs)
    check_keys(told, pairs, KEYS_2 if version_2 else KEYS_1)
    fix, moment, language = _version_2(told, pairs) if version_2 else _version_1(told, message, pairs)
    caller = Caller(
        number=e164(sender) or cleaned((sender or "")[:40]),
        imei=imei(pairs.get("ei")),
        imsi=imsi(pairs.get("si")),
        language=language,
    )
    if fix is None and not told.no_fix:
        raise Unreadable(Problem(*flaw.split(": ", 1)) for flaw in told.flaws)
    if fix is None and caller == Caller(language=language):
        raise unreadable("body", "tells neither where the caller is nor who")
    return Report(
        id=repeatable(Channel.AML, caller, moment, message),
        channel=Channel.AML,
        caller=caller,
        fixes=(fix,) if fix else (),
        flaws=tuple(told.flaws),
    )


def _version_1(told: Told, message: str, pairs: dict[str, str]) -> tuple[Fix | None, datetime | None, None]:
    at = compact_time(pairs.get("top"))
    if at is None:
        told.flaw("top", "missing or not a time as yyyyMMddHHmmss")
    measured = Measured(
        lat=pairs.get("lt"),
        lon=pairs.get("lg"),
        radius=pairs.get("rd"),
        confidence=confidence(told, "lc", pairs.get("lc")),
        method=_method(told, "pm", pairs.get("pm")),
        at=at,
    )
    fix = measured_fix(told, ("lt", "lg", "rd"), measured)
    _check_length(told, message, pairs.get("ml"))
    _check_networks(told, pairs)
    return fix, at, None


def _version_2(told: Told, pairs: dict[str, str]) -> tuple[Fix | None, datetime | None, str | None]:
    called = _call_time(told, pairs.get("et"))
    at = called + timedelta(seconds=_delay_s(told, pairs.get("lt"))) if called else None
    lat, lon, radius_m = _triple(pairs.get("lo"))
    altitude, vertical, _ = _triple(pairs.get("lz"))
    measured = Measured(
        lat=lat,
        lon=lon,
        radius=None if decimal(radius_m) == 0 else radius_m,
        confidence=confidence(told, "lc", pairs.get("lc")),
        method=_method(told, "ls", pairs.get("ls", "U" if lat else "N")),
        at=at,
        altitude_m=decimal(altitude),
        vertical_m=decimal(vertical),
    )
    # An absent `lo` is how this version says that no position was found.
    fix = measured_fix(Told(no_fix=True) if lat is None else told, ("lo", "lo", "lo"), measured)
    told.no_fix = told.no_fix or lat is None
    return fix, called, cleaned((pairs.get("lg") or "")[:40])


def _method(told: Told, key: str, written: str | None) -> Source | None:
    letter = (written or "U").upper()[:1]
    if written is None:
        told.flaw(key, "missing, method unknown")
    elif written.upper() not in METHODS:
        told.flaw(key, "unknown method")
    return METHODS.get(letter, Source.UNKNOWN)


def _call_time(told: Told, written: str | None) -> datetime | None:
    seconds = whole(written)
    called = epoch(seconds) or epoch(seconds / 1000 if seconds is not None else None)
    if called is None:
        told.flaw("et", "missing or not a time in seconds since 1970")
    elif epoch(seconds) is None:
        told.flaw("et", "milliseconds where seconds belong")
    return called


def _delay_s(told: Told, written: str | None) -> int:
    seconds = whole(written)
    if written and (seconds is None or abs(seconds) > 86_400):
        told.flaw("lt", "not a number of seconds, the time of the call taken")
        return 0
    return seconds or 0


def _triple(written: str | None) -> tuple[str | None, str | None, str | None]:
    parts: list[str | None] = [part.strip() or None for part in (written or "").split(",")]
    first, second, third = (parts + [None] * 3)[:3]
    return first, second, third


def _check_length(told: Told, message: str, written: str | None) -> None:
    if written is None:
        told.flaw("ml", "missing: the message may be cut off")
    elif whole(written) != len(message):
        told.flaw("ml", f"says {written[:10]}, the message has {len(message)} characters")


def _check_networks(told: Told, pairs: dict[str, str]) -> None:
    if not re.fullmatch(r"[0-9]{3}", pairs.get("mcc", "000")):
        told.flaw("mcc", "not three digits")
    if not re.fullmatch(r"[0-9]{2,3}", pairs.get("mnc", "00")):
        told.flaw("mnc", "not two or three digits")
