"""A client of the live feed, following its protocol.

Snapshot, then events in order; after a disconnection: the events after N; after a resync or a gap: from the start."""

import asyncio
from collections import Counter
from collections.abc import Callable
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

Listener = Callable[[dict[str, Any], float], None]

LONGEST_PAUSE_S = 5.0
FIRST_PAUSE_S = 0.2


def unheard(message: dict[str, Any], at_s: float) -> None:
    """A callback for a feed of which only the state is used."""
    del message, at_s


class OutOfOrder(Exception):
    """An event's number doesn't follow the one before."""


class Feed:
    """The state as this client sees it. `on_event` and `on_snapshot` are called with the message and the time
    (perf_counter, seconds) of its arrival."""

    def __init__(self, url: str, key: str, *, on_event: Listener = unheard, on_snapshot: Listener = unheard) -> None:
        scheme, *rest = urlsplit(url)
        self._url = urlunsplit(("wss" if scheme == "https" else "ws", *rest)).rstrip("/") + "/v1/live"
        self._headers = {"Authorization": f"Bearer {key}"}
        self._on_event, self._on_snapshot = on_event, on_snapshot
        self.ready = asyncio.Event()
        self.refused: str | None = None
        self.seq: int | None = None
        self.incidents: dict[int, dict[str, Any]] = {}
        self.units: dict[str, dict[str, Any]] = {}
        self.positions: dict[str, tuple[float, float]] = {}
        self.told: Counter[str] = Counter()
        self.events = self.resyncs = self.reconnects = self.disorders = 0

    async def follow(self) -> None:
        """Runs until cancelled, or refused (`refused` then has the reason)."""
        pause_s = FIRST_PAUSE_S
        while self.refused is None:
            try:
                async with connect(
                    self._address(), additional_headers=self._headers, max_size=None, proxy=None
                ) as wire:
                    pause_s = FIRST_PAUSE_S
                    await self._read(wire)
            except InvalidStatus as error:
                if error.response.status_code in {401, 403, 404}:
                    self.refused = f"the live feed answered {error.response.status_code}"
                    self.ready.set()
            except OutOfOrder:
                self.disorders += 1
                self.seq = None
            except (OSError, WebSocketException, TimeoutError):
                pass
            self.reconnects += 1
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _address(self) -> str:
        return self._url if self.seq is None else f"{self._url}?since={self.seq}"

    async def _read(self, wire: ClientConnection) -> None:
        async for text in wire:
            self.take(msgspec.json.decode(text), perf_counter())

    def take(self, message: dict[str, Any], at_s: float) -> None:
        """Raises OutOfOrder."""
        match message["type"]:
            case "snapshot":
                self._take_snapshot(message, at_s)
            case "events":
                for event in message["events"]:
                    self._take_event(event, at_s)
            case "positions":
                self.positions.update((unit[0], (unit[1], unit[2])) for unit in message["units"])
            case "resync":
                self.resyncs += 1
                self.seq = None

    def _take_snapshot(self, snapshot: dict[str, Any], at_s: float) -> None:
        self.seq = snapshot["seq"]
        self.incidents = {incident["id"]: incident for incident in snapshot["incidents"]}
        self.units = {unit["id"]: unit for unit in snapshot["units"]}
        self.positions.update((unit[0], (unit[1], unit[2])) for unit in snapshot.get("positions", ()))
        self._on_snapshot(snapshot, at_s)
        self.ready.set()

    def _take_event(self, event: dict[str, Any], at_s: float) -> None:
        if self.seq is not None and event["seq"] != self.seq + 1:
            raise OutOfOrder(f"event {event['seq']} after {self.seq}")
        self.seq = event["seq"]
        self.events += 1
        self.told[event["kind"]] += 1
        incident = event.get("incident")
        if incident is not None:
            if incident["status"] == "closed":
                self.incidents.pop(incident["id"], None)
            else:
                self.incidents[incident["id"]] = incident
        for unit in event.get("units", ()):
            if unit.get("removed_at"):
                self.units.pop(unit["id"], None)
            else:
                self.units[unit["id"]] = unit
        self._on_event(event, at_s)
