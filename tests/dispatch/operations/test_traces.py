"""Traces as a collector gets them: a call is one trace, from its request to the screens; and no name is in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.dispatch.operations.waiting import held, running, until
from tests.dispatch.test_command import command
from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service

NUMBER, NAME, WORDS = "+593990001234", "Rosa Quishpe", "se cayó de la escalera"
STEPS = {"POST /v1/calls", "take_call", "commit", "locate", "match", "recommend", "write", "live"}


class Collector:
    """A collector of OTLP/HTTP: `spans` of all that was sent, `raw` as it came."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.raw = b""

    def take(self, body: bytes) -> None:
        self.raw += body
        sent = ExportTraceServiceRequest.FromString(body)
        self.spans += [span for r in sent.resource_spans for scope in r.scope_spans for span in scope.spans]

    def of(self, trace: str) -> dict[str, Span]:
        return {span.name: span for span in self.spans if span.trace_id.hex() == trace}


@asynccontextmanager
async def collecting() -> AsyncIterator[tuple[Collector, str]]:
    collector = Collector()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector, f"http://127.0.0.1:{server.server_port}"
        finally:
            await asyncio.to_thread(server.shutdown)
            thread.join()


def reports(span: Span) -> list[str]:
    return [v.string_value for a in span.attributes if a.key == "dispatch.reports" for v in a.value.array_value.values]


async def test_a_call_is_one_trace_from_its_request_to_the_screens(database_url: str) -> None:
    trace, parent = token_hex(16), token_hex(8)
    body = a_call(caller={"number": NUMBER, "name": NAME}, text=WORDS)
    async with collecting() as (collector, url):
        async with Service.started(database_url, otlp_endpoint=url) as service, Screen.on(service) as screen:
            async with service.client() as http:
                header = {"traceparent": f"00-{trace}-{parent}-01"}
                assert (await http.post("/v1/calls", json=body, headers=header)).status_code == 201
                assert (await http.post("/v1/calls", content=NAME)).status_code == 422
            await screen.until(lambda: screen.room.quarantine_open == 1)
        # What was not sent yet is sent as the service ends.
        spans = collector.of(trace)
        assert set(spans) == STEPS
        assert spans["POST /v1/calls"].parent_span_id.hex() == parent
        above = {name: under.name for name, span in spans.items() for under in spans.values()
                 if under.span_id == span.parent_span_id}  # fmt: skip
        assert above == {
            "take_call": "POST /v1/calls",
            "commit": "take_call",
            **dict.fromkeys(STEPS - {"POST /v1/calls", "take_call", "commit"}, "commit"),
        }
        assert all(reports(span) == [body["id"]] for name, span in spans.items() if name != "live")
        for personal in (NUMBER, NUMBER[1:], NAME, WORDS):
            assert personal.encode() not in collector.raw


async def test_a_commit_is_linked_to_all_who_waited_for_it(database_url: str) -> None:
    bodies = [a_call(a_fix(lat=-0.2 - n / 50)) for n in range(3)]
    async with collecting() as (collector, url):
        async with (
            Service.started(database_url, otlp_endpoint=url) as service,
            service.client() as http,
            service.client() as other,
        ):
            async with held(database_url):
                posts = [asyncio.create_task(http.post("/v1/calls", json=body)) for body in bodies]
                await until(partial(running, other, 3))
            assert {answer.status_code for answer in await asyncio.gather(*posts)} == {201}
        waited = {s.span_id: s.trace_id for s in collector.spans if s.name == "take_call"}
        commits = [span for span in collector.spans if span.name == "commit"]
        assert len(waited) == 3 == len(set(waited.values())) and len(commits) < 3
        assert {link.span_id: link.trace_id for commit in commits for link in commit.links} == waited
        assert sorted(i for commit in commits for i in reports(commit)) == sorted(body["id"] for body in bodies)


async def test_a_collector_that_is_away_keeps_no_call_waiting(database_url: str) -> None:
    async with Service.started(database_url, otlp_endpoint="http://127.0.0.1:9") as service, service.client() as http:
        assert (await http.post("/v1/calls", json=a_call())).status_code == 201
    assert service.process.returncode == 0


async def test_without_its_packages_it_says_what_is_missing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "opentelemetry" / "sdk"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ImportError('not installed')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("DISPATCH_DATABASE_URL", database_url)
    monkeypatch.setenv("DISPATCH_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    code, _, said = await command("run", "--no-demo")
    assert code == 1 and "quito-dispatch[tracing]" in said and "Traceback" not in said
