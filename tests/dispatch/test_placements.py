"""A place put by hand is a dispatcher's word: no app speaks it, and nothing but a dispatcher moves it."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest

from tests.callers import Callers, placed, sent
from tests.dispatch.test_formats import aml_form
from tests.reports import CENTRE, CUMBAYA, a_call, a_fix
from tests.service import Service

_numbers, _places = count(990200000), count()
FAR = (-0.02, -78.44)


@pytest.fixture
async def callers(module_service: Service, module_database_url: str) -> AsyncIterator[Callers]:
    async with Callers.of(module_service, module_database_url) as callers:
        yield callers


def a_number() -> str:
    return f"+593{next(_numbers)}"


def somewhere() -> tuple[float, float]:
    return round(-0.35 + next(_places) * 0.02, 4), -78.53


def a_pin(lat: float, lon: float, **more: Any) -> dict[str, Any]:
    return {"source": "manual", "lat": lat, "lon": lon, "radius_m": 1} | more


async def refined(callers: Callers, call_id: str, *fixes: dict[str, Any], by: str = "app") -> Any:
    answer = await getattr(callers, by).post(f"/v1/calls/{call_id}/fixes", json={"fixes": fixes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def place_of(callers: Callers, incident_id: int) -> tuple[str, float, float]:
    at = (await callers.view(incident_id))["incident"]["location"]
    return at["source"], round(at["lat"], 4), round(at["lon"], 4)


@pytest.mark.parametrize("by", ["app", "gateway"])
async def test_what_an_app_calls_manual_is_reported_and_flagged(callers: Callers, by: str) -> None:
    place, number = somewhere(), a_number()
    call = a_call(a_pin(*place), channel="voice", caller={"number": number}, nature="fall")
    await sent(getattr(callers, by), call)
    seen = await callers.call(call["id"])
    assert seen["location"]["source"] == "reported"
    assert seen["flaws"] == ["fixes.0.source: 'manual' is for dispatchers, taken as 'reported'"]


async def test_an_apps_manual_fix_does_not_move_an_incident(callers: Callers) -> None:
    call = a_call(a_fix(*somewhere()), nature="seizure")
    number = (await sent(callers.app, call))["incident_id"]
    await placed(callers, number, *CUMBAYA)
    better = await refined(callers, call["id"], a_pin(*FAR))
    assert better["location"]["source"] != "manual" and len(better["flaws"]) == 1
    assert await place_of(callers, number) == ("manual", *CUMBAYA)


async def test_an_apps_report_of_its_own_phone_does_not_move_it_either(callers: Callers) -> None:
    phone = {"caller": {"number": a_number()}, "nature": "seizure"}
    number = (await sent(callers.app, a_call(a_fix(*somewhere()), channel="voice", **phone)))["incident_id"]
    await placed(callers, number, *CUMBAYA)
    assert (await sent(callers.app, a_call(a_pin(*FAR), channel="aml", **phone)))["incident_id"] == number
    assert await place_of(callers, number) == ("manual", *CUMBAYA)


async def test_a_call_that_joined_does_not_carry_the_incident_away(callers: Callers) -> None:
    """However good it says that its new position is: the others are where they were."""
    lat, lon = somewhere()
    number = (await sent(callers.app, a_call(a_fix(lat, lon))))["incident_id"]
    joining = await sent(callers.other, a_call(a_fix(lat + 0.0004, lon, radius_m=40)))
    assert joining["incident_id"] == number
    for _ in range(2):
        moved = await refined(callers, joining["call_id"], a_fix(*FAR, radius_m=1), by="other")
        assert moved["location"]["radius_m"] >= 1
        assert await place_of(callers, number) == ("gnss", lat, lon)
    nearer = await refined(callers, joining["call_id"], a_fix(lat + 0.0004, lon, radius_m=0.5), by="other")
    assert nearer["incident_id"] == number
    assert await place_of(callers, number) == ("gnss", round(lat + 0.0004, 4), lon)


TEXTS = [
    "estoy en -0.20050, -78.43000 cerca del parque",
    "choque https://maps.google.com/?q=-0.20050,-78.43000",
    "auxilio geo:-0.20050,-78.43000",
    "https://ul.waze.com/ul?ll=-0.20050%2C-78.43000",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("by", ["app", "desk"])
async def test_what_is_read_from_words_is_reported_whoever_passes_it_on(callers: Callers, text: str, by: str) -> None:
    answer = await getattr(callers, by).post("/v1/intake/text", content=text)
    assert answer.json()["location"]["source"] == "reported"
    chat = a_call(channel="chat", text=text) | {"fixes": []}
    assert (await sent(getattr(callers, by), chat))["location"]["source"] == "reported"


async def test_a_dispatchers_call_stays_where_the_dispatcher_put_it(callers: Callers) -> None:
    """Also against a good position of the phone, near by or far away: that is shown beside it."""
    (lat, lon), phone = somewhere(), a_number()
    call = a_call(a_pin(lat, lon, radius_m=50), channel="voice", caller={"number": phone}, nature="fall")
    number = (await sent(callers.desk, call))["incident_id"]
    for off, contradicted in ((0.0003, []), (0.05, ["gnss"])):
        at = {"location_latitude": f"{lat + off:.5f}", "location_longitude": f"{lon:.5f}"}
        form = aml_form(phone, location_accuracy="4", **at)
        assert (await callers.gateway.post("/v1/intake/aml/https", content=form)).status_code == 201
        assert await place_of(callers, number) == ("manual", lat, lon)
        seen = (await callers.call(call["id"]))["location"]
        assert (seen["source"], round(seen["lat"], 4), seen["contradicted"]) == ("manual", lat, contradicted)


async def test_a_dispatcher_corrects_a_placement_also_by_a_wider_one(callers: Callers) -> None:
    (lat, lon), moved = somewhere(), somewhere()
    call = a_call(a_pin(lat, lon, radius_m=10), nature="fall")
    number = (await sent(callers.desk, call))["incident_id"]
    await refined(callers, call["id"], a_pin(*moved, radius_m=200), by="desk")
    assert await place_of(callers, number) == ("manual", *moved)
    await placed(callers, number, *CUMBAYA, radius_m=400)
    assert await place_of(callers, number) == ("manual", *CUMBAYA)
    await refined(callers, call["id"], a_pin(lat, lon, radius_m=500), by="desk")
    assert await place_of(callers, number) == ("manual", lat, lon)


async def test_a_placement_stands_against_an_earlier_narrower_one(callers: Callers) -> None:
    """Whatever happens to the incident's calls afterwards."""
    (lat, lon), other_lat = somewhere(), 0.0004
    call = a_call(a_pin(lat, lon, radius_m=10))
    number = (await sent(callers.desk, call))["incident_id"]
    joining = await sent(callers.app, a_call(a_fix(lat + other_lat, lon)))
    assert joining["incident_id"] == number
    await placed(callers, number, *CUMBAYA, radius_m=300)
    await refined(callers, joining["call_id"], a_fix(lat, lon, radius_m=3))
    assert await place_of(callers, number) == ("manual", *CUMBAYA)
    split = await callers.desk.post(f"/v1/incidents/{number}/calls/{joining['call_id']}/split")
    assert split.status_code == 201, split.text
    assert await place_of(callers, number) == ("manual", *CUMBAYA)
    assert (await place_of(callers, split.json()["id"]))[0] == "gnss"


