"""Advanced Mobile Location by HTTPS: a form-encoded POST in which every field may be missing (Android's ELS)."""

import hmac
from base64 import b64encode
from datetime import datetime
from urllib.parse import parse_qsl

from dispatch.intake.aml_fields import Measured, Told, measured_fix
from dispatch.intake.aml_https_fields import KNOWN, SOURCES
from dispatch.intake.reading import epoch, fraction, whole
from dispatch.intake.report_id import repeatable
from dispatch.intake.text_rules import cleaned, decoded
from dispatch.intake.unreadable import Problem, Unreadable, unreadable
from dispatch.model.phone import e164, imei, imsi
from dispatch.model.report import Caller, Channel, Report
from dispatch.number import decimal
from geo import Fix, Source

MOST_BYTES = 65_536
MOST_FIELDS = 200
MOST_SIGNATURE_BYTES = 200
Fields = dict[str, str]


def parse(body: bytes, hmac_key: bytes | None = None) -> Report:
    """The body of one POST. With `hmac_key` only what its signature covers is read.

    Raises Unreadable if the signature is missing or wrong, or if the message tells neither where nor who."""
    text = decoded(_signed(body, hmac_key) if hmac_key else body, most_bytes=MOST_BYTES)
    told = Told()
    fields = _fields(told, text)
    caller = _caller(fields)
    called = _moment(told, "time", fields)
    fix = _fix(told, fields)
    if fix is None and not told.no_fix:
        raise Unreadable(Problem(*flaw.split(": ", 1)) for flaw in told.flaws)
    if fix is None and caller == Caller(language=caller.language):
        raise unreadable("body", "tells neither where the caller is nor who")
    located = fix.at if fix else None
    return Report(
        id=repeatable(Channel.AML, caller, called or located, text),
        channel=Channel.AML,
        caller=caller,
        text=_crash(told, fields),
        fixes=(fix,) if fix else (),
        civic={"FLR": floor} if (floor := cleaned(fields.get("location_floor", "")[:40])) else None,
        flaws=tuple(told.flaws),
    )


def sign(body: bytes, hmac_key: bytes) -> bytes:
    """The body with its signature behind it, as a handset sends it."""
    return body + b"&hmac=" + hmac.digest(hmac_key, body, "sha1").hex().encode()


def is_signed(body: bytes, hmac_key: bytes) -> bool:
    try:
        _signed(body, hmac_key)
    except Unreadable:
        return False
    return True


def _signed(body: bytes, hmac_key: bytes) -> bytes:
    """What stands before `&hmac=`, if that signs it (SHA-1, hexadecimal or base 64): the rest isn't believed."""
    signed, mark, rest = body.rpartition(b"&hmac=")
    if not mark:
        raise unreadable("hmac", "missing, and this door asks for it")
    # The longest way to write a digest is percent by percent; what comes behind it isn't signed.
    written = rest[:MOST_SIGNATURE_BYTES].decode("latin-1").replace("+", "%2B")
    given = parse_qsl("hmac=" + written, keep_blank_values=True)[0][1]
    right = hmac.digest(hmac_key, signed, "sha1")
    is_hex = hmac.compare_digest(given.lower().encode(), right.hex().encode())
    if not is_hex and not hmac.compare_digest(given.encode(), b64encode(right)):
        raise unreadable("hmac", "does not sign this message")
    return signed


def _fields(told: Told, text: str) -> Fields:
    try:
        pairs = parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise unreadable("body", f"has more than {MOST_FIELDS} fields") from None
    fields: Fields = {}
    for name, value in pairs:
        key = name.strip().lower()
        if key in fields:
            told.flaw(key[:40], "stands twice, the first is used")
            continue
        if key not in KNOWN and not key.startswith("adr_"):
            told.flaw(repr(key[:40]), "unknown field, passed over")
        # A plus sign that wasn't escaped arrives as a blank.
        fields[key] = "+" + value[1:] if value[:1] == " " else value.strip()
    if not fields.keys() & KNOWN:
        raise unreadable("body", "has no field of an AML message")
    return fields


def _caller(fields: Fields) -> Caller:
    number = fields.get("device_number")
    return Caller(
        number=e164(number) or cleaned((number or "")[:40]),
        imei=imei(fields.get("device_imei")),
        imsi=imsi(fields.get("device_imsi")),
        language=cleaned(fields.get("device_languages", "")[:40]),
    )


def _fix(told: Told, fields: Fields) -> Fix | None:
    lat, lon = fields.get("location_latitude"), fields.get("location_longitude")
    if not lat and not lon:
        told.no_fix = True
        return None
    measured = Measured(
        lat=lat,
        lon=lon,
        radius=None if decimal(fields.get("location_accuracy")) == 0 else fields.get("location_accuracy"),
        confidence=_confidence(told, fields),
        method=_source(told, fields.get("location_source")),
        at=_moment(told, "location_time", fields),
        altitude_m=decimal(fields.get("location_altitude")),
        vertical_m=decimal(fields.get("location_vertical_accuracy")),
    )
    return measured_fix(told, ("location_latitude", "location_longitude", "location_accuracy"), measured)


def _source(told: Told, written: str | None) -> Source:
    source = SOURCES.get((written or "unknown").lower())
    if source is None:
        told.flaw("location_source", "unknown source")
    return source or Source.UNKNOWN


def _confidence(told: Told, fields: Fields) -> float | None:
    """`location_confidence` is 0-1; the older `location_certainty`, and some of the newer, percent."""
    written = fields.get("location_confidence") or fields.get("location_certainty")
    value = decimal(written)
    if not written or value == 0:
        return None
    if value is None or not 0 < value <= 100:
        told.flaw("location_confidence", "neither 0 to 1 nor a percentage, 95 % taken")
        return None
    is_fraction = "location_confidence" in fields and value <= 1
    if not is_fraction and "location_confidence" in fields:
        told.flaw("location_confidence", "a percentage where 0 to 1 belongs")
    return fraction(value * 100 if is_fraction else value)


def _moment(told: Told, key: str, fields: Fields) -> datetime | None:
    written = fields.get(key)
    if not written:
        return None
    count = whole(written)
    moment = epoch(count / 1000) if count is not None else None
    if moment is None and count is not None and (moment := epoch(count)):
        told.flaw(key, "seconds where milliseconds belong")
    elif moment is None:
        told.flaw(key, "not a time in milliseconds since 1970")
    return moment


def _crash(told: Told, fields: Fields) -> str | None:
    crashed = _moment(told, "adr_carcrash_time", fields)
    return f"El teléfono detectó un choque de vehículo a las {crashed:%H:%M:%S} UTC." if crashed else None
