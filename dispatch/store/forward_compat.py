"""Events of a newer node: the parts that this version knows are applied."""

from functools import cache
from typing import Any, TypeVar

import msgspec
import structlog
from pydantic import ValidationError

from dispatch.model import Event, EventKind, Incident, QuarantineItem, Unit
from dispatch.model.wire import decode, encode

log = structlog.get_logger()
T = TypeVar("T")


def event_of(body: str | bytes) -> Event:
    """The parts of the event that this version knows: unknown fields are ignored, and so is an unknown kind, or an
    incident or unit that can't be decoded. The body goes to screens unchanged, because they may be newer too."""
    try:
        return decode(body, Event)
    except ValidationError:
        told = msgspec.json.decode(body)
    _once(str(told["kind"]))
    known = {
        "kind": told["kind"] if told["kind"] in set(EventKind) else EventKind.UNKNOWN,
        "incident": _understood(told.get("incident"), Incident),
        "units": [unit for unit in told.get("units", ()) if _understood(unit, Unit)],
        "quarantine": _understood(told.get("quarantine"), QuarantineItem),
    }
    return decode(encode(told | known), Event)


def _understood(value: Any, kind: type[T]) -> Any:
    """The value unchanged; None if it isn't of this kind as this version knows it."""
    try:
        if value is not None:
            decode(encode(value), kind)
    except ValidationError:
        return None
    return value


@cache
def _once(kind: str) -> None:
    log.warning("event_of_a_newer_node", kind=kind)
