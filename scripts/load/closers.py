"""Dispatchers who close old incidents: without them a long run would only open incidents."""

import asyncio
from contextlib import suppress
from time import perf_counter

import msgspec

from scripts.load.phones import Phones
from scripts.load.wire import Broken, Client

LOOK_S = 0.25
TRIES, CLOSED = 3, 200


class _Incident(msgspec.Struct):
    version: int
    status: str


class _Seen(msgspec.Struct):
    incident: _Incident


class Closers:
    """An incident is closed `after_s` seconds after its first call; `left_open`: those that could not be closed."""

    def __init__(self, client: Client, phones: Phones, *, after_s: float) -> None:
        self._client, self._phones, self._after_s = client, phones, after_s
        self._looked_at = 0
        self._closed: set[int] = set()
        self.left_open = 0

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
        """If it was changed meanwhile, its current version is fetched and the close repeated."""
        for _ in range(TRIES):
            with suppress(Broken):
                _, answer = await self._client.get(f"/v1/incidents/{incident_id}")
                seen = msgspec.convert(answer, _Seen).incident
                body = msgspec.json.encode({"reason": "attended", "version": seen.version})
                # If it was linked to another meanwhile, it is closed already.
                if seen.status == "closed" or await self._is_done(f"/v1/incidents/{incident_id}/close", body):
                    self._closed.add(incident_id)
                    return
        self.left_open += 1

    async def _is_done(self, path: str, body: bytes) -> bool:
        status, _ = await self._client.post(path, body)
        return status == CLOSED
