"""Reports as clients send them, for tests."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

CENTRE = (-0.2201, -78.5123)  # Centro Histórico
CUMBAYA = (-0.2005, -78.4300)
IN_THE_SEA = (-0.95, -80.90)
ACCIDENT = "crash_injured"  # traffic, bls and patrol


def a_fix(lat: float = CENTRE[0], lon: float = CENTRE[1], **more: Any) -> dict[str, Any]:
    return {"source": "gnss", "lat": lat, "lon": lon, "radius_m": 15, "at": datetime.now(UTC).isoformat()} | more


def a_call(*fixes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "channel": "app", "nature": ACCIDENT, "fixes": list(fixes or [a_fix()])} | more
