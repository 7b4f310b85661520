"""A screen for tests: follows the live feed as the contract says and keeps its own copy of the room."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import msgspec
from pydantic import TypeAdapter
from websockets.asyncio.client import ClientConnection

from dispatch.model import Event, Incident, Unit
from dispatch.model.room import Room
from tests.service import Service

WAIT_S = 60


@dataclass
class Snapshot:
    seq: int
    incidents: list[Incident]
    units: list[Unit]
    quarantine_open: int

    def room(self) -> Room:
        return Room(
            seq=self.seq,  # type: ignore[arg-type]
            incidents={i.id: i for i in self.incidents},
            units={u.id: u for u in self.units},
            quarantine_open=self.quarantine_open,
        )


SNAPSHOT = TypeAdapter(Snapshot)
EVENTS = TypeAdapter(list[Event])


class Screen:
    """`told`: each snapshot and event, in order."""

    def __init__(self, socket: ClientConnection, room: Room | None = None) -> None:
        self.socket = socket
        self.room = room or Room()
        self.told: list[Room | Event] = [_copy(self.room)]
        self.events: list[Event] = []
        self.positions: dict[str, list[Any]] = {}
        self.resync: str | None = None
        self.move: str | None = None

    @classmethod
    @asynccontextmanager
    async def on(cls, service: Service, *, since: Room | None = None) -> AsyncIterator[Self]:
        """A screen that has been told all there is; `since`: one that was away and comes back with its old room."""
        async with service.screen(since=since.seq if since else None) as socket:
            screen = cls(socket, since)
            if since is None:
                await screen.until(lambda: screen.room.seq > 0)
            yield screen

    async def until(self, true: Callable[[], bool]) -> None:
        """Read messages until it is so. Raises TimeoutError."""
        async with asyncio.timeout(WAIT_S):
            while not true():
                self.read(await self.socket.recv(decode=False))

    def read(self, message: bytes) -> None:
        told = msgspec.json.decode(message)
        match told["type"]:
            case "snapshot":
                self.room = SNAPSHOT.validate_json(message).room()
                self.told.append(_copy(self.room))
                self.positions = {row[0]: row for row in told["positions"]}
            case "events":
                for event in EVENTS.validate_python(told["events"]):
                    self.events.append(event)
                    self.told.append(event)
                    self.room.apply(event)
            case "positions":
                self.positions |= {row[0]: row for row in told["units"]}
            case "resync":
                self.resync = told["reason"]
            case "move":
                self.move = told["reason"]
            case "pulse":
                assert told["seq"] >= 0 and told["screens"] >= 1
            case other:
                raise AssertionError(f"unknown message {other}")

    def at(self, seq: int) -> Room:
        """Its room as it was then: a timer may have told it more since."""
        return room_at(seq, self.told)


def room_at(seq: int, told: Iterable[Room | Event]) -> Room:
    """What a screen that was told this showed after that event."""
    room = Room()
    for one in told:
        match one:
            case Room() if one.seq <= seq:
                room = _copy(one)
            case Event() if room.seq < one.seq <= seq:
                room.apply(one)
    return room


def _copy(room: Room) -> Room:
    """That further events leave as it is; what is in it is never changed, only replaced."""
    return replace(room, incidents={**room.incidents}, units={**room.units})
