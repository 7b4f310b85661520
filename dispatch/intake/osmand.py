"""The OsmAnd protocol as the Traccar Client speaks it: fields in the address or a form; since its version 9, JSON.

Units as in Traccar's own decoder: `speed` in knots, `accuracy` in metres, `timestamp` in seconds or milliseconds since
1970 or as ISO 8601; in JSON `speed` is in m/s."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from dispatch.intake.device_position import DevicePosition, device_position, moment
from dispatch.intake.reading import plausible
from dispatch.intake.unreadable import Problem, Unreadable, unreadable
from dispatch.number import decimal

KNOT_MPS = 1852 / 3600
# What a dilution of precision of 1 is worth in metres, where no accuracy is said.
METRES_PER_HDOP = 5.0
# Traccar's own rule for telling seconds from milliseconds.
LAST_SECOND = 2**31 - 1
MOST_FIELDS = 100
MOST_BYTES = 65_536


def device_id(query: str, body: bytes) -> str | None:
    """What the device calls itself, as far as that can be read."""
    try:
        told = _document(body) if _is_json(body) else _fields(query, body)
    except Unreadable:
        told = _fields(query, b"")
    found = told.get("id") or told.get("deviceid") or told.get("device_id")
    return str(found).encode("utf-8", "replace").decode() if isinstance(found, str | int) else None


def parse(query: str, body: bytes) -> DevicePosition:
    """Raises Unreadable."""
    return _from_json(_document(body)) if _is_json(body) else _from_fields(_fields(query, body))


def _from_fields(told: Mapping[str, str]) -> DevicePosition:
    lat, lon = told.get("lat"), told.get("lon")
    if lat is None and lon is None:
        lat, _, lon = told.get("location", "").partition(",")
    problems = [
        Problem(field, "must be a number") for field, text in (("lat", lat), ("lon", lon)) if decimal(text) is None
    ]
    at = _moment(told["timestamp"]) if told.get("timestamp") else None
    if at is None and told.get("timestamp"):
        problems.append(Problem("timestamp", "must be seconds or milliseconds since 1970, or ISO 8601"))
    accuracy_m, hdop, knots = decimal(told.get("accuracy")), decimal(told.get("hdop")), decimal(told.get("speed"))
    return device_position(
        decimal(lat),
        decimal(lon),
        at,
        heading_deg=decimal(told.get("bearing") or told.get("heading")),
        speed_mps=knots * KNOT_MPS if knots is not None else None,
        accuracy_m=accuracy_m if accuracy_m or hdop is None else hdop * METRES_PER_HDOP,
        valid=told.get("valid", "true").strip().lower() in {"true", "1"},
        problems=problems,
    )


def _from_json(told: Mapping[str, Any]) -> DevicePosition:
    location = told.get("location")
    coords = location.get("coords") if isinstance(location, dict) else None
    if not isinstance(location, dict) or not isinstance(coords, dict):
        raise unreadable("location.coords", "is missing")
    lat, lon = _number(coords.get("latitude")), _number(coords.get("longitude"))
    problems = [
        Problem(f"location.coords.{field}", "must be a number")
        for field, value in (("latitude", lat), ("longitude", lon))
        if value is None
    ]
    said = location.get("timestamp")
    at = _moment(str(said)) if said is not None else None
    if at is None and said is not None:
        problems.append(Problem("location.timestamp", "must be ISO 8601"))
    return device_position(
        lat,
        lon,
        at,
        heading_deg=_number(coords.get("heading")),
        speed_mps=_number(coords.get("speed")),
        accuracy_m=_number(coords.get("accuracy")),
        problems=problems,
    )


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


def _document(body: bytes) -> dict[str, Any]:
    _check_size(body)
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise unreadable("body", "is not JSON") from error
    return told if isinstance(told, dict) else {}


def _fields(query: str, body: bytes) -> dict[str, str]:
    """Of the form and of the address; where both name one, the address counts."""
    _check_size(body)
    try:
        pairs = [
            pair
            for text in (body.decode("utf-8", "replace"), query)
            for pair in parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        ]
    except ValueError:
        raise unreadable("body", f"has more than {MOST_FIELDS} fields") from None
    return dict(pairs)


def _check_size(body: bytes) -> None:
    if len(body) > MOST_BYTES:
        raise unreadable("body", f"has {len(body)} bytes, at most {MOST_BYTES} are read")


def _moment(text: str) -> datetime | None:
    value = decimal(text)
    if value is not None:
        return moment(value if abs(value) < LAST_SECOND else value / 1000)
    try:
        told = datetime.fromisoformat(text.strip())
        return plausible(told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    """A number of a JSON document, which may be of any size; never a boolean or a string."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return decimal(repr(value))
