"""Clients with keys of several senders, for tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx

from tests.keys import a_key
from tests.service import Service


@dataclass(frozen=True)
class Callers:
    """`app` and `other` hold intake keys, `desk` a dispatcher's."""

    app: httpx.AsyncClient
    other: httpx.AsyncClient
    gateway: httpx.AsyncClient
    desk: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def of(cls, service: Service, database_url: str) -> AsyncIterator[Self]:
        roles = ("intake", "intake", "gateway", "dispatcher")
        keys = [await a_key(database_url, role) for role in roles]
        async with AsyncExitStack() as stack:
            yield cls(*[await stack.enter_async_context(service.client(key)) for key in keys])

    async def view(self, incident_id: int) -> Any:
        """An incident with its calls, as a dispatcher sees it."""
        answer = await self.desk.get(f"/v1/incidents/{incident_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def call(self, call_id: str) -> Any:
        """A call as a dispatcher sees it, with its flaws."""
        found = (await self.desk.get(f"/v1/calls/{call_id}")).json()
        return next(c for c in (await self.view(found["incident_id"]))["calls"] if c["id"] == call_id)


async def sent(http: httpx.AsyncClient, call: dict[str, Any], status: int = 201) -> Any:
    answer = await http.post("/v1/calls", json=call)
    assert answer.status_code == status, answer.text
    return answer.json()


async def placed(callers: Callers, incident_id: int, lat: float, lon: float, **more: Any) -> Any:
    """The incident, once a dispatcher has placed it by hand."""
    version = (await callers.view(incident_id))["incident"]["version"]
    change = {"location": {"lat": lat, "lon": lon} | more, "version": version}
    answer = await callers.desk.patch(f"/v1/incidents/{incident_id}", json=change)
    assert answer.status_code == 200, answer.text
    return answer.json()
