"""A past made by SQL is one that the service itself could have had."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect

from dispatch.model.city import City
from scripts.load import past
from scripts.own_service import OwnService, own_service

CITY = Path(__file__).parents[3] / "data" / "quito"
PAST, OPEN = 300, 40


@pytest.fixture
async def service(quito: City, public_folder: Path) -> AsyncIterator[OwnService]:
    state = public_folder / "past"
    state.mkdir(mode=0o711)
    await past.make(quito, CITY, state, past=PAST, open_ones=OPEN)
    async with own_service("--city", str(CITY), state=state) as service:
        yield service


async def test_the_service_opens_with_it_and_shows_it(service: OwnService) -> None:
    headers, taken = {"Authorization": f"Bearer {service.key}"}, past.TEMPLATES
    async with httpx.AsyncClient(base_url=service.url, headers=headers, trust_env=False) as client:
        closed = (
            (await client.get("/v1/incidents", params={"status": "closed", "limit": 500})).raise_for_status().json()
        )
        ids = [incident["id"] for incident in closed["items"]]
        assert len(ids) == PAST
        one = (await client.get(f"/v1/incidents/{ids[0]}")).raise_for_status().json()
        assert one["incident"]["status"] == "closed"
    url = f"{service.url.replace('http', 'ws', 1)}/v1/live"
    async with connect(url, additional_headers=headers, proxy=None, max_size=None) as screen:
        snapshot = msgspec.json.decode(await screen.recv(decode=False))
        # The templates are open too, but for those that were joined to another.
        assert OPEN < len(snapshot["incidents"]) <= OPEN + taken
        assert snapshot["seq"] >= past.EVENTS * (PAST + OPEN)
    since = f"{url}?since={snapshot['seq'] - 500}"
    async with connect(since, additional_headers=headers, proxy=None, max_size=None) as screen:
        told = msgspec.json.decode(await screen.recv(decode=False))
        assert [event["seq"] for event in told["events"]] == list(range(snapshot["seq"] - 499, snapshot["seq"] + 1))
    assert service.ready_s > 0
