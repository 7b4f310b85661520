"""All units send positions once a second; without an answer the next one follows as usual."""

import asyncio
from datetime import UTC, datetime
from random import Random

from dispatch.model import UnitId
from dispatch.model.room import Room
from scripts.fault_runs.node_client import NodeClient

EVERY_S = 1.0
CENTRE = (-0.2201, -78.5123)


class Crews:
    def __init__(self, client: NodeClient, room: Room, *, seed: int) -> None:
        self._client, self._random = client, Random(seed)
        self._where = {unit_id: self._near() for unit_id in room.units}
        self.answered = 0

    async def drive(self) -> None:
        """Runs until cancelled."""
        while True:
            at = datetime.now(UTC).isoformat()
            positions = [self._moved(unit_id, at) for unit_id in self._where]
            answer = await self._client.ask(self._client.any(), "POST", "/v1/units/positions", {"positions": positions})
            self.answered += answer.status < 300 and answer.status > 0
            await asyncio.sleep(EVERY_S)

    def _near(self) -> tuple[float, float]:
        return CENTRE[0] + self._random.uniform(-0.05, 0.05), CENTRE[1] + self._random.uniform(-0.02, 0.02)

    def _moved(self, unit_id: UnitId, at: str) -> dict[str, object]:
        lat, lon = (there + self._random.uniform(-5e-5, 5e-5) for there in self._where[unit_id])
        self._where[unit_id] = lat, lon
        return {"unit_id": unit_id, "lat": lat, "lon": lon, "at": at, "accuracy_m": 8}
