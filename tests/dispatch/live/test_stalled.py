"""A peer that stops reading, on a real socket of the real service: its window fills, and nobody else notices."""

import asyncio
import socket
from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.reports import a_call
from tests.screens import Screen
from tests.service import Service

KEPT, EVENTS = 20, 50
LONG = "x" * 3_900


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Service]:
    async with Service.started(database_url, screen_queue=str(KEPT)) as service:
        yield service


def small_socket(service: Service) -> socket.socket:
    """So that little fits between the service and who doesn't read."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    found.connect((urlsplit(service.url).hostname, urlsplit(service.url).port))
    found.setblocking(False)
    return found


def has_notes(screen: Screen, count: int) -> bool:
    return sum(event.kind == "note_added" for event in screen.events) == count


async def screens(client: httpx.AsyncClient) -> int:
    """How many the service has."""
    metrics = (await client.get("/metrics")).text
    return int(float(next(line for line in metrics.splitlines() if line.startswith("dispatch_screens ")).split()[1]))


async def test_who_stops_reading_is_cut_off_and_nobody_else_misses_anything(service: Service) -> None:
    with small_socket(service) as peer:
        url, headers = f"{service.url.replace('http', 'ws', 1)}/v1/live", {"Authorization": f"Bearer {service.key}"}
        # It reads nothing more once a few messages wait: `max_queue` of the client.
        async with (
            connect(
                url, sock=peer, additional_headers=headers, max_queue=1, compression=None, ping_interval=None
            ) as stalled,
            Screen.on(service) as screen,
            service.client() as client,
        ):
            incident = (await client.post("/v1/calls", json=a_call())).json()["incident_id"]
            assert screen.socket.response and "Sec-WebSocket-Extensions" not in screen.socket.response.headers
            first, told = screen.room.seq, 0
            while await screens(client) == 2:
                notes = [{"text": f"{number} {LONG}"} for number in range(EVENTS)]
                path = f"/v1/incidents/{incident}/notes"
                answers = await asyncio.gather(*(client.post(path, json=note) for note in notes))
                assert {answer.status_code for answer in answers} == {204}
                told += EVENTS
                # All this time the other is told of everything, while the stalled one has still not read.
                await screen.until(partial(has_notes, screen, told))
            assert [event.seq for event in screen.events] == list(range(first + 1, screen.room.seq + 1))
            seqs, end = await what_it_got(stalled)
    # What it got before is whole and in order; then, instead of events with a hole in them, it is told or cut off.
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs))) and seqs[-1] < screen.room.seq
    assert end in {"resync", "cut"}


async def what_it_got(stalled: object) -> tuple[list[int], str]:
    seqs: list[int] = []
    try:
        async with asyncio.timeout(20):
            async for message in stalled:  # type: ignore[attr-defined]
                told = msgspec.json.decode(message)
                if told["type"] == "events":
                    seqs += [event["seq"] for event in told["events"]]
                elif told["type"] == "resync":
                    return seqs, "resync"
    except ConnectionClosed:
        pass
    return seqs, "cut"
