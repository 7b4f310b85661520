"""Forty calls of one crash are one incident; two crashes are two; and every join can be undone."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from math import cos, pi, radians, sqrt
from random import Random
from typing import Any

import httpx
import pytest

from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service

METRES_A_DEGREE = 110_574.0
_places = count()


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


def somewhere() -> tuple[float, float]:
    """Far from where any other test is, within the city."""
    return -0.30 + next(_places) * 0.015, -78.52


def beside(place: tuple[float, float], east_m: float, north_m: float, **more: Any) -> dict[str, Any]:
    lat = place[0] + north_m / METRES_A_DEGREE
    return a_fix(lat, place[1] + east_m / (111_320 * cos(radians(lat))), **more)


async def taken(http: httpx.AsyncClient, fix: dict[str, Any], **more: Any) -> Any:
    answer = await http.post("/v1/calls", json=a_call(fix, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def view(http: httpx.AsyncClient, number: int) -> Any:
    return (await http.get(f"/v1/incidents/{number}")).json()


async def standing(http: httpx.AsyncClient, number: int) -> int:
    """The incident to which this one has been joined by now, or itself."""
    while (linked := (await view(http, number))["incident"]["linked_to"]) is not None:
        number = linked
    return number


def caller(random: Random, crash: tuple[float, float]) -> dict[str, Any]:
    """Somewhere within 150 m of the crash, with a phone that is off by what it says it may be."""
    away, direction, radius_m = 150 * sqrt(random.random()), random.uniform(0, 2 * pi), random.uniform(5, 80)
    off = radius_m / 2.448
    fix = beside(
        crash,
        away * cos(direction) + random.gauss(0, off),
        away * sqrt(1 - cos(direction) ** 2) + random.gauss(0, off),
        radius_m=radius_m,
    )
    natures = ["crash_injured"] * 12 + [None] * 5 + ["trauma", "motorcycle_crash", "vehicle_fire"]
    number = f"09{random.randrange(10**8):08}"
    return a_call(fix, nature=random.choice(natures), channel="voice", caller={"number": number})


@pytest.mark.parametrize("seed", range(3))
async def test_forty_calls_of_one_crash_are_one_incident(http: httpx.AsyncClient, seed: int) -> None:
    crash = somewhere()
    random = Random(seed)
    calls = [caller(random, crash) for _ in range(40)]
    answers = await asyncio.gather(*(http.post("/v1/calls", json=call) for call in calls))
    assert {a.status_code for a in answers} == {201}
    numbers = {await standing(http, number) for number in {a.json()["incident_id"] for a in answers}}
    assert len(numbers) == 1
    whole = await view(http, numbers.pop())
    assert whole["incident"]["calls"] == len(whole["calls"]) == 40
    assert {c["id"] for c in whole["calls"]} == {c["id"] for c in calls}
    joined = [c["likeness"] for c in whole["calls"] if c["likeness"] is not None]
    assert len(joined) >= 30 and min(joined) >= 0.9
    assert whole["incident"]["nature"] is not None and whole["incident"]["priority"] <= 2


async def test_two_crashes_are_two(http: httpx.AsyncClient) -> None:
    place = somewhere()
    here = [taken(http, beside(place, 10 * i, 0)) for i in range(6)]
    there = [taken(http, beside(place, 600 + 10 * i, 0)) for i in range(6)]
    answers = await asyncio.gather(*(call for pair in zip(here, there, strict=True) for call in pair))
    assert len({a["incident_id"] for a in answers[0::2]}) == 1
    assert len({a["incident_id"] for a in answers[1::2]}) == 1
    assert answers[0]["incident_id"] != answers[1]["incident_id"]


async def test_a_fire_beside_a_robbery_is_another_incident(http: httpx.AsyncClient) -> None:
    place = somewhere()
    fire = await taken(http, beside(place, 0, 0), nature="structure_fire")
    robbery = await taken(http, beside(place, 15, 0), nature="robbery_person")
    assert robbery["incident_id"] != fire["incident_id"] and not robbery["joined"]


async def test_what_is_perhaps_the_same_is_suggested(http: httpx.AsyncClient) -> None:
    place = somewhere()
    first = await taken(http, beside(place, 0, 0))
    perhaps = await taken(http, beside(place, 390, 0))
    assert perhaps["incident_id"] != first["incident_id"]
    [similar] = (await view(http, perhaps["incident_id"]))["incident"]["similar"]
    assert similar["incident_id"] == first["incident_id"] and 0.35 <= similar["score"] < 0.9


async def test_a_more_urgent_caller_makes_the_incident_more_urgent(http: httpx.AsyncClient) -> None:
    place = somewhere()
    dented = await taken(http, beside(place, 0, 0), nature="crash_damage")
    trapped = await taken(http, beside(place, 20, 0), nature="crash_trapped")
    assert trapped["incident_id"] == dented["incident_id"]
    incident = (await view(http, dented["incident_id"]))["incident"]
    assert incident["priority"] == 1 and incident["nature"] == "crash_damage"


async def test_a_better_fix_joins_what_nobody_has_touched(module_service: Service, http: httpx.AsyncClient) -> None:
    place = somewhere()
    crash = await taken(http, beside(place, 0, 0))
    vague, touched = [a_call(beside(place, 0, 0, source="cell", radius_m=900)) for _ in range(2)]
    numbers = [(await http.post("/v1/calls", json=call)).json()["incident_id"] for call in (vague, touched)]
    assert len({crash["incident_id"], *numbers}) == 3
    await http.post(f"/v1/incidents/{numbers[1]}/notes", json={"text": "la llamo yo"})
    async with Screen.on(module_service) as screen:
        for call in (vague, touched):
            better = await http.post(f"/v1/calls/{call['id']}/fixes", json={"fixes": [beside(place, 30, 0)]})
            assert better.status_code == 201
        await screen.until(lambda: numbers[0] not in screen.room.incidents)
    linked = next(e for e in screen.events if e.kind == "incident_linked")
    assert linked.data["into"] == crash["incident_id"] and linked.data["likeness"] >= 0.9
    mine = (await view(http, numbers[1]))["incident"]
    assert mine["status"] == "waiting" and mine["similar"][0]["incident_id"] == crash["incident_id"]


async def test_a_named_nature_brings_a_new_likeness(module_service: Service, http: httpx.AsyncClient) -> None:
    place = somewhere()
    crash = await taken(http, beside(place, 0, 0))
    other = await taken(http, beside(place, 300, 0), nature="noise")
    assert (await view(http, other["incident_id"]))["incident"]["similar"] == []
    async with Screen.on(module_service) as screen:
        change = {"nature": "crash_injured", "version": 1}
        changed = await http.patch(f"/v1/incidents/{other['incident_id']}", json=change)
        assert changed.json()["similar"][0]["incident_id"] == crash["incident_id"]
        await screen.until(lambda: any(e.kind == "likeness_found" for e in screen.events))
    assert screen.room.incidents[other["incident_id"]].similar[0].incident_id == crash["incident_id"]


async def test_a_call_is_split_off(module_service: Service, http: httpx.AsyncClient) -> None:
    place = somewhere()
    first = await taken(http, beside(place, 0, 0, radius_m=40), text="un choque")
    second = await taken(http, beside(place, 40, 0, radius_m=10), channel="web", text="otro choque")
    number, call_id = first["incident_id"], second["call_id"]
    assert second["incident_id"] == number
    async with Screen.on(module_service) as screen:
        answer = await http.post(f"/v1/incidents/{number}/calls/{call_id}/split")
        assert answer.status_code == 201, answer.text
        new = answer.json()
        await screen.until(lambda: new["id"] in screen.room.incidents)
    assert [e.kind for e in screen.events] == ["call_split", "call_split"]
    assert new["calls"] == 1 and new["channels"] == ["web"] and new["location"]["radius_m"] < 20
    assert new["text"] == "otro choque" and new["status"] == "waiting" and new["similar"] == []
    left = (await view(http, number))["incident"]
    assert left["calls"] == 1 and left["channels"] == ["app"] and 35 < left["location"]["radius_m"] < 50
    [moved] = (await view(http, new["id"]))["calls"]
    assert moved["id"] == call_id and moved["likeness"] is None

    only = await http.post(f"/v1/incidents/{number}/calls/{first['call_id']}/split")
    assert only.status_code == 409 and only.json()["incident"]["id"] == number
    gone = await http.post(f"/v1/incidents/{number}/calls/{call_id}/split")
    assert gone.status_code == 409 and str(new["id"]) in gone.json()["detail"]
    better = await http.post(f"/v1/calls/{call_id}/fixes", json={"fixes": [beside(place, 5, 0, radius_m=5)]})
    assert better.json()["incident_id"] == new["id"]
    assert (await view(http, new["id"]))["incident"]["status"] == "waiting", "joined again without a person"


async def link(http: httpx.AsyncClient, number: int, into: int) -> None:
    answer = await http.post(f"/v1/incidents/{number}/link", json={"into": into})
    assert answer.status_code == 200, answer.text


async def test_links_in_a_chain_are_undone_in_any_order(http: httpx.AsyncClient) -> None:
    place = somewhere()
    a, b, c = [(await taken(http, beside(place, 900 * i, 0), nature="noise"))["incident_id"] for i in range(3)]
    await link(http, a, b)
    await link(http, b, c)
    all_in_c = await view(http, c)
    assert all_in_c["incident"]["calls"] == 3
    assert sorted(call["linked_from"] or 0 for call in all_in_c["calls"]) == [0, a, b]

    first = await http.post(f"/v1/incidents/{a}/unlink")
    assert first.status_code == 200 and first.json()["status"] == "waiting" and first.json()["calls"] == 1
    await link(http, a, c)
    await http.post(f"/v1/incidents/{a}/unlink")
    second = await http.post(f"/v1/incidents/{b}/unlink")
    assert second.status_code == 200 and second.json()["calls"] == 1
    for number in (a, b, c):
        whole = await view(http, number)
        assert whole["incident"]["calls"] == len(whole["calls"]) == 1
        assert whole["incident"]["linked_to"] is None and whole["calls"][0]["linked_from"] is None
    again = await http.post(f"/v1/incidents/{b}/unlink")
    assert again.status_code == 409 and "not linked" in again.json()["detail"]


async def test_the_middle_of_a_chain_comes_back_with_what_was_linked_into_it(http: httpx.AsyncClient) -> None:
    place = somewhere()
    a, b, c = [(await taken(http, beside(place, 900 * i, 0), nature="noise"))["incident_id"] for i in range(3)]
    await link(http, a, b)
    await link(http, b, c)
    back = await http.post(f"/v1/incidents/{b}/unlink")
    assert back.json()["calls"] == 2
    assert (await view(http, c))["incident"]["calls"] == 1
    last = await http.post(f"/v1/incidents/{a}/unlink")
    assert last.status_code == 200 and last.json()["calls"] == 1
    assert (await view(http, b))["incident"]["calls"] == 1


async def test_an_unlinked_incident_is_open_though_the_other_is_closed(http: httpx.AsyncClient) -> None:
    place = somewhere()
    a, b = [(await taken(http, beside(place, 900 * i, 0), nature="noise"))["incident_id"] for i in range(2)]
    await link(http, a, b)
    version = (await view(http, b))["incident"]["version"]
    closed = await http.post(f"/v1/incidents/{b}/close", json={"reason": "atendido", "version": version})
    assert closed.status_code == 200
    back = await http.post(f"/v1/incidents/{a}/unlink")
    assert back.status_code == 200 and back.json()["status"] == "waiting"
    left = (await view(http, b))["incident"]
    assert left["status"] == "closed" and left["calls"] == 1


async def test_an_undoing_on_an_old_view_is_refused(http: httpx.AsyncClient) -> None:
    place = somewhere()
    a, b = [(await taken(http, beside(place, 900 * i, 0), nature="noise"))["incident_id"] for i in range(2)]
    late = await http.post(f"/v1/incidents/{a}/link", json={"into": b, "version": 7})
    assert late.status_code == 409 and late.json()["incident"]["id"] == a
    await link(http, a, b)
    late = await http.post(f"/v1/incidents/{a}/unlink", params={"version": 1})
    assert late.status_code == 409 and late.json()["incident"]["linked_to"] == b
    assert (await http.post(f"/v1/incidents/{a}/unlink", params={"version": 2})).status_code == 200


async def test_never_joined_where_it_is_set_so(database_url: str) -> None:
    async with Service.started(database_url, join_above="1.01") as service, service.client() as http:
        place = somewhere()
        one, two = [await taken(http, beside(place, 0, 0)) for _ in range(2)]
        assert one["incident_id"] != two["incident_id"] and not two["joined"]
        [similar] = (await view(http, two["incident_id"]))["incident"]["similar"]
        assert similar["incident_id"] == one["incident_id"] and similar["score"] > 0.99
