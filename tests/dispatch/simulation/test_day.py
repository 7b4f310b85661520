"""The simulated city against the real service."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import replace

import pytest

from dispatch.model.city import City
from dispatch.simulation.day import Day, Options, Refused
from dispatch.simulation.dispatcher import Dispatcher, Patience
from dispatch.simulation.feed import Feed
from dispatch.simulation.service import Service as Wire
from tests.reports import a_call
from tests.service import Service


def options_for(service: Service) -> Options:
    return Options(
        url=service.url,
        key=service.key,
        rate=20.0,
        seed=4,
        duration_s=2.0,
        screens=2,
        dispatch=False,
        crews=False,
        by_hour=False,
        misuse=0.1,
        pace=4.0,
        patience=Patience(0.0, 0.5, 0.0),
    )


async def test_every_call_is_acknowledged_and_on_every_screen(quito: City, module_service: Service) -> None:
    day = Day(quito, options_for(module_service))
    await day.live()
    summary = day.summary
    assert len(summary.calls) == len(summary.acknowledged) == 40
    assert summary.unseen(day.screens) == []
    assert not summary.failed(day.screens)
    assert len(summary.to_screen_s(day.screens)) == 80
    assert not summary.failures


async def test_crews_are_sent_and_drive(quito: City, module_service: Service) -> None:
    options = replace(options_for(module_service), rate=3.0, duration_s=8.0, seed=6, crews=True, dispatch=True)
    day = Day(quito, options)
    await day.live()
    feed = day.screens[0].feed
    sent = {unit["id"] for unit in feed.units.values() if unit["status"] in {"dispatched", "en_route"}}
    assert sent
    assert feed.positions.keys() >= sent
    assert {incident["status"] for incident in feed.incidents.values()} >= {"dispatched"}


async def test_the_dispatcher_closes_what_all_crews_have_left(service: Service) -> None:
    """And sends nobody anew to where somebody has been."""
    async with service.client() as client, Wire(service.url, service.key) as wire:
        answer = (await client.post("/v1/calls", json=a_call(nature="illness"))).raise_for_status().json()
        path = f"/v1/incidents/{answer['incident_id']}"
        sent = await client.post(f"{path}/assignments", json={"unit_ids": ["A01"]})
        assert sent.is_success
        for status in ("en_route", "on_scene", "available"):
            assert (await client.post("/v1/units/A01/status", json={"status": status})).is_success
        assert (await client.get(path)).json()["incident"]["status"] == "attended"
        feed = Feed(service.url, service.key)
        dispatcher = Dispatcher(wire, feed, {}, seed=1, patience=Patience(0.0, 0.0, 0.0))
        working = [asyncio.create_task(feed.follow()), asyncio.create_task(dispatcher.work())]
        async with asyncio.timeout(60):
            while (await client.get(path)).json()["incident"]["status"] != "closed":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        closed = (await client.get(path)).json()["incident"]
        assert closed["close_reason"] == "Atendido" and dispatcher.assigned == 0


async def test_a_wrong_key_is_told_before_anything_is_sent(quito: City, module_service: Service) -> None:
    day = Day(quito, replace(options_for(module_service), key="not-a-key-of-anybody"))
    with pytest.raises(Refused, match="401"):
        await day.live()
    assert day.summary.calls == []


async def calls_come(service: Service) -> None:
    """Until an incident newer than all of now is there."""
    async with service.client() as client:
        before = (await client.get("/v1/incidents", params={"limit": 1})).json()["items"]
        for _ in range(300):
            if (await client.get("/v1/incidents", params={"limit": 1})).json()["items"] != before:
                return
            await asyncio.sleep(0.2)
    pytest.fail("no call came")


async def test_it_ends_with_its_parent(module_service: Service) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dispatch", "simulate", "--until-stdin-closes"),
        *("--url", module_service.url, "--key", module_service.key, "--rate", "5"),
        stdin=PIPE,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    assert child.stdin is not None
    await calls_come(module_service)
    ended_by_itself = child.returncode is not None
    child.stdin.close()
    _, said = await asyncio.wait_for(child.communicate(), 30)
    assert not ended_by_itself
    assert child.returncode == 0
    assert "calls sent" in said.decode()
    assert module_service.key not in said.decode()


async def test_a_part_that_breaks_ends_the_day_and_is_told(quito: City, module_service: Service) -> None:
    """A city of which the fleet's agencies are unknown."""
    day = Day(replace(quito, agencies=()), replace(options_for(module_service), duration_s=60.0, rate=1.0, crews=True))
    with pytest.raises(KeyError, match=r"MSP|PN"):
        await asyncio.wait_for(day.live(), 30)
