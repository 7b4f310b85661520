"""Pre-emption with a confirmation, exchange, and what is refused: over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import httpx
import pytest

from dispatch.model import UnitId
from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service

_places = count()
_units = count(1)


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


async def incident(http: httpx.AsyncClient, nature: str) -> int:
    """An incident far from all others."""
    call = a_call(a_fix(-0.40 + next(_places) * 0.02, -78.45), nature=nature)
    number: int = (await http.post("/v1/calls", json=call)).json()["incident_id"]
    return number


async def patrols(http: httpx.AsyncClient, how_many: int) -> list[UnitId]:
    """Patrol cars that no other test uses."""
    new = [{"id": f"T{next(_units):03}", "agency": "PN", "kind": "patrol_car"} for _ in range(how_many)]
    added = await http.post("/v1/units", json={"units": new})
    assert added.status_code == 201, added.text
    return [UnitId(unit["id"]) for unit in new]


async def assign(http: httpx.AsyncClient, number: int, *unit_ids: str, **more: Any) -> httpx.Response:
    return await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": unit_ids} | more)


async def step(http: httpx.AsyncClient, unit_id: str, status: str) -> None:
    answer = await http.post(f"/v1/units/{unit_id}/status", json={"status": status})
    assert answer.status_code == 200, answer.text


async def test_preempted_in_one_act_and_the_other_waits_again(module_service: Service, http: httpx.AsyncClient) -> None:
    noise, robbery = await incident(http, "noise"), await incident(http, "robbery_in_progress")
    [unit] = await patrols(http, 1)
    assert (await assign(http, noise, unit)).status_code == 201
    async with Screen.on(module_service) as screen:
        unconfirmed = await assign(http, robbery, unit)
        assert unconfirmed.status_code == 409
        problem = unconfirmed.json()
        assert problem["incident"]["id"] == robbery
        assert [(u["id"], u["incident_id"]) for u in problem["units"]] == [(unit, noise)]
        confirmed = await assign(http, robbery, unit, preempt={unit: noise})
        assert confirmed.status_code == 201 and confirmed.json()["status"] == "dispatched"
        await screen.until(lambda: screen.room.units[unit].incident_id == robbery)
    told = [e for e in screen.events if any(u.id == unit for u in e.units)]
    assert [e.kind for e in told] == ["unit_preempted", "unit_assigned"]
    assert told[0].incident is not None and told[0].incident.id == noise and told[0].incident.status == "waiting"
    assert told[0].data == {"unit_id": unit, "into": robbery, "by": "bootstrap"}
    past = (await http.get(f"/v1/incidents/{noise}")).json()["assignments"][0]
    assert past["release_reason"] == f"pre-empted for incident {robbery}"


async def test_who_may_be_preempted(http: httpx.AsyncClient) -> None:
    noise, brawl, robbery = [await incident(http, n) for n in ("noise", "brawl", "robbery_in_progress")]
    unit, there = await patrols(http, 2)
    await assign(http, brawl, unit)
    await assign(http, noise, there)
    await step(http, there, "on_scene")
    elsewhere = await assign(http, robbery, unit, preempt={unit: noise})
    assert elsewhere.status_code == 409 and elsewhere.json()["detail"] == f"{unit} is dispatched on {brawl}"
    less_urgent = await assign(http, noise, unit, preempt={unit: brawl})
    assert less_urgent.status_code == 409 and "priority is not lower" in less_urgent.json()["detail"]
    arrived = await assign(http, robbery, there, unit, preempt={there: noise, unit: brawl})
    assert arrived.status_code == 409 and "a unit that has arrived is not pre-empted" in arrived.json()["detail"]
    assert [u["id"] for u in arrived.json()["units"]] == [there]
    unasked = await assign(http, robbery, unit, preempt={unit: brawl, there: noise})
    assert unasked.status_code == 422 and unasked.json()["errors"][0]["field"] == f"preempt.{there}"
    again = await assign(http, brawl, unit)
    assert again.status_code == 409 and "on this incident" in again.json()["detail"]
    room = {u["id"]: u for u in (await http.get("/v1/units")).json()["items"]}
    assert (room[unit]["incident_id"], room[there]["incident_id"]) == (brawl, noise)


async def test_a_free_unit_needs_no_confirmation_and_takes_none_amiss(http: httpx.AsyncClient) -> None:
    noise, robbery = await incident(http, "noise"), await incident(http, "robbery_in_progress")
    [unit] = await patrols(http, 1)
    assert (await assign(http, robbery, unit, preempt={unit: noise})).status_code == 201


async def test_preempting_both_ways_at_once_ends(http: httpx.AsyncClient) -> None:
    """Many who take from one another at the same moment wait for each other in one order: somebody is always next."""
    wanting = [await incident(http, "robbery_in_progress") for _ in range(4)]
    losing = [await incident(http, "noise") for _ in range(4)]
    crews = await patrols(http, 4)
    for number, unit in zip(losing, crews, strict=True):
        assert (await assign(http, number, unit)).status_code == 201
    confirmed = dict(zip(crews, losing, strict=True))
    answers = await asyncio.gather(
        *(assign(http, number, *crews[turn:], *crews[:turn], preempt=confirmed) for turn, number in enumerate(wanting)),
        *(http.delete(f"/v1/incidents/{number}/assignments/{unit}") for unit, number in reversed(confirmed.items())),
    )
    assert {a.status_code for a in answers} <= {200, 201, 409}
    assert sum(a.status_code == 201 for a in answers) == 1


async def test_one_unit_exchanged_for_another(module_service: Service, http: httpx.AsyncClient) -> None:
    brawl, noise = await incident(http, "brawl"), await incident(http, "noise")
    first, second, third = await patrols(http, 3)
    await assign(http, brawl, first)
    await assign(http, noise, third)
    swap = f"/v1/incidents/{brawl}/swap"
    async with Screen.on(module_service) as screen:
        done = await http.post(swap, json={"release": first, "assign": second})
        assert done.status_code == 200 and [a["unit_id"] for a in done.json()["assignments"]] == [second]
        await screen.until(lambda: screen.room.units[second].incident_id == brawl)
    assert screen.room.units[first].status == "available"
    assert [e.kind for e in screen.events if e.units] == ["unit_released", "unit_assigned"]

    neither = await http.post(swap, json={"release": first, "assign": third})
    assert neither.status_code == 409 and "not on incident" in neither.json()["detail"]
    busy = await http.post(swap, json={"release": second, "assign": third})
    assert busy.status_code == 409 and busy.json()["units"][0]["id"] == third
    assert (await http.get(f"/v1/incidents/{brawl}")).json()["incident"]["assignments"][0]["unit_id"] == second
    taken = await http.post(swap, json={"release": second, "assign": third, "preempt": {third: noise}})
    assert taken.status_code == 200 and [a["unit_id"] for a in taken.json()["assignments"]] == [third]


async def test_an_assignment_on_an_old_view_is_refused_with_the_state_as_it_is(http: httpx.AsyncClient) -> None:
    number = await incident(http, "brawl")
    first, second = await patrols(http, 2)
    assert (await assign(http, number, first, version=1)).status_code == 201
    late = await assign(http, number, second, version=1)
    assert late.status_code == 409
    assert [a["unit_id"] for a in late.json()["incident"]["assignments"]] == [first]


@pytest.mark.parametrize("status", ["off_duty", "out_of_service"])
async def test_a_unit_that_is_away_is_not_sent(http: httpx.AsyncClient, status: str) -> None:
    number = await incident(http, "brawl")
    [unit] = await patrols(http, 1)
    await step(http, unit, status)
    refused = await assign(http, number, unit)
    assert refused.status_code == 409 and refused.json()["detail"] == f"{unit} is {status}"


async def test_an_unknown_unit_or_incident_is_not_found(http: httpx.AsyncClient) -> None:
    number = await incident(http, "brawl")
    [unit] = await patrols(http, 1)
    assert (await assign(http, number, unit, "ghost")).status_code == 404
    assert (await assign(http, 999_999, unit)).status_code == 404
    assert (await assign(http, number, unit, preempt={unit: 999_999})).status_code == 404
    assert (await assign(http, number, unit)).status_code == 201


async def test_another_alarm_level(http: httpx.AsyncClient) -> None:
    number = await incident(http, "structure_fire")
    raised = await http.patch(f"/v1/incidents/{number}", json={"alarm": 2, "version": 1})
    assert raised.status_code == 200 and raised.json()["alarm"] == 2
