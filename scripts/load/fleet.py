"""Units that send positions: batches, as a fleet's gateway sends them, spread over each period."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from math import cos, pi, sin
from random import Random
from time import perf_counter

import msgspec

from dispatch.model.city import City
from scripts.load.wire import Broken, Client

BATCH = 1_000
MOST_NEW_UNITS = 5_000
METRES_A_DEGREE = 111_320.0
SPEED_MPS = 9.0


class Fleet:
    """`units` of them, each driving in a circle around a station."""

    def __init__(self, city: City, client: Client, *, units: int, hz: float) -> None:
        self._city, self._client = city, client
        self._period_s = 1 / hz
        random = Random(7)
        ids = [unit.id for unit in city.fleet][:units]
        self.ids = ids + [f"X{number:05d}" for number in range(units - len(ids))]
        stations = city.stations
        self._centres = [stations[number % len(stations)] for number in range(units)]
        self._turns = [random.uniform(0, 2 * pi) for _ in self.ids]
        self._radii_m = [random.uniform(150, 900) for _ in self.ids]
        self.sent = self.accepted = self.failed = 0

    async def enlist(self) -> None:
        """Add the units that the city's fleet doesn't have. Raises RuntimeError."""
        kind = self._city.kinds[0]
        new = [{"id": unit, "agency": kind.agency, "kind": kind.code} for unit in self.ids[len(self._city.fleet) :]]
        for start in range(0, len(new), MOST_NEW_UNITS):
            body = msgspec.json.encode({"units": new[start : start + MOST_NEW_UNITS]})
            status, answer = await self._client.post("/v1/units", body)
            if status != 201:
                raise RuntimeError(f"the units were not added: {status} {answer[:300]!r}")

    async def drive(self, over: asyncio.Event) -> None:
        """Until it is over. A late batch is sent at once, and the next at its due time."""
        starts = range(0, len(self.ids), BATCH)
        due_s = perf_counter()
        sending: set[asyncio.Task[None]] = set()
        while not over.is_set():
            for start in starts:
                due_s += self._period_s / len(starts)
                if (wait_s := due_s - perf_counter()) > 0:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(over.wait(), wait_s)
                if over.is_set():
                    break
                task = asyncio.create_task(self._send(start))
                sending.add(task)
                task.add_done_callback(sending.discard)
        await asyncio.gather(*sending)

    async def _send(self, start: int) -> None:
        now, at_s = datetime.now(UTC), perf_counter()
        body = msgspec.json.encode(
            {"positions": [self._position(n, at_s, now) for n in range(start, min(start + BATCH, len(self.ids)))]}
        )
        count = min(BATCH, len(self.ids) - start)
        self.sent += count
        try:
            status, answer = await self._client.post("/v1/units/positions", body)
        except Broken:
            status, answer = 0, b""
        if status == 200:
            self.accepted += msgspec.json.decode(answer)["accepted"]
        else:
            self.failed += count

    def _position(self, number: int, at_s: float, now: datetime) -> dict[str, object]:
        centre, radius_m = self._centres[number], self._radii_m[number]
        turn = self._turns[number] + at_s * SPEED_MPS / radius_m
        return {
            "unit_id": self.ids[number],
            "lat": round(centre.lat + radius_m * sin(turn) / METRES_A_DEGREE, 6),
            "lon": round(centre.lon + radius_m * cos(turn) / METRES_A_DEGREE, 6),
            "at": now,
            "heading_deg": round((360 - turn * 180 / pi) % 360, 1),
            "speed_mps": SPEED_MPS,
        }
