"""Whose call it is, which report is a repetition and who may move an incident: the same at every node."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from dispatch.policy.calls.decide import USED_BEFORE
from tests.callers import Callers, placed, sent
from tests.dispatch.operations.waiting import held, running, until
from tests.reports import CENTRE, CUMBAYA, a_call, a_fix
from tests.service import Service

NUMBER = "+593990400001"


@pytest.fixture(scope="module")
async def nodes(module_database_url: str) -> AsyncIterator[tuple[Service, Service]]:
    async with Service.started(module_database_url) as one, Service.started(module_database_url) as other:
        yield one, other


@pytest.fixture
async def callers(nodes: tuple[Service, Service], module_database_url: str) -> AsyncIterator[tuple[Callers, Callers]]:
    """The same keys at both nodes."""
    one, other = nodes
    async with Callers.of(one, module_database_url) as here:
        keys = [
            client.headers["Authorization"].removeprefix("Bearer ")
            for client in (here.app, here.other, here.gateway, here.desk)
        ]
        there = Callers(*map(other.client, keys))
        yield here, there
        for client in (there.app, there.other, there.gateway, there.desk):
            await client.aclose()


async def test_one_id_from_two_senders_at_two_nodes_at_the_same_moment(
    nodes: tuple[Service, Service], callers: tuple[Callers, Callers], module_database_url: str
) -> None:
    here, there = callers
    call = a_call(a_fix(-0.1, -78.47), nature="noise")
    other = call | {"text": "otra cosa"}
    requests = [(here.app, call), (there.app, call), (here.other, call), (there.other, call), (there.app, other)]
    async with held(module_database_url), nodes[0].client() as one, nodes[1].client() as two:
        posts = [asyncio.create_task(client.post("/v1/calls", json=body)) for client, body in requests]
        await until(partial(running, one, 2))
        await until(partial(running, two, 3))
    answers = [await post for post in posts]
    assert sorted(a.status_code for a in answers) == [200, 200, 201, 201, 201]
    mine, mine_again, theirs, theirs_again, more = (a.json() for a in answers)
    assert mine == mine_again and theirs == theirs_again
    ids = {mine["call_id"], theirs["call_id"], more["call_id"]}
    assert len(ids) == 3 and call["id"] in ids
    flaws = [flaw for call_id in ids for flaw in (await there.call(call_id))["flaws"]]
    assert flaws == [USED_BEFORE] * 2
    assert await sent(there.other, call, 200) == theirs


async def test_a_call_belongs_to_its_sender_at_the_other_node_too(callers: tuple[Callers, Callers]) -> None:
    here, there = callers
    phone = {"caller": {"number": NUMBER}, "nature": "fall"}
    own = await sent(here.app, a_call(a_fix(-0.05, -78.46), channel="voice", **phone))
    url = f"/v1/calls/{own['call_id']}"
    assert (await there.app.get(url)).status_code == 200
    assert (await there.other.get(url)).status_code == 404
    assert (await there.other.post(f"{url}/fixes", json={"fixes": [a_fix()]})).status_code == 404
    stranger = await sent(there.other, a_call(channel="aml", caller={"number": NUMBER}) | {"fixes": []})
    assert stranger["call_id"] != own["call_id"] and stranger["location"]["status"] == "unlocated"
    receipt = await sent(there.gateway, a_call(a_fix(-0.05, -78.46, radius_m=4), channel="aml", **phone))
    assert receipt.keys() == {"report_id", "received_at"}


async def test_a_gateway_at_one_node_adds_to_a_call_taken_at_the_other(callers: tuple[Callers, Callers]) -> None:
    here, there = callers
    phone = {"caller": {"number": "+593990400002"}, "nature": "fall"}
    own = await sent(here.app, a_call(channel="voice", **phone) | {"fixes": []})
    await sent(there.gateway, a_call(a_fix(-0.28, -78.55), channel="aml", **phone))
    whole = await here.view(own["incident_id"])
    assert len(whole["calls"]) == 1 and whole["incident"]["location"]["source"] == "gnss"
    assert (await here.app.get(f"/v1/calls/{own['call_id']}")).json()["fixes"] == []


async def test_a_placement_at_one_node_stands_at_the_other(callers: tuple[Callers, Callers]) -> None:
    here, there = callers
    call = a_call(a_fix(*CENTRE), nature="seizure")
    number = (await sent(here.app, call))["incident_id"]
    await placed(here, number, *CUMBAYA)
    pin = a_fix(-0.02, -78.44, source="manual", radius_m=1)
    answer = await there.app.post(f"/v1/calls/{call['id']}/fixes", json={"fixes": [pin]})
    assert answer.status_code == 201 and answer.json()["flaws"]
    located = (await there.view(number))["incident"]["location"]
    assert (located["source"], located["lat"], located["lon"]) == ("manual", *CUMBAYA)
