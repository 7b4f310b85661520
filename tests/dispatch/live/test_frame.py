"""What goes over the wire to all screens, read back by a client that is not ours."""

import asyncio

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as WireFrame
from websockets.uri import parse_uri

from dispatch.live.frame import DEFLATE_FROM_BYTES, Frame
from tests.reports import a_call
from tests.service import Service

SIZES = [5, 125, 126, DEFLATE_FROM_BYTES, 65_535, 65_536, 300_000]


def read(data: bytes, deflate: PerMessageDeflate | None) -> str:
    client = ClientProtocol(parse_uri("ws://example/"), state=1, max_size=None)  # type: ignore[arg-type]
    client.extensions = [deflate] if deflate else []
    client.receive_data(data)
    (frame,) = client.events_received()
    assert isinstance(frame, WireFrame) and frame.fin
    return bytes(frame.data).decode()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bits", [None, 9, 13, 15])
def test_any_client_reads_it(size: int, bits: int | None) -> None:
    text = ("ñandú " * size)[: size - 1] + "€"
    deflate = PerMessageDeflate(True, True, bits, bits) if bits else None
    data = Frame(text).on_wire(deflate)
    assert read(data, deflate) == text
    if bits and size >= DEFLATE_FROM_BYTES:
        assert len(data) < size / 2


def test_each_form_is_made_once() -> None:
    frame, deflate = Frame("x" * 2_000), PerMessageDeflate(True, True, 13, 13)
    assert frame.on_wire(None) is frame.on_wire(None)
    assert frame.on_wire(deflate) is frame.on_wire(PerMessageDeflate(True, True, 13, 13))
    assert len(frame.on_wire(deflate)) < len(frame.on_wire(None)) / 10


async def test_a_browser_that_asks_for_compression_gets_it_where_it_is_set(database_url: str) -> None:
    async with Service.started(database_url, ws_deflate="true") as service, service.client() as client:
        url, headers = f"{service.url.replace('http', 'ws', 1)}/v1/live", {"Authorization": f"Bearer {service.key}"}
        async with (
            connect(url, additional_headers=headers, compression="deflate") as asks,
            connect(url, additional_headers=headers, compression=None) as plain,
        ):
            assert asks.response is not None and plain.response is not None
            assert "server_no_context_takeover" in asks.response.headers["Sec-WebSocket-Extensions"]
            assert "Sec-WebSocket-Extensions" not in plain.response.headers
            for _ in range(3):
                assert (await client.post("/v1/calls", json=a_call())).status_code == 201
            told = [await events(screen) for screen in (asks, plain)]
            assert told[0] == told[1] and "call_taken" in told[0]


async def events(screen: ClientConnection) -> str:
    """The first events, as they came."""
    async with asyncio.timeout(10):
        while True:
            message = await screen.recv()
            assert isinstance(message, str)
            if message.startswith('{"type":"events"'):
                return message
