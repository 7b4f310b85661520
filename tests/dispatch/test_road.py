"""The whole road, over real sockets and a real PostgreSQL: a citizen's report in, a dispatcher's screen out."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.reports import CENTRE, CUMBAYA, IN_THE_SEA, a_call, a_fix
from tests.screens import Screen
from tests.service import Service


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


async def taken(http: httpx.AsyncClient, call: dict[str, Any]) -> Any:
    answer = await http.post("/v1/calls", json=call)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def version_of(http: httpx.AsyncClient, number: int) -> int:
    version: int = (await http.get(f"/v1/incidents/{number}")).json()["incident"]["version"]
    return version


async def test_a_call_reaches_the_screen(module_service: Service, http: httpx.AsyncClient) -> None:
    async with Screen.on(module_service) as screen:
        answer = await taken(http, a_call(a_fix(*CUMBAYA)))
        await screen.until(lambda: answer["incident_id"] in screen.room.incidents)
    incident = screen.room.incidents[answer["incident_id"]]
    assert incident.location.parish is not None and incident.location.parish.name == "Cumbayá"
    assert incident.priority == 2 and incident.calls == 1 and incident.status == "waiting"
    assert [u["chosen"] for u in answer["recommended"]][:3] == [True, True, True]


async def test_a_repeated_report_gets_the_same_answer_and_makes_nothing_new(http: httpx.AsyncClient) -> None:
    call = a_call(a_fix(-0.30, -78.55), nature="noise")
    first = await http.post("/v1/calls", json=call)
    again = await http.post("/v1/calls", json=call)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    incident = (await http.get(f"/v1/incidents/{first.json()['incident_id']}")).json()
    assert incident["incident"]["calls"] == 1 and len(incident["calls"]) == 1


async def test_the_same_report_many_times_at_once_is_one_call(http: httpx.AsyncClient) -> None:
    call = a_call(a_fix(-0.31, -78.56), nature="noise")
    answers = await asyncio.gather(*(http.post("/v1/calls", json=call) for _ in range(8)))
    assert sorted(a.status_code for a in answers) == [200] * 7 + [201]
    assert len({a.text for a in answers}) == 1


async def test_calls_of_one_accident_are_one_incident(http: httpx.AsyncClient) -> None:
    around = [a_fix(-0.1300 + i * 0.0002, -78.4800, radius_m=20) for i in range(4)]
    answers = await asyncio.gather(*(taken(http, a_call(fix)) for fix in around))
    assert len({a["incident_id"] for a in answers}) == 1
    assert sorted(a["joined"] for a in answers) == [False, True, True, True]
    other = await taken(http, a_call(around[0], nature="chest_pain"))
    assert other["incident_id"] != answers[0]["incident_id"]


@pytest.mark.parametrize(
    ("fixes", "status"),
    [
        ([], "unlocated"),
        ([a_fix(*IN_THE_SEA)], "outside"),
        ([a_fix(*CENTRE, source="cell", radius_m=3000)], "ambiguous"),
    ],
)
async def test_a_bad_location_never_stops_a_call(
    module_service: Service, http: httpx.AsyncClient, fixes: list[Any], status: str
) -> None:
    call = a_call() | {"fixes": fixes}
    async with Screen.on(module_service) as screen:
        answer = await taken(http, call)
        assert answer["location"]["status"] == status
        await screen.until(lambda: answer["incident_id"] in screen.room.incidents)


async def test_a_later_fix_improves_where_the_incident_is(module_service: Service, http: httpx.AsyncClient) -> None:
    call = a_call(a_fix(*CUMBAYA, source="cell", radius_m=1500), nature="illness")
    answer = await taken(http, call)
    async with Screen.on(module_service) as screen:
        better = await http.post(f"/v1/calls/{call['id']}/fixes", json={"fixes": [a_fix(-0.2010, -78.4310)]})
        assert better.status_code == 201
        await screen.until(lambda: any(e.kind == "location_changed" for e in screen.events))
    located = screen.room.incidents[answer["incident_id"]].location
    assert located.radius_m is not None and located.radius_m < 100
    assert abs((located.lat or 0) + 0.2010) < 0.0005


async def test_a_fix_for_a_call_that_nobody_took_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"/v1/calls/{uuid4()}/fixes", json={"fixes": [a_fix()]})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_assignment_is_seen_by_everybody_and_walks_to_its_end(
    module_service: Service, http: httpx.AsyncClient
) -> None:
    answer = await taken(http, a_call(a_fix(-0.0500, -78.4400), nature="crash_damage"))
    number, unit = answer["incident_id"], answer["recommended"][0]["unit_id"]
    async with Screen.on(module_service) as screen:
        assigned = await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": [unit]})
        assert assigned.status_code == 201 and assigned.json()["status"] == "dispatched"
        for status in ("en_route", "on_scene", "available"):
            step = await http.post(f"/v1/units/{unit}/status", json={"status": status})
            assert step.status_code == 200, step.text
        closing = {"reason": "atendido", "version": await version_of(http, number)}
        closed = await http.post(f"/v1/incidents/{number}/close", json=closing)
        assert closed.json()["status"] == "closed"
        await screen.until(lambda: number not in screen.room.incidents)
    told = [e for e in screen.events if e.incident and e.incident.id == number]
    assert [e.incident.status for e in told if e.incident] == [
        "dispatched", "dispatched", "attended", "attended", "closed",
    ]  # fmt: skip
    assert screen.room.units[unit].status == "available" and screen.room.units[unit].incident_id is None
    whole = (await http.get(f"/v1/incidents/{number}")).json()
    past = whole["assignments"][0]
    assert past["assigned_at"] <= past["en_route_at"] <= past["on_scene_at"] <= past["released_at"]
    assert whole["timeline"][0]["kind"] == "call_taken"


async def test_two_dispatchers_racing_get_one_success_and_one_conflict(http: httpx.AsyncClient) -> None:
    first = await taken(http, a_call(a_fix(-0.1000, -78.4700), nature="bad_parking"))
    second = await taken(http, a_call(a_fix(-0.1010, -78.4700), nature="traffic_light_out"))
    unit = first["recommended"][0]["unit_id"]
    answers = await asyncio.gather(
        *(
            http.post(f"/v1/incidents/{i}/assignments", json={"unit_ids": [unit]})
            for i in [first["incident_id"], second["incident_id"]] * 5
        )
    )
    assert sorted(a.status_code for a in answers) == [201] + [409] * 9
    lost = next(a for a in answers if a.status_code == 409).json()
    assert unit in lost["detail"] and lost["units"][0]["status"] == "dispatched"


async def test_all_units_of_one_act_or_none(http: httpx.AsyncClient) -> None:
    one = await taken(http, a_call(a_fix(-0.2900, -78.5300), nature="crash_injured"))
    units = [u["unit_id"] for u in one["recommended"] if u["chosen"]]
    number = one["incident_id"]
    assert (await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": units[:1]})).status_code == 201
    other = await taken(http, a_call(a_fix(-0.2950, -78.5300), nature="fall"))
    begin = await http.post(f"/v1/incidents/{other['incident_id']}/assignments", json={"unit_ids": units})
    assert begin.status_code == 409
    room = {u["id"]: u for u in (await http.get("/v1/units")).json()["items"]}
    assert [room[u]["status"] for u in units] == ["dispatched"] + ["available"] * (len(units) - 1)


async def test_a_change_on_an_old_view_is_refused_with_the_state_as_it_is(http: httpx.AsyncClient) -> None:
    number = (await taken(http, a_call(a_fix(-0.2000, -78.5000), nature="brawl")))["incident_id"]
    seen = (await http.get(f"/v1/incidents/{number}")).json()["incident"]["version"]
    assert (await http.patch(f"/v1/incidents/{number}", json={"priority": 1, "version": seen})).status_code == 200
    late = await http.patch(f"/v1/incidents/{number}", json={"priority": 5, "version": seen})
    assert late.status_code == 409 and late.json()["incident"]["priority"] == 1


async def test_linking_moves_the_calls_and_closes_the_other(http: httpx.AsyncClient) -> None:
    one = await taken(http, a_call(a_fix(-0.3300, -78.4500), nature="fall"))
    two = await taken(http, a_call(a_fix(-0.3301, -78.4500), nature="trauma"))
    linked = await http.post(f"/v1/incidents/{two['incident_id']}/link", json={"into": one["incident_id"]})
    assert linked.status_code == 200 and linked.json()["calls"] == 2 and linked.json()["priority"] == 2
    gone = (await http.get(f"/v1/incidents/{two['incident_id']}")).json()["incident"]
    assert gone["status"] == "closed" and gone["linked_to"] == one["incident_id"]
    itself = await http.post(f"/v1/incidents/{one['incident_id']}/link", json={"into": one["incident_id"]})
    assert itself.status_code == 422


async def test_a_note_stands_in_the_timeline(http: httpx.AsyncClient) -> None:
    number = (await taken(http, a_call(a_fix(-0.3500, -78.4500), nature="bees")))["incident_id"]
    assert (await http.post(f"/v1/incidents/{number}/notes", json={"text": "puerta azul"})).status_code == 204
    timeline = (await http.get(f"/v1/incidents/{number}")).json()["timeline"]
    assert timeline[-1]["kind"] == "note_added" and timeline[-1]["data"]["text"] == "puerta azul"


async def test_a_place_put_by_hand_stands_against_later_fixes(http: httpx.AsyncClient) -> None:
    call = a_call(a_fix(*CENTRE, radius_m=900), nature="haemorrhage")
    number = (await taken(http, call))["incident_id"]
    place = {"location": {"lat": CUMBAYA[0], "lon": CUMBAYA[1], "radius_m": 50}, "version": 1}
    assert (await http.patch(f"/v1/incidents/{number}", json=place)).status_code == 200
    await http.post(f"/v1/calls/{call['id']}/fixes", json={"fixes": [a_fix(*CENTRE, radius_m=5)]})
    located = (await http.get(f"/v1/incidents/{number}")).json()["incident"]["location"]
    assert located["source"] == "manual" and located["parish"]["name"] == "Cumbayá"


async def test_positions_reach_the_screen_and_bad_ones_fail_alone(
    module_service: Service, http: httpx.AsyncClient
) -> None:
    at = a_fix()["at"]
    good = {"unit_id": "P001", "lat": -0.21, "lon": -78.49, "at": at, "heading_deg": 90}
    batch = [good, good | {"unit_id": "nobody"}, good | {"lat": False}, good | {"at": "2099-01-01T00:00:00Z"},
             good | {"at": "2026-11-23T10:00:00"}, good | {"lon": 181}]  # fmt: skip
    async with Screen.on(module_service) as screen:
        answer = (await http.post("/v1/units/positions", json={"positions": batch})).json()
        assert answer["accepted"] == 1 and [r["index"] for r in answer["rejected"]] == [1, 2, 4, 5]
        assert answer["doubtful"] == [{"index": 3, "doubt": "future"}]
        await screen.until(lambda: screen.positions.get("P001", [None, None])[1] == -0.21)
    assert screen.positions["P001"][2:4] == [-78.49, 90.0]


async def test_a_screen_that_was_away_ends_like_one_that_never_left(
    module_service: Service, http: httpx.AsyncClient
) -> None:
    async with Screen.on(module_service) as away:
        pass
    for i in range(3):
        await taken(http, a_call(a_fix(-0.25 - i / 100, -78.52), nature="fall"))
    async with Screen.on(module_service) as fresh, Screen.on(module_service, since=away.room) as back:
        await back.until(lambda: back.room.seq >= fresh.room.seq)
    assert back.at(fresh.room.seq) == fresh.room
    assert [e.seq for e in back.events] == list(range(back.events[0].seq, back.room.seq + 1))


async def test_a_screen_from_the_future_gets_a_snapshot(module_service: Service) -> None:
    async with module_service.screen(since=10**15) as socket:
        assert '"type":"snapshot"' in str(await socket.recv())[:40]


async def test_lists_are_paged_and_filtered(http: httpx.AsyncClient) -> None:
    for i in range(3):
        await taken(http, a_call(a_fix(-0.05 - i / 100, -78.40), nature="rubbish_fire"))
    first = (await http.get("/v1/incidents", params={"nature": "rubbish_fire", "limit": 2})).json()
    rest = (await http.get("/v1/incidents", params={"nature": "rubbish_fire", "cursor": first["next"]})).json()
    assert len(first["items"]) == 2 and len(rest["items"]) == 1 and rest["next"] is None
    assert [i["id"] for i in first["items"] + rest["items"]] == sorted(
        (i["id"] for i in first["items"] + rest["items"]), reverse=True
    )
    by_parish = (await http.get("/v1/incidents", params={"parish": "170157", "open": True})).json()["items"]
    assert by_parish and all(i["location"]["parish"]["code"] == "170157" for i in by_parish)


async def test_geography_alone(http: httpx.AsyncClient) -> None:
    found = (await http.get("/v1/locate", params={"lat": CUMBAYA[0], "lon": CUMBAYA[1], "radius_m": 50})).json()
    assert found["parish"]["name"] == "Cumbayá" and found["status"] == "located"
    layer = await http.get("/v1/parishes")
    assert len(layer.json()["features"]) == 65
    known = await http.get("/v1/parishes", headers={"If-None-Match": layer.headers["etag"]})
    assert known.status_code == 304 and not known.content


async def test_the_city_describes_itself(http: httpx.AsyncClient) -> None:
    city = (await http.get("/v1/city")).json()
    assert len(city["services"]) == 7 and 60 <= len(city["natures"]) <= 80
    west, south, east, north = city["bounds"]
    assert west < CENTRE[1] < east and south < CENTRE[0] < north
