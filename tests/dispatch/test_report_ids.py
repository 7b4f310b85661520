"""An id is its sender's own: nobody takes the place of a report that is still to come, and none is lost for its id."""

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from dispatch.intake import text
from dispatch.policy.calls.decide import USED_BEFORE
from tests.callers import Callers, sent
from tests.dispatch.operations.waiting import held, running, until
from tests.reports import a_call, a_fix
from tests.service import Service

_numbers, _places = count(990300000), count()


@pytest.fixture
async def callers(module_service: Service, module_database_url: str) -> AsyncIterator[Callers]:
    async with Callers.of(module_service, module_database_url) as callers:
        yield callers


def a_number() -> str:
    return f"+593{next(_numbers)}"


def somewhere() -> tuple[float, float]:
    return round(-0.35 + next(_places) * 0.02, 4), -78.53


async def test_an_sms_is_kept_whoever_used_its_id_before_it_came(callers: Callers) -> None:
    number, words = a_number(), "ayuda, se quema la casa en la Floresta"
    known = text.parse(words.encode(), number, message_id="77").id
    false = await sent(callers.other, a_call(a_fix(*somewhere()), id=str(known)))
    headers = {"SMS-From": number, "Message-Id": "77"}
    answer = await callers.app.post("/v1/intake/text", content=words, headers=headers)
    assert answer.status_code == 201, answer.text
    real = answer.json()
    assert real["call_id"] != false["call_id"] and real["incident_id"] != false["incident_id"]
    stored = (await callers.desk.get(f"/v1/calls/{real['call_id']}")).json()
    assert (stored["caller"]["number"], stored["text"]) == (number, words)
    assert (await callers.call(real["call_id"]))["flaws"] == [USED_BEFORE]
    again = await callers.app.post("/v1/intake/text", content=words, headers=headers)
    assert (again.status_code, again.json()) == (200, real)


async def test_who_guesses_a_message_is_not_told_whether_it_was_sent(callers: Callers) -> None:
    """The id of an SMS follows from its number and words: no answer may depend on whether it is taken."""
    number, words = a_number(), "no puedo hablar, esta en la casa"
    headers = {"SMS-From": number, "Message-Id": "81"}
    assert (await callers.gateway.post("/v1/intake/text", content=words, headers=headers)).status_code == 201
    told = []
    for guess in (words, "otra cosa"):
        known = str(text.parse(guess.encode(), number, message_id="81").id)
        answer = await sent(callers.other, a_call(a_fix(*somewhere()), id=known, nature="fall"))
        told.append((answer["call_id"] == known, answer["joined"]))
        seen = await callers.other.get(f"/v1/calls/{known}")
        assert seen.status_code == 200 and seen.json()["id"] == answer["call_id"]
    assert told[0] == told[1]


