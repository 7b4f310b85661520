"""All crews of the city: they receive orders by the live feed and report by HTTP."""

import asyncio
from datetime import UTC, datetime
from random import Random
from time import perf_counter
from typing import Any

from dispatch.model.city import City
from dispatch.simulation.crew import Crew, Task
from dispatch.simulation.feed import Feed
from dispatch.simulation.network import Network
from dispatch.simulation.service import Service
from geo import Projection

TICK_S = 1.0
PARKED_REPORT_S = 20.0
GNSS_M = 4.0


class Crews:
    def __init__(self, city: City, service: Service, feed: Feed, *, seed: int, pace: float) -> None:
        self._city, self._service, self._feed, self._pace = city, service, feed, pace
        self._random = Random(seed)
        self._projection = Projection(city.crs)
        self._hospitals = [self._projection.forward(h.lat, h.lon) for h in city.hospitals]
        self._crews: dict[str, Crew] = {}
        self._networks: dict[str, Network] = {}
        self._reported_s: dict[str, float] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def work(self) -> None:
        """Runs until cancelled."""
        await self._feed.ready.wait()
        before_s = perf_counter()
        while True:
            now_s = perf_counter()
            self._listen(now_s)
            traffic = self._traffic(datetime.now(UTC))
            for crew in self._crews.values():
                step = crew.tick(now_s, now_s - before_s, traffic=traffic)
                if step is not None and self._networks[crew.id].at(now_s):
                    self._report(crew.id, step)
            await self._send_positions(now_s)
            before_s = now_s
            await asyncio.sleep(max(0.0, TICK_S - (perf_counter() - now_s)))

    def _traffic(self, at: datetime) -> float:
        """The same for all agencies."""
        return self._city.speed_kmh(self._city.agencies[0].code, at) / self._city.agencies[0].speed_kmh

    def _listen(self, now_s: float) -> None:
        """Orders are also given by voice: a crew whose data connection is down receives them, and can't answer."""
        for gone in self._crews.keys() - self._feed.units.keys():
            del self._crews[gone]
        for unit in self._feed.units.values():
            crew = self._crews.get(unit["id"]) or self._hire(unit)
            incident = self._feed.incidents.get(unit["incident_id"]) if unit["incident_id"] is not None else None
            crew.told(unit["status"], self._task(incident) if incident is not None else None, now_s)

    def _hire(self, unit: dict[str, Any]) -> Crew:
        station = self._city.stations_by_id.get(unit["station"]) or self._random.choice(self._city.stations)
        home = self._projection.forward(station.lat, station.lon)
        crew = Crew(unit, self._city.agency(unit["agency"]), home, self._hospitals, self._random, self._pace)
        # Units without a known place report at once; the others, while parked, spread over time.
        waited_s = PARKED_REPORT_S
        if crew.id in self._feed.positions:
            crew.vehicle.place = self._projection.forward(*self._feed.positions[crew.id])
            waited_s = self._random.uniform(0, PARKED_REPORT_S)
        self._reported_s[crew.id] = perf_counter() - waited_s
        self._crews[crew.id] = crew
        self._networks[crew.id] = Network(self._random, perf_counter())
        return crew

    def _task(self, incident: dict[str, Any]) -> Task:
        location = incident["location"]
        known = location["lat"] is not None
        nature = self._city.natures_by_code.get(incident["nature"] or "")
        return Task(
            incident["id"],
            nature.service if nature is not None else None,
            self._projection.forward(location["lat"], location["lon"]) if known else None,
        )

    def _report(self, unit_id: str, status: str) -> None:
        """The feed shows if a step was refused: the status was changed by somebody else meanwhile."""

        async def send() -> None:
            await self._service.post(f"/v1/units/{unit_id}/status", {"status": status})

        task = asyncio.create_task(send())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _send_positions(self, now_s: float) -> None:
        due = [
            crew
            for crew in self._crews.values()
            if (crew.vehicle.is_moving or now_s - self._reported_s[crew.id] >= PARKED_REPORT_S)
            and self._networks[crew.id].at(now_s)
        ]
        if due:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            await self._service.post("/v1/units/positions", {"positions": [self._position(crew, now) for crew in due]})
            self._reported_s.update((crew.id, now_s) for crew in due)

    def _position(self, crew: Crew, now: str) -> dict[str, Any]:
        x, y = crew.vehicle.place
        lat, lon = self._projection.inverse(x + self._random.gauss(0, GNSS_M), y + self._random.gauss(0, GNSS_M))
        heading = crew.vehicle.heading_deg
        return {
            "unit_id": crew.id,
            "lat": round(lat, 6),
            "lon": round(lon, 6),
            "at": now,
            "heading_deg": None if heading is None else round(heading, 1),
            "speed_mps": round(crew.speed_mps, 1),
            "accuracy_m": round(2.45 * GNSS_M, 1),
        }
