"""Things that happen in the city, told to the service over HTTP."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from tests.service import Service


@dataclass(frozen=True, slots=True)
class Corner:
    """A part of the city that one test has to itself, so that no other's call joins its own."""

    parish: str
    lat: float
    lon: float


MARISCAL = Corner("Mariscal Sucre", -0.2050, -78.4920)
CALDERON = Corner("Calderón", -0.0990, -78.4230)
CUMBAYA = Corner("Cumbayá", -0.2005, -78.4300)
CONOCOTO = Corner("Conocoto", -0.2920, -78.4760)
QUITUMBE = Corner("Quitumbe", -0.2950, -78.5500)
COTOCOLLAO = Corner("Cotocollao", -0.1170, -78.4960)
TUMBACO = Corner("Tumbaco", -0.2120, -78.3990)
GUAMANI = Corner("Guamaní", -0.3310, -78.5530)


async def call(service: Service, corner: Corner = MARISCAL, **more: Any) -> int:
    """Someone calls from that corner; returns the incident's id. `more` replaces parts of the call."""
    at = datetime.now(UTC).isoformat()
    fix = {"source": "gnss", "lat": corner.lat, "lon": corner.lon, "radius_m": 20.0, "confidence": 0.95, "at": at}
    body = {"id": str(uuid4()), "channel": "voice", "nature": "robbery_in_progress", "fixes": [fix]} | more
    async with service.client() as client:
        answer = await client.post("/v1/calls", json=body)
        answer.raise_for_status()
    return int(answer.json()["incident_id"])


async def stand(service: Service, unit_id: str, corner: Corner) -> None:
    """The unit says that it is some 300 m from that corner, now."""
    at = datetime.now(UTC).isoformat()
    position = {"unit_id": unit_id, "lat": corner.lat + 0.003, "lon": corner.lon, "at": at, "heading_deg": 90.0}
    async with service.client() as client:
        answer = await client.post("/v1/units/positions", json={"positions": [position]})
        answer.raise_for_status()
    assert answer.json()["accepted"] == 1, answer.text


async def drive(service: Service, unit_id: str, places: Sequence[tuple[float, float]], *, every_s: int = 60) -> None:
    """The unit says where it was, one place after another, the last of them now; returns when all is in its history."""
    now = datetime.now(UTC)
    moments = [now - timedelta(seconds=every_s * back) for back in range(len(places) - 1, -1, -1)]
    rows = [
        {"unit_id": unit_id, "lat": lat, "lon": lon, "at": at.isoformat()}
        for (lat, lon), at in zip(places, moments, strict=True)
    ]
    async with service.client() as client, asyncio.timeout(20):
        (await client.post("/v1/units/positions", json={"positions": rows})).raise_for_status()
        for _ in count():
            answer = (await client.get(f"/v1/units/{unit_id}/trail")).raise_for_status()
            if len(answer.json()["items"]) >= len(places):
                return
            await asyncio.sleep(0.2)


async def assign(service: Service, incident_id: int, *units: str) -> None:
    async with service.client() as client:
        answer = await client.post(f"/v1/incidents/{incident_id}/assignments", json={"unit_ids": list(units)})
        answer.raise_for_status()