async def test_a_gateways_message_is_kept_too(callers: Callers) -> None:
    number, words = a_number(), "me robaron en la Carolina"
    known = text.parse(words.encode(), number, message_id="78").id
    await sent(callers.other, a_call(a_fix(*somewhere()), id=str(known)))
    headers = {"SMS-From": number, "Message-Id": "78"}
    first = await callers.gateway.post("/v1/intake/text", content=words, headers=headers)
    again = await callers.gateway.post("/v1/intake/text", content=words, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert first.json()["report_id"] == str(known)
    texts = [i["text"] for i in (await callers.desk.get("/v1/incidents", params={"limit": 500})).json()["items"]]
    assert texts.count(words) == 1


async def test_a_repetition_is_known_however_it_is_written(callers: Callers) -> None:
    call = a_call(a_fix(*somewhere(), at="2026-03-01T12:00:00Z"), caller={"number": a_number(), "name": "Ana"})
    first = await sent(callers.app, call)
    zone = call | {"fixes": [call["fixes"][0] | {"at": "2026-03-01T07:00:00-05:00", "radius_m": 15.0}]}
    for written in (
        json.dumps(call, indent=3),
        json.dumps(dict(reversed(call.items())), ensure_ascii=True),
        json.dumps(zone),
        json.dumps(call | {"unheard_of": 1}),
    ):
        answer = await callers.app.post("/v1/calls", content=written)
        assert (answer.status_code, answer.json()) == (200, first)


CHANGES: list[dict[str, Any]] = [
    {"text": "otra cosa"},
    {"nature": "chest_pain"},
    {"caller": {"number": "+593990001111"}},
    {"channel": "web"},
    {"fixes": []},
]


@pytest.mark.parametrize("change", CHANGES, ids="".join)
@pytest.mark.parametrize("by", ["app", "other"])
async def test_other_content_under_the_same_id_is_a_second_report(
    callers: Callers, change: dict[str, Any], by: str
) -> None:
    call = a_call(a_fix(*somewhere()), nature="noise", text="bulla")
    first = await sent(callers.app, call)
    sender = getattr(callers, by)
    second = await sent(sender, call | change)
    assert second["call_id"] != first["call_id"]
    assert (await callers.call(second["call_id"]))["flaws"] == [USED_BEFORE]
    assert (await callers.call(first["call_id"]))["flaws"] == []
    assert await sent(callers.app, call, 200) == first
    assert await sent(sender, call | change, 200) == second


async def test_two_senders_of_one_report_are_two(callers: Callers) -> None:
    call = a_call(a_fix(*somewhere()))
    mine, theirs = await sent(callers.app, call), await sent(callers.other, call)
    assert mine["call_id"] == call["id"] != theirs["call_id"]
    assert mine["incident_id"] == theirs["incident_id"], "what each says of place, time and nature joins them"
    for sender, answer in ((callers.app, mine), (callers.other, theirs)):
        assert await sent(sender, call, 200) == answer
        # Each finds its own call by the id that it gave.
        assert (await sender.get(f"/v1/calls/{call['id']}")).json()["id"] == answer["call_id"]
        better = await sender.post(f"/v1/calls/{call['id']}/fixes", json={"fixes": [a_fix(radius_m=4)]})
        assert better.json()["call_id"] == answer["call_id"]


async def test_the_id_that_a_call_was_given_is_in_use_too(callers: Callers) -> None:
    call = a_call(a_fix(*somewhere()))
    await sent(callers.app, call)
    given = (await sent(callers.other, call))["call_id"]
    third = await sent(callers.app, a_call(a_fix(*somewhere()), id=given))
    assert third["call_id"] != given
    assert (await callers.call(third["call_id"]))["flaws"] == [USED_BEFORE]


async def test_one_id_many_times_at_the_same_moment(
    module_service: Service, callers: Callers, module_database_url: str
) -> None:
    """All wait together and are taken in one commit: two senders, two contents, each sent three times."""
    one = a_call(a_fix(*somewhere()), nature="noise")
    two = one | {"text": "otra cosa", "fixes": [a_fix(*somewhere())]}
    requests = [(sender, call) for sender in (callers.app, callers.other) for call in (one, two)]
    async with held(module_database_url), module_service.client() as http:
        posts = [
            asyncio.create_task(sender.post("/v1/calls", json=call)) for _ in range(3) for sender, call in requests
        ]
        await until(partial(running, http, len(posts)))
    answers = [await post for post in posts]
    assert sorted(a.status_code for a in answers) == [200] * 8 + [201] * 4
    for n in range(4):
        assert len({a.text for a in answers[n::4]}) == 1
    ids = {a.json()["call_id"] for a in answers}
    assert len(ids) == 4 and one["id"] in ids
    flaws = [flaw for call_id in ids for flaw in (await callers.call(call_id))["flaws"]]
    assert flaws == [USED_BEFORE] * 3


async def test_a_report_of_before_is_known_by_its_sender_and_id(callers: Callers, module_database_url: str) -> None:
    """As stored by a node of the version before, which made no digest and noted no sender of a call."""
    call = a_call(a_fix(*somewhere()))
    first = await sent(callers.app, call)
    db = await asyncpg.connect(module_database_url)
    await db.execute("update report set digest = default where id = $1::uuid", call["id"])
    await db.execute("update call set sender = null where id = $1::uuid", call["id"])
    await db.close()
    assert await sent(callers.app, call, 200) == first
    assert await sent(callers.app, call | {"text": "otra cosa"}, 200) == first
    assert (await callers.app.get(f"/v1/calls/{call['id']}")).status_code == 200
    assert (await callers.other.get(f"/v1/calls/{call['id']}")).status_code == 404
    second = await sent(callers.other, call)
    assert second["call_id"] != first["call_id"]


async def test_the_database_holds_it_too(callers: Callers, module_database_url: str) -> None:
    call = a_call(a_fix(*somewhere()))
    await sent(callers.app, call)
    db = await asyncpg.connect(module_database_url)
    copied = "id, call_id, channel, flaws, received_at, received_by, answer, digest"
    with pytest.raises(asyncpg.UniqueViolationError):
        await db.execute(f"insert into report ({copied}) select {copied} from report where id = $1", call["id"])  # noqa: S608
    await db.close()


async def test_a_phones_two_reports_under_one_id_are_one_call(callers: Callers) -> None:
    """More of a call by the normal evidence, and flagged all the same."""
    number, report_id = a_number(), str(uuid4())
    voice = a_call(channel="voice", caller={"number": number}, id=report_id) | {"fixes": []}
    first = await sent(callers.app, voice)
    second = await sent(
        callers.app, a_call(a_fix(*somewhere()), channel="aml", caller={"number": number}, id=report_id)
    )
    assert second["call_id"] == first["call_id"] and second["location"]["status"] == "located"
    assert (await callers.call(first["call_id"]))["flaws"] == [USED_BEFORE]
