"""Positions through the batch endpoint of the real service: HTTP, decoding, doubts, picture, index, a live screen, and
COPY into PostgreSQL. Only the processor time of the service itself is counted."""

import asyncio
import json
import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
from websockets.asyncio.client import connect

from dispatch.api.positions import read
from dispatch.model.city import City
from scripts.benches.fleet import Fleet, fleet_of
from scripts.benches.measure import Row, seconds_of
from scripts.own_service import OwnService, own_service

UNITS, BATCH, SENDERS = 20_000, 2_000, 2
# The whole fleet once a second of its own time, ended before now.
EVERY = timedelta(seconds=1)
# The writer writes twice a second, and no other process here waits for it.
SETTLED_S = 3.0


def ingestion(city: City, rounds: int) -> list[Row]:
    """`rounds`: number of positions that every unit sends."""
    fleet = fleet_of(city, UNITS, seed=5)
    bodies = batches(fleet, rounds)
    count = rounds * UNITS
    cpu_s, wall_s, accepted, written = asyncio.run(_measured(city, bodies))
    decode_s = seconds_of(lambda: [read(body) for body in bodies], 3)
    plain_s = seconds_of(lambda: [json.loads(body) for body in bodies], 3)
    return [
        Row("taken in: ours, the service's processor", count / cpu_s, "positions/s", "≥ 20,000", "a screen watching"),
        Row("  by the clock, database and sender beside", count / wall_s, "positions/s"),
        Row("  not accepted", count - accepted, "of " + f"{count:,}", "0"),
        Row("  not in the database", rounds - written, "of a unit's " + f"{rounds}", "0"),
        Row("  only read: the endpoint's decoder (msgspec)", count / decode_s, "positions/s"),
        Row("  only read: the json of Python, unchecked", count / plain_s, "positions/s"),
    ]


def batches(fleet: Fleet, rounds: int) -> list[bytes]:
    """Bodies of 2,000 positions each, as an agency's gateway sends them."""
    start = datetime.now(UTC) - EVERY * (rounds + 60)
    everybody, bodies = np.arange(UNITS), []
    for number in range(rounds):
        fleet.step(everybody)
        at = (start + number * EVERY).isoformat()
        places = list(zip(fleet.lats.round(6).tolist(), fleet.lons.round(6).tolist(), strict=True))
        for first in range(0, UNITS, BATCH):
            told = [
                {"unit_id": _name(unit), "lat": places[unit][0], "lon": places[unit][1], "at": at,
                 "heading_deg": 45.0, "speed_mps": 10.0, "accuracy_m": 8.0}
                for unit in range(first, first + BATCH)
            ]  # fmt: skip
            bodies.append(json.dumps({"positions": told}, separators=(",", ":")).encode())
    return bodies


async def _measured(city: City, bodies: Sequence[bytes]) -> tuple[float, float, int, int]:
    async with (
        own_service() as service,
        httpx.AsyncClient(
            base_url=service.url, headers={"Authorization": f"Bearer {service.key}"}, timeout=60, trust_env=False
        ) as http,
    ):
        await _add_units(http, city)
        watching = asyncio.create_task(_watch(service))
        await asyncio.sleep(SETTLED_S)
        cpu, wall = _cpu_s(service.pid), time.perf_counter()
        waiting = list(reversed(bodies))
        await asyncio.gather(*(_send(http, waiting) for _ in range(SENDERS)))
        taken = time.perf_counter() - wall
        await asyncio.sleep(SETTLED_S)
        spent = _cpu_s(service.pid) - cpu
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        metrics = (await http.get("/metrics")).text
        found = re.search(r'dispatch_positions_total\{outcome="accepted"\} ([0-9.e+]+)', metrics)
        trail = (await http.get(f"/v1/units/{_name(7)}/trail", params={"limit": 5_000})).json()
        return spent, taken, int(float(found[1])) if found else 0, len(trail["items"])


async def _add_units(http: httpx.AsyncClient, city: City) -> None:
    kind = next(k for k in city.kinds if k.code == "patrol_car")
    for first in range(0, UNITS, 5_000):
        units = [{"id": _name(u), "agency": kind.agency, "kind": kind.code} for u in range(first, first + 5_000)]
        (await http.post("/v1/units", json={"units": units})).raise_for_status()


async def _send(http: httpx.AsyncClient, waiting: list[bytes]) -> None:
    while waiting:
        (await http.post("/v1/units/positions", content=waiting.pop())).raise_for_status()


async def _watch(service: OwnService) -> None:
    """A screen that reads everything and ignores it."""
    url = service.url.replace("http", "ws", 1) + "/v1/live"
    headers = {"Authorization": f"Bearer {service.key}"}
    async with connect(url, additional_headers=headers, proxy=None, max_size=None, compression=None) as screen:
        async for _ in screen:
            pass


def _cpu_s(pid: int) -> float:
    """Processor seconds of a process and its threads, without its children, one of which is PostgreSQL."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _name(unit: int) -> str:
    return f"B{unit:05d}"
