"""Dispatchers who close what is old: without them a long run would only ever open incidents."""

import asyncio
from time import perf_counter

import msgspec

from scripts.load.phones import Phones
from scripts.load.wire import Broken, Client

LOOK_S = 0.25
GONE, CLOSED = 404, 200


class _Seen(msgspec.Struct):
    version: int


class Closers:
    """An incident is closed `after_s` seconds after its first call."""

    def __init__(self, client: Client, phones: Phones, *, after_s: float) -> None:
        self._client, self._phones, self._after_s = client, phones, after_s
        self._looked_at = 0
        self._closed: set[int] = set()

    @property
    def closed(self) -> int:
        return len(self._closed)

    async def close(self, over: asyncio.Event) -> None:
        while not over.is_set():
            for incident_id in self._due():
                await self._close(incident_id)
            await asyncio.sleep(LOOK_S)

    def _due(self) -> set[int]:
        fates, until_s = self._phones.fates, perf_counter() - self._after_s
        found = set[int]()
        while self._looked_at < len(fates) and fates[self._looked_at].due_s < until_s:
            incident_id = fates[self._looked_at].incident_id
            if incident_id is not None and incident_id not in self._closed:
                found.add(incident_id)
            self._looked_at += 1
        return found

    async def _close(self, incident_id: int) -> None:
        """As dispatchers do: what they saw may have changed meanwhile, then they look again."""
        for _ in range(3):
            try:
                _, incident = await self._client.get(f"/v1/incidents/{incident_id}")
                seen = msgspec.convert(incident, _Seen)
                body = msgspec.json.encode({"reason": "attended", "version": seen.version})
                status, _ = await self._client.post(f"/v1/incidents/{incident_id}/close", body)
            except (Broken, msgspec.ValidationError):
                return
            if status == CLOSED:
                self._closed.add(incident_id)
                return
