"""The messages to screens; each text is made once for all screens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from dispatch.live.frame import Frame
from dispatch.model import Event, Incident, Unit, UnitId, UnitPosition
from dispatch.model.wire import encode
from dispatch.picture.picture import Picture


class PositionRow(NamedTuple):
    """Where a unit is: five values in this order. `at`: by its device's clock."""

    unit_id: UnitId
    lat: float
    lon: float
    heading_deg: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whom the screen's key or session belongs to."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class SharedSnapshot:
    type: Literal["snapshot"]
    seq: int
    at: datetime
    incidents: list[Incident]
    units: list[Unit]
    positions: list[PositionRow]
    quarantine_open: int
    quarantine: list[None]


@dataclass(frozen=True, slots=True)
class Snapshot(SharedSnapshot):
    """Everything as it is after event `seq`: open incidents, all units, where they are. `quarantine_open`: reports that
    nobody has looked at yet; `quarantine` is empty; `screens`: how many are connected to this node."""

    me: Viewer
    screens: int


@dataclass(frozen=True, slots=True)
class Events:
    """One or more events, in order and without a gap. Replace what each carries: incidents by `id`, where one that is
    closed goes; units by `id`, where one with `removed_at` goes."""

    type: Literal["events"]
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Positions:
    """The newest position of each unit that has moved. Some may have been skipped in between."""

    type: Literal["positions"]
    at: datetime
    units: list[PositionRow]


@dataclass(frozen=True, slots=True)
class Pulse:
    """The connection is alive, and `seq` is the last event. Every five seconds."""

    type: Literal["pulse"]
    at: datetime
    seq: int
    screens: int


@dataclass(frozen=True, slots=True)
class Resync:
    """Something was missed: connect again without `since` and begin with a new snapshot."""

    type: Literal["resync"]
    reason: str


@dataclass(frozen=True, slots=True)
class Move:
    """This node ends: connect again, to another if there is one, with `since` set to the last event that was seen."""

    type: Literal["move"]
    reason: str


def snapshot(picture: Picture) -> str:
    """The same for every screen; `for_one` adds what differs."""
    room = picture.room
    return encode(
        SharedSnapshot(
            "snapshot",
            room.seq,
            datetime.now(UTC),
            list(room.incidents.values()),
            list(room.units.values()),
            [_row(p) for p in picture.positions.values()],
            room.quarantine_open,
            [],  # consoles of before that count look for it
        )
    )


def for_one(snapshot: str, *, me: dict[str, str], screens: int) -> str:
    return f'{snapshot[:-1]},"me":{encode(me)},"screens":{screens}}}'


def events(bodies: Iterable[str]) -> Frame:
    """Several waiting events are sent as one message."""
    return Frame(f'{{"type":"events","events":[{",".join(bodies)}]}}')


def positions(moved: Iterable[UnitPosition]) -> Frame:
    return Frame(encode(Positions("positions", datetime.now(UTC), [_row(p) for p in moved])))


def pulse(*, seq: int, screens: int) -> Frame:
    return Frame(encode(Pulse("pulse", datetime.now(UTC), seq, screens)))


def resync(reason: str) -> str:
    return encode(Resync("resync", reason))


def move(reason: str) -> str:
    return encode(Move("move", reason))


def _row(position: UnitPosition) -> PositionRow:
    return PositionRow(position.unit_id, position.lat, position.lon, position.heading_deg, position.at)