async def test_a_placement_stands_when_another_dispatchers_call_joins(callers: Callers) -> None:
    lat, lon = somewhere()
    number = (await sent(callers.app, a_call(a_fix(lat, lon))))["incident_id"]
    await placed(callers, number, lat + 0.0005, lon, radius_m=60)
    joining = await sent(callers.desk, a_call(a_pin(lat, lon, radius_m=5)))
    assert joining["incident_id"] == number
    assert await place_of(callers, number) == ("manual", round(lat + 0.0005, 4), lon)


async def test_a_placement_goes_with_the_call_it_came_with(callers: Callers) -> None:
    lat, lon = somewhere()
    number = (await sent(callers.app, a_call(a_fix(lat, lon))))["incident_id"]
    pinned = await sent(callers.desk, a_call(a_pin(lat + 0.0003, lon, radius_m=20)))
    assert pinned["incident_id"] == number and (await place_of(callers, number))[0] == "manual"
    split = await callers.desk.post(f"/v1/incidents/{number}/calls/{pinned['call_id']}/split")
    assert (await place_of(callers, split.json()["id"]))[0] == "manual"
    assert (await place_of(callers, number))[0] == "gnss"


async def test_a_parish_that_a_dispatcher_named_is_narrowed_by_what_lies_in_it(callers: Callers) -> None:
    phone = a_number()
    parish = {"source": "manual", "parish_code": "170157"}  # Cumbayá
    call = a_call(parish, channel="voice", caller={"number": phone}, nature="haemorrhage")
    number = (await sent(callers.desk, call))["incident_id"]
    for (lat, lon), source in ((CENTRE, "manual"), (CUMBAYA, "gnss")):
        form = aml_form(phone, location_latitude=f"{lat:.5f}", location_longitude=f"{lon:.5f}")
        assert (await callers.gateway.post("/v1/intake/aml/https", content=form)).status_code == 201
        whole = (await callers.view(number))["incident"]["location"]
        assert (whole["parish"]["name"], whole["source"]) == ("Cumbayá", source)
        assert (whole["radius_m"] < 100) == (source == "gnss")
