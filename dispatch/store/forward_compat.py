"""Events of a node that is newer than this one: it goes on with what it knows of them."""

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
    """What this node knows of it: fields that it doesn't know are passed over; so is a kind, or a whole incident or
    unit, that it can't understand. The body goes to screens as it is: they may be newer, too."""
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
    """The value as it came; None for one that isn't of this kind as we know it."""
    try:
        if value is not None:
            decode(encode(value), kind)
    except ValidationError:
        return None
    return value


@cache
def _once(kind: str) -> None:
    log.warning("event_of_a_newer_node", kind=kind)
