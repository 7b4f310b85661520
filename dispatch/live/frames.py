"""The messages to screens; each text is made once for all screens."""

from collections.abc import Iterable
from datetime import UTC, datetime

from dispatch.live.frame import Frame
from dispatch.model import UnitPosition
from dispatch.model.wire import encode
from dispatch.picture.picture import Picture


def snapshot(picture: Picture) -> str:
    """The same for every screen; `for_one` adds what differs."""
    room = picture.room
    return encode(
        {
            "type": "snapshot",
            "seq": room.seq,
            "at": datetime.now(UTC),
            "incidents": list(room.incidents.values()),
            "units": list(room.units.values()),
            "positions": [_row(p) for p in picture.positions.values()],
            "quarantine_open": room.quarantine_open,
            # Older consoles look for it.
            "quarantine": [],
        }
    )


def for_one(snapshot: str, *, me: dict[str, str], screens: int) -> str:
    return f'{snapshot[:-1]},"me":{encode(me)},"screens":{screens}}}'


def events(bodies: Iterable[str]) -> Frame:
    """Several waiting events are sent as one message."""
    return Frame(f'{{"type":"events","events":[{",".join(bodies)}]}}')


def positions(moved: Iterable[UnitPosition]) -> Frame:
    return Frame(encode({"type": "positions", "at": datetime.now(UTC), "units": [_row(p) for p in moved]}))


def pulse(*, seq: int, screens: int) -> Frame:
    return Frame(encode({"type": "pulse", "at": datetime.now(UTC), "seq": seq, "screens": screens}))


def resync(reason: str) -> str:
    return encode({"type": "resync", "reason": reason})


def move(reason: str) -> str:
    return encode({"type": "move", "reason": reason})


def _row(position: UnitPosition) -> tuple[object, ...]:
    return (position.unit_id, position.lat, position.lon, position.heading_deg, position.at)
