"""What would be sent, asked of the real service: alarms, lesser incidents, what is on its way, how sure, and by which
travel times."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest

from geo import Point
from tests.dispatch.travel.routing import RoutingStub, hang, routing_stub
from tests.reports import CENTRE, a_call, a_fix
from tests.service import Service

_places = count()


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


async def incident(http: httpx.AsyncClient, nature: str, *, at: Point | None = None, radius_m: float = 15) -> int:
    """An incident far from all others, unless it is said where."""
    at = at or Point(-0.33 + next(_places) * 0.015, -78.52)
    call = a_call(a_fix(at.lat, at.lon, radius_m=radius_m), nature=nature)
    number: int = (await http.post("/v1/calls", json=call)).json()["incident_id"]
    return number


async def asked(http: httpx.AsyncClient, number: int, **query: Any) -> dict[str, Any]:
    answer = await http.get(f"/v1/incidents/{number}/recommendation", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def needs(found: dict[str, Any]) -> dict[str, int]:
    return {need["capability"]: need["count"] for need in found["needs"]}


def chosen(found: dict[str, Any]) -> list[str]:
    return [unit["unit_id"] for unit in found["units"] if unit["chosen"]]


async def test_what_a_further_alarm_would_send(http: httpx.AsyncClient) -> None:
    number = await incident(http, "structure_fire")
    first, second = await asked(http, number), await asked(http, number, alarm=2)
    assert (first["alarm"], first["alarms"], second["alarm"]) == (1, 3, 2)
    assert needs(first) == {"engine": 2, "water_tanker": 1, "rescue": 1, "bls": 1}
    assert needs(second) == {"engine": 4, "water_tanker": 2, "rescue": 2, "bls": 1, "als": 1, "traffic": 1, "patrol": 1}
    assert len(chosen(second)) == 12 and set(chosen(first)) <= set(chosen(second))
    agencies = {unit["agency"] for unit in second["units"] if unit["chosen"]}
    assert {"CBQ", "PN", "AMT"} <= agencies

    sent = await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": chosen(first)})
    assert sent.status_code == 201
    assert needs(await asked(http, number)) == {} and chosen(await asked(http, number)) == []
    left = await asked(http, number, alarm=2)
    assert needs(left) == {"engine": 2, "water_tanker": 1, "rescue": 1, "als": 1, "traffic": 1, "patrol": 1}

    raised = await http.patch(f"/v1/incidents/{number}", json={"alarm": 2, "version": sent.json()["version"]})
    assert raised.status_code == 200
    assert (await asked(http, number))["alarm"] == 2 and needs(await asked(http, number)) == needs(left)


async def test_who_could_take_the_place_of_one_that_was_sent(http: httpx.AsyncClient) -> None:
    number = await incident(http, "chest_pain")
    [sent] = chosen(await asked(http, number))
    answer = await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": [sent]})
    assert answer.status_code == 201
    assert needs(await asked(http, number)) == {}
    instead = await asked(http, number, instead_of=sent)
    assert needs(instead) == {"als": 1}
    assert len(chosen(instead)) == 1 and sent not in [unit["unit_id"] for unit in instead["units"]]


@pytest.mark.parametrize(("alarm", "said"), [("4", "has 3"), ("0", "greater than"), ("x", "valid integer")])
async def test_an_alarm_that_the_plan_doesnt_have(http: httpx.AsyncClient, alarm: str, said: str) -> None:
    number = await incident(http, "structure_fire")
    answer = await http.get(f"/v1/incidents/{number}/recommendation", params={"alarm": alarm})
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert problem["field"].endswith("alarm") and said in problem["problem"]


async def test_a_unit_on_its_way_to_something_lesser_is_offered_not_taken(http: httpx.AsyncClient) -> None:
    at = Point(-0.12, -78.46)
    new = [{"id": "X900", "agency": "PN", "kind": "bomb_squad"}]
    assert (await http.post("/v1/units", json={"units": new})).status_code == 201
    fleet = (await http.get("/v1/units")).json()["items"]
    squads = [unit["id"] for unit in fleet if "bomb_squad" in unit["capabilities"]]
    lesser = await incident(http, "explosives_found", at=Point(-0.10, -78.46))
    position = {"unit_id": "X900", "lat": at.lat, "lon": at.lon, "at": datetime.now(UTC).isoformat()}
    assert (await http.post("/v1/units/positions", json={"positions": [position]})).status_code == 200
    assert (await http.post(f"/v1/incidents/{lesser}/assignments", json={"unit_ids": squads})).status_code == 201

    number = await incident(http, "bomb_threat", at=at)
    found = await asked(http, number)
    assert {"capability": "bomb_squad", "missing": 1} in found["shortfalls"]
    offered = {unit["unit_id"]: unit for unit in found["units"] if unit["preempts"]}
    assert offered["X900"]["preempts"] == {"incident_id": lesser, "priority": 2}
    assert offered["X900"]["chosen"] is False and "X900" not in chosen(found)
    assert {"code": "preemptable", "incident_id": lesser, "priority": 2} in offered["X900"]["reasons"]
    # What is shown can be done, once it is confirmed.
    taken = await http.post(
        f"/v1/incidents/{number}/assignments", json={"unit_ids": ["X900"], "preempt": {"X900": lesser}}
    )
    assert taken.status_code == 201
    assert "bomb_squad" not in needs(await asked(http, number))


async def test_how_sure_and_what_the_city_loses(http: httpx.AsyncClient) -> None:
    vague = await asked(http, await incident(http, "cardiac_arrest", radius_m=900))
    certainty = vague["certainty"]
    assert certainty["points"] == 7
    told = certainty["same_choice"] + sum(other["probability"] for other in certainty["others"])
    assert told == pytest.approx(1, abs=1e-3)
    assert all(set(other["unit_ids"]) != set(chosen(vague)) for other in certainty["others"])
    sharp = await asked(http, await incident(http, "cardiac_arrest"))
    assert sharp["certainty"] == {"points": 1, "same_choice": 1.0, "others": []}
    assert all(unit["coverage_lost"] >= 0 for unit in sharp["units"])
    assert any(unit["coverage_lost"] > 0 for unit in sharp["units"])
    assert sharp["travel"] == {"source": "line", "fallback": None}


async def test_the_answer_to_a_call_is_the_recommendation(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/v1/calls", json=a_call(a_fix(-0.05, -78.47), nature="chest_pain"))).json()
    found = await asked(http, answer["incident_id"])
    assert [unit["unit_id"] for unit in answer["recommended"] if unit["chosen"]] == chosen(found)
    assert answer["recommended"][0].keys() == found["units"][0].keys()


async def test_nobody_is_recommended_for_nowhere(http: httpx.AsyncClient) -> None:
    call = a_call(nature="chest_pain") | {"fixes": []}
    found = await asked(http, (await http.post("/v1/calls", json=call)).json()["incident_id"])
    assert found["units"] == [] and found["certainty"] is None
    assert found["shortfalls"] == [{"capability": "als", "missing": 1}]


@pytest.fixture
async def server() -> AsyncIterator[RoutingStub]:
    async with routing_stub() as stub:
        yield stub


async def test_a_routing_server_is_asked_for_a_recommendation_and_not_while_a_call_is_taken(
    database_url: str, server: RoutingStub
) -> None:
    asking = {"routing_url": server.url, "routing_kind": "osrm", "routing_timeout_s": "0.5"}
    async with Service.started(database_url, **asking) as service, service.client() as http:
        number = await incident(http, "chest_pain", at=Point(*CENTRE), radius_m=300)
        assert server.asked == []
        found = await asked(http, number)
        assert found["travel"] == {"source": "server", "fallback": None}
        assert server.asked and all(targets == 7 for _, targets in server.asked)
        assert chosen(found)

        server.behave = hang
        instead = await asked(http, number)
        assert instead["travel"] == {"source": "line", "fallback": {"wanted": "server", "because": "timeout"}}
        assert chosen(instead)
