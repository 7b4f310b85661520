"""Things that happen in the city, told to the service over HTTP."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.service import Service


def now() -> str:
    return datetime.now(UTC).isoformat()


async def call(service: Service, **more: Any) -> int:
    """A call from Mariscal Sucre, or from wherever `lat`, `lon`, `radius_m` say; returns its incident's id."""
    fix = {"source": "gnss", "lat": -0.2050, "lon": -78.4920, "radius_m": 20.0, "confidence": 0.95, "at": now()}
    fix |= {key: more.pop(key) for key in ("lat", "lon", "radius_m", "source") if key in more}
    body = {"id": str(uuid4()), "channel": "voice", "nature": "robbery_in_progress", "fixes": [fix]} | more
    async with service.client() as client:
        answer = await client.post("/v1/calls", json=body)
        answer.raise_for_status()
    return int(answer.json()["incident_id"])


async def place(service: Service, unit_id: str, lat: float, lon: float) -> None:
    """The unit says where it is, now."""
    async with service.client() as client:
        position = {"unit_id": unit_id, "lat": lat, "lon": lon, "at": now(), "heading_deg": 90.0}
        answer = await client.post("/v1/units/positions", json={"positions": [position]})
        answer.raise_for_status()
    assert answer.json() == {"accepted": 1, "rejected": []}


async def assign(service: Service, incident_id: int, *units: str) -> None:
    async with service.client() as client:
        answer = await client.post(f"/v1/incidents/{incident_id}/assignments", json={"unit_ids": list(units)})
        answer.raise_for_status()
