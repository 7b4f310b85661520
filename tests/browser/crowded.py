"""A room on the worst of days: more incidents than a person can read, and a nation's fleet on the move."""

import asyncio
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.service import Service

KINDS = (("PN", "patrol_car"), ("CBQ", "engine"), ("MSP", "ambulance_als"), ("AMT", "traffic_car"))
NATURES = ("fall", "crash_damage", "robbery_person", "chest_pain", "brawl", "noise", "structure_fire", "illness")
UNITS_A_REQUEST = 5_000
POSITIONS_A_REQUEST = 10_000
# A sunflower fills a disc evenly without any two seeds in one place; the city is long from north to south.
GOLDEN = math.pi * (3 - math.sqrt(5))
MIDDLE = (-0.2000, -78.4950)
REACH_DEG = (0.140, 0.045)


def spread(number: int, count: int, turn: float = 0.0) -> tuple[float, float]:
    """Latitude and longitude of one of `count` places all over the city."""
    radius, angle = math.sqrt((number + 0.5) / count), number * GOLDEN + turn
    lat, lon = math.sin(angle) * radius, math.cos(angle) * radius
    return round(MIDDLE[0] + REACH_DEG[0] * lat, 6), round(MIDDLE[1] + REACH_DEG[1] * lon, 6)


async def fleet(service: Service, count: int) -> list[str]:
    """`count` units more; returns their ids."""
    ids = [f"X{number:05}" for number in range(count)]
    async with service.client() as client:
        client.timeout = 120
        for start in range(0, count, UNITS_A_REQUEST):
            units = [_unit(unit_id, number) for number, unit_id in enumerate(ids)][start : start + UNITS_A_REQUEST]
            (await client.post("/v1/units", json={"units": units})).raise_for_status()
    return ids


def _unit(unit_id: str, number: int) -> dict[str, Any]:
    agency, kind = KINDS[number % len(KINDS)]
    return {"id": unit_id, "agency": agency, "kind": kind}


async def move(service: Service, ids: list[str], turn: float) -> int:
    """All of them say where they are, a little further round for each `turn`; returns how many are believed."""
    believed = 0
    async with service.client() as client:
        client.timeout = 120
        for batch in _batches(ids, turn):
            answer = (await client.post("/v1/units/positions", json={"positions": batch})).raise_for_status()
            believed += answer.json()["accepted"]
    return believed


def _batches(ids: list[str], turn: float) -> Iterator[list[dict[str, Any]]]:
    at = datetime.now(UTC).isoformat()
    for start in range(0, len(ids), POSITIONS_A_REQUEST):
        some = range(start, min(start + POSITIONS_A_REQUEST, len(ids)))
        yield [_position(ids[number], *spread(number, len(ids), turn), at) for number in some]


def _position(unit_id: str, lat: float, lon: float, at: str) -> dict[str, Any]:
    return {"unit_id": unit_id, "lat": lat, "lon": lon, "at": at, "heading_deg": 90.0}


async def incidents(service: Service, count: int) -> list[int]:
    """`count` emergencies that are nobody else's: each so sure of its place that none joins another."""
    async with service.client() as client:
        client.timeout = 120

        async def call(number: int) -> int:
            lat, lon = spread(number, count, turn=1.0)
            at = datetime.now(UTC).isoformat()
            fix = {"source": "gnss", "lat": lat, "lon": lon, "radius_m": 8.0, "confidence": 0.95, "at": at}
            nature = NATURES[number % len(NATURES)]
            body = {"id": str(uuid4()), "channel": "voice", "nature": nature, "fixes": [fix]}
            return int((await client.post("/v1/calls", json=body)).raise_for_status().json()["incident_id"])

        return await asyncio.gather(*(call(number) for number in range(count)))
