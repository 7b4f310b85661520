"""A phone that loses its network in the midst of a report: no error of ours, and what it sends again is taken."""

import asyncio
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.reports import a_call
from tests.service import Service

PATIENCE_S = 30


async def test_half_a_report_is_no_error_and_the_whole_one_is_taken(
    database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    report = a_call()
    async with Service.started(database_url, log_format="json") as service, service.client() as http:
        await break_off(service, msgspec.json.encode(report))
        said = ""
        async with asyncio.timeout(PATIENCE_S):
            while "client_broke_off" not in said:
                await asyncio.sleep(0.05)
                said += capfd.readouterr().err
        assert (await http.post("/v1/calls", json=report)).status_code == 201
    assert "unexpected_error" not in said + capfd.readouterr().err


async def break_off(service: Service, body: bytes) -> None:
    """All but the last byte."""
    place = urlsplit(service.url)
    _, writer = await asyncio.open_connection(place.hostname, place.port)
    head = f"POST /v1/calls HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {service.key}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
