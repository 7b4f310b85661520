"""A screen that finds another node when its own is gone, and logs every number that it receives."""

import asyncio
from dataclasses import dataclass

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from dispatch.model import Event, Incident, Seq, Unit
from dispatch.model.room import Room
from dispatch.model.wire import decode
from scripts.fault_runs.logs import Told, Word

# The service sends a pulse every five seconds.
SILENCE_S = 8.0
OPEN_S = 3.0
PAUSE_S = 0.2


@dataclass(frozen=True)
class Snapshot:
    seq: Seq
    incidents: list[Incident]
    units: list[Unit]
    quarantine_open: int

    def room(self) -> Room:
        return Room(
            seq=self.seq,
            incidents={i.id: i for i in self.incidents},
            units={u.id: u for u in self.units},
            quarantine_open=self.quarantine_open,
        )


@dataclass(frozen=True)
class Events:
    events: list[Event]


class Screen:
    """`told` is its log, `room` its state; `node` is the one it prefers at first."""

    def __init__(self, name: str, urls: list[str], key: str, *, node: int) -> None:
        self.name, self.room = name, Room()
        self.told: list[Told] = []
        self.moves = 0
        self._urls, self._node = [url.replace("http", "ws", 1) + "/v1/live" for url in urls], node
        self._headers = {"Authorization": f"Bearer {key}"}
        self._knows = False

    async def watch(self) -> None:
        """Runs until cancelled."""
        while True:
            try:
                await self._watch()
            except (OSError, WebSocketException, TimeoutError):
                self._node = (self._node + 1) % len(self._urls)
            self.moves += 1
            await asyncio.sleep(PAUSE_S)

    async def _watch(self) -> None:
        url = self._urls[self._node] + (f"?since={self.room.seq}" if self._knows else "")
        wire = await asyncio.wait_for(
            connect(url, additional_headers=self._headers, max_size=None, proxy=None, close_timeout=OPEN_S), OPEN_S
        )
        async with wire:
            if self._knows:
                self.told.append(Told(Word.RESUMED, self.room.seq))
            while True:
                await self._read(wire)

    async def _read(self, wire: ClientConnection) -> None:
        message = await asyncio.wait_for(wire.recv(decode=False), SILENCE_S)
        match msgspec.json.decode(message, type=Kind).type:
            case "snapshot":
                self.room = decode(message, Snapshot).room()
                self._knows = True
                self.told.append(Told(Word.SNAPSHOT, self.room.seq))
            case "events":
                for event in decode(message, Events).events:
                    self._apply(event)
            case "resync":
                self.told.append(Told(Word.RESYNC))
                self._knows = False
                raise ConnectionResetError
            case "move":
                raise ConnectionResetError

    def _apply(self, event: Event) -> None:
        """Duplicates and wrong order are logged first; the checker reports them."""
        self.told.append(Told(Word.EVENT, event.seq))
        if event.seq == self.room.seq + 1:
            self.room.apply(event)


class Kind(msgspec.Struct):
    type: str
