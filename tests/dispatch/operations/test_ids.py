"""One id, from the door to the screen, in the log of the real service; and nothing of whom it is about."""

import asyncio
import json
import re
from functools import partial
from secrets import token_hex
from typing import Any

import pytest

from dispatch.telemetry.logs import trace_of
from tests.dispatch.operations.waiting import held, running, until
from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service

NUMBER, NAME, WORDS = "+593990001234", "Rosa Quishpe", "se cayó de la escalera"
CALLS = 3


def client_trace() -> tuple[str, dict[str, str]]:
    """The id of a trace, and the header of a client who began it."""
    trace = token_hex(16)
    return trace, {"traceparent": f"00-{trace}-{token_hex(8)}-01"}


def lines(said: str, about: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.splitlines() if about in line]


async def test_a_call_is_followed_by_its_id_from_the_door_to_the_screen(
    database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    traces = [client_trace() for _ in range(CALLS)]
    bodies = [
        a_call(a_fix(lat=-0.2 - n / 50), caller={"number": NUMBER[:-1] + str(n), "name": NAME}, text=WORDS)
        for n in range(CALLS)
    ]
    async with (
        Service.started(database_url, log_format="json") as service,
        Screen.on(service) as screen,
        service.client() as http,
        service.client() as other,
    ):
        async with held(database_url):
            posts = [
                asyncio.create_task(http.post("/v1/calls", json=body, headers=header))
                for body, (_, header) in zip(bodies, traces, strict=True)
            ]
            await until(partial(running, other, CALLS))
        answers = await asyncio.gather(*posts)
        await screen.until(lambda: len(screen.room.incidents) == CALLS)
        assert (await http.post("/v1/calls", json=bodies[0])).status_code == 200
    said = capfd.readouterr().err
    for body, answer, (trace, _) in zip(bodies, answers, traces, strict=True):
        assert answer.status_code == 201
        events = {line["event"]: line for line in lines(said, body["id"])}
        taken, committed, told = events["call_taken"], events["committed"], events["told"]
        assert taken["trace"] == trace and taken["report"] == taken["call_id"] == body["id"]
        assert taken["incident_id"] == str(answer.json()["incident_id"])
        assert body["id"] in committed["reports"] and body["id"] in committed["calls"]
        assert answer.json()["incident_id"] in committed["incidents"]
        assert told["screens"] == 1 and told["seq"][0] <= committed["seq"][1] <= told["seq"][1]
    assert max(len(line["reports"]) for line in lines(said, '"committed"') if "reports" in line) > 1, "taken together"
    assert [line["report"] for line in lines(said, "call_repeated")] == [bodies[0]["id"]]
    for personal in (NUMBER[:-1], NUMBER[4:-1], NAME, WORDS, json.dumps(WORDS)[1:-1]):
        assert personal not in said


async def test_a_second_report_of_a_call_leads_to_it(database_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    first, more = (a_call(channel=channel, caller={"number": NUMBER}) for channel in ("voice", "aml"))
    async with Service.started(database_url, log_format="json") as service, service.client() as http:
        for body in (first, more):
            assert (await http.post("/v1/calls", json=body)).json()["call_id"] == first["id"]
    events = {line["event"]: line for line in lines(capfd.readouterr().err, more["id"])}
    assert events["call_taken"]["call_id"] == first["id"]
    assert events["committed"]["reports"] == [more["id"]] and events["committed"]["calls"] == [first["id"]]


async def test_what_nobody_can_read_is_followed_too(database_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    trace, header = client_trace()
    async with Service.started(database_url, log_format="json") as service, service.client() as http:
        answer = await http.post("/v1/calls", content=NAME, headers=header)
        assert answer.status_code == 422
    said = capfd.readouterr().err
    events = {line["event"]: line for line in lines(said, trace)}
    assert events["report_quarantined"]["item"] == answer.json()["quarantine_id"]
    assert events["committed"]["kinds"] == ["report_quarantined"]
    assert NAME not in said


@pytest.mark.parametrize(
    ("header", "is_taken"),
    [
        (f"00-{'4' * 32}-{'1' * 16}-01", True),
        (f"cc-{'4' * 32}-{'1' * 16}-01-more", True),
        (f"ff-{'4' * 32}-{'1' * 16}-01", False),
        (f"00-{'0' * 32}-{'1' * 16}-01", False),
        (f"00-{'4' * 32}-{'0' * 16}-01", False),
        (f"00-{'4' * 31}-{'1' * 16}-01", False),
        (f"00-{'A' * 32}-{'1' * 16}-01", False),
        (NAME, False),
        ("", False),
    ],
)
def test_a_trace_is_its_clients_or_a_new_one(header: str, is_taken: bool) -> None:
    traces = {trace_of(header.encode()) for _ in range(2)}
    assert (traces == {"4" * 32}) if is_taken else len(traces) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", trace) for trace in traces)
