"""A call belongs to the key that sent it: no other app reads it, adds to it or learns anything from it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
import pytest

from dispatch.desk.calls.answers import told
from dispatch.model import Call, Caller, CallId, Channel, IncidentId, UnitId, UnitStatus
from dispatch.model.sender import Sender, SenderKind
from dispatch.policy.units.recommendation import Preempts, RankedUnit
from geo import Location, LocationStatus
from tests.callers import Callers, placed, sent
from tests.dispatch.test_formats import aml_form, aml_sms
from tests.reports import CENTRE, CUMBAYA, a_call, a_fix
from tests.service import Service

_numbers, _places = count(990100000), count()


@pytest.fixture
async def callers(module_service: Service, module_database_url: str) -> AsyncIterator[Callers]:
    async with Callers.of(module_service, module_database_url) as callers:
        yield callers


def a_number() -> str:
    return f"+593{next(_numbers)}"


def somewhere() -> tuple[float, float]:
    """Far from where any other test is."""
    return round(-0.35 + next(_places) * 0.02, 4), -78.53


def a_voice_call(number: str, *fixes: dict[str, Any], **more: Any) -> dict[str, Any]:
    caller = {"number": number, "name": "Rosa Quishpe", "imei": "357891234567890"}
    return a_call(channel="voice", caller=caller, text="se cayó", nature="fall") | {"fixes": list(fixes)} | more


def bare_aml(number: str, door: str) -> dict[str, Any]:
    """A request that is about a phone and says nothing else of it."""
    sms = 'A"ML=1;lt=+00.00000;lg=+000.00000;rd=N;top=20261123120000;lc=0;pm=N;si=;ei=;mcc=740;mnc=01;ml=90'
    requests: dict[str, dict[str, Any]] = {
        "/v1/calls": {"json": {"id": str(uuid4()), "channel": "aml", "caller": {"number": number}}},
        "/v1/intake/aml/sms": {"content": sms, "headers": {"SMS-From": number}},
        "/v1/intake/aml/https": {"content": aml_form(number, location_latitude="", location_longitude="")},
        "/v1/intake/text?channel=aml": {"content": "auxilio", "headers": {"SMS-From": number}},
    }
    return {"url": door} | requests[door]


DOORS = ["/v1/calls", "/v1/intake/aml/sms", "/v1/intake/aml/https", "/v1/intake/text?channel=aml"]


@pytest.mark.parametrize("door", DOORS)
async def test_a_report_of_anothers_phone_is_a_call_of_its_own_and_tells_nothing(callers: Callers, door: str) -> None:
    number = a_number()
    own = await sent(callers.app, a_voice_call(number, a_fix(*somewhere())))
    answer = await callers.other.post(**bare_aml(number, door))
    assert answer.status_code == 201, answer.text
    answer = answer.json()
    assert answer["call_id"] != own["call_id"] and answer["incident_id"] != own["incident_id"]
    assert (answer["location"]["status"], answer["joined"], answer["recommended"]) == ("unlocated", False, [])
    whole = await callers.view(own["incident_id"])
    assert whole["incident"]["calls"] == 1 and len(whole["calls"]) == 1


async def test_only_its_sender_reads_or_refines_a_call(callers: Callers) -> None:
    call = a_voice_call(a_number(), a_fix(*somewhere()))
    await sent(callers.app, call)
    here, nowhere, better = f"/v1/calls/{call['id']}", f"/v1/calls/{uuid4()}", {"fixes": [a_fix(*CUMBAYA)]}
    for stranger in (callers.other, callers.gateway):
        for url in (here, nowhere):
            for answer in (await stranger.get(url), await stranger.post(f"{url}/fixes", json=better)):
                assert answer.status_code == 404
                assert answer.json()["detail"] == f"no call {url.rpartition('/')[2]}", "it tells them apart"
    seen = (await callers.app.get(here)).json()
    assert seen["caller"]["name"] == "Rosa Quishpe" and seen["text"] == "se cayó" and len(seen["fixes"]) == 1
    assert (await callers.app.post(f"{here}/fixes", json=better)).status_code == 201
    assert (await callers.desk.get(here)).json()["caller"] == seen["caller"]
    assert (await callers.desk.post(f"{here}/fixes", json=better)).status_code == 201
    assert len((await callers.desk.get(here)).json()["fixes"]) == 3


async def test_one_sender_is_one_whatever_it_uses(module_service: Service, callers: Callers) -> None:
    """A session that was opened with a key is the same sender as the key."""
    call = a_voice_call(a_number(), a_fix(*somewhere()))
    await sent(callers.app, call)
    key = callers.app.headers["Authorization"].removeprefix("Bearer ")
    async with module_service.client(key=None) as http:
        assert (await http.post("/v1/session", json={"key": key})).status_code in {200, 201}
        assert (await http.get(f"/v1/calls/{call['id']}")).status_code == 200


@pytest.mark.parametrize("door", DOORS)
async def test_a_gateway_is_always_answered_with_a_receipt(callers: Callers, door: str) -> None:
    number = a_number()
    alone = await callers.gateway.post(**bare_aml(a_number(), door))
    await sent(callers.app, a_voice_call(number, a_fix(*somewhere())))
    request = bare_aml(number, door)
    added, again = await callers.gateway.post(**request), await callers.gateway.post(**request)
    assert (alone.status_code, added.status_code) == (201, 201)
    for answer in (alone, added, again):
        assert answer.json().keys() == {"report_id", "received_at"}
    # A text without a number of its own at the gateway can't be told from another in the same words.
    if "text" not in door:
        assert again.status_code == 200 and again.json() == added.json()


async def test_a_gateway_adds_to_the_call_of_its_phone(callers: Callers) -> None:
    number, (lat, lon) = a_number(), somewhere()
    own = await sent(callers.app, a_voice_call(number))
    form = aml_form(number, location_latitude=str(lat), location_longitude=str(lon))
    assert (await callers.gateway.post("/v1/intake/aml/https", content=form)).status_code == 201
    whole = await callers.view(own["incident_id"])
    assert whole["incident"]["calls"] == 1 and abs(whole["incident"]["location"]["lat"] - lat) < 1e-4
    assert whole["incident"]["channels"] == ["voice", "aml"]


async def test_what_a_gateway_adds_is_not_told_to_the_calls_sender(callers: Callers) -> None:
    """Who names a phone that isn't its own, and waits for what the network tells of it, hears nothing."""
    number, (lat, lon) = a_number(), somewhere()
    bait = a_call(channel="voice", caller={"number": number}, nature="fall") | {"fixes": []}
    own = await sent(callers.other, bait)
    located = {"location_latitude": str(lat), "location_longitude": str(lon), "device_imei": "357891234567809"}
    assert (await callers.gateway.post("/v1/intake/aml/https", content=aml_form(number, **located))).status_code == 201
    seen = (await callers.other.get(f"/v1/calls/{own['call_id']}")).json()
    assert seen["location"]["status"] == "unlocated" and seen["fixes"] == [] and seen["caller"]["imei"] is None
    assert seen["own"] is None

    vague = a_fix(lat + 0.02, lon, source="cell", radius_m=900)
    refined = await callers.other.post(f"/v1/calls/{own['call_id']}/fixes", json={"fixes": [vague]})
    assert refined.json()["location"]["radius_m"] >= 900 and refined.json()["location"]["contradicted"] == []
    more = await sent(callers.other, a_call(vague, channel="aml", caller={"number": number}, nature=None))
    assert more["call_id"] == own["call_id"] and more["location"]["radius_m"] >= 900
    seen = (await callers.other.get(f"/v1/calls/{own['call_id']}")).json()
    assert {fix["source"] for fix in seen["fixes"]} == {"cell"} and seen["location"] == more["location"]

    known = (await callers.desk.get(f"/v1/calls/{own['call_id']}")).json()
    assert known["caller"]["imei"] and {fix["source"] for fix in known["fixes"]} == {"gnss", "cell"}


async def test_which_device_has_a_number_is_not_told(callers: Callers) -> None:
    """A gateway said that both are one phone; who names the number doesn't find the device by guessing it."""
    number, imei = a_number(), "357891234567825"
    own = await sent(callers.app, a_call(channel="voice", caller={"number": number}) | {"fixes": []})
    await sent(callers.gateway, a_call(channel="aml", caller={"number": number, "imei": imei}))
    guess = await sent(callers.app, a_call(channel="aml", caller={"imei": imei}) | {"fixes": []})
    assert guess["call_id"] != own["call_id"]
    assert (await callers.desk.get(f"/v1/calls/{own['call_id']}")).json()["caller"]["imei"][:14] == imei[:14]


async def test_what_a_dispatcher_adds_is_not_told_to_the_calls_sender(callers: Callers) -> None:
    place, call = somewhere(), a_voice_call(a_number())
    await sent(callers.app, call)
    pin = {"source": "manual", "lat": place[0], "lon": place[1]}
    assert (await callers.desk.post(f"/v1/calls/{call['id']}/fixes", json={"fixes": [pin]})).status_code == 201
    seen = (await callers.app.get(f"/v1/calls/{call['id']}")).json()
    assert seen["location"]["status"] == "unlocated" and seen["fixes"] == []


def nearest_m(answer: Any) -> float:
    return min(float(unit["distance_m"]) for unit in answer["recommended"])


async def test_units_are_recommended_for_what_a_sender_said_itself(callers: Callers) -> None:
    """Where the incident is by the word of others can't be told from which units are near it."""
    number = a_number()
    call = a_voice_call(number, a_fix(*CENTRE))
    first = await sent(callers.app, call)
    far = await placed(callers, first["incident_id"], -0.02, -78.44)
    more = a_call(a_fix(*CENTRE), channel="aml", caller={"number": number}, nature=None)
    again = await sent(callers.app, more)
    assert again["incident_id"] == first["incident_id"]
    assert nearest_m(again) == nearest_m(first) and again["location"]["source"] == "gnss"
    there = (await callers.desk.get(f"/v1/incidents/{far['id']}/recommendation")).json()["units"]
    assert {u["distance_m"] for u in there}.isdisjoint({u["distance_m"] for u in again["recommended"]})
    seen_by_desk = await sent(callers.desk, a_call(channel="aml", caller={"number": number}) | {"fixes": []})
    assert {u["distance_m"] for u in seen_by_desk["recommended"]} <= {u["distance_m"] for u in there}


async def test_a_call_that_joins_others_is_told_only_of_its_own_place(callers: Callers) -> None:
    lat, lon = somewhere()
    first = await sent(callers.app, a_call(a_fix(lat, lon, radius_m=5)))
    vague = a_call(a_fix(lat + 0.0009, lon, radius_m=120))
    joining = await sent(callers.other, vague)
    assert joining["joined"] and joining["incident_id"] == first["incident_id"]
    assert joining["location"]["radius_m"] >= 120
    distances = {unit["unit_id"]: unit["distance_m"] for unit in first["recommended"]}
    assert [u for u in joining["recommended"] if distances.get(u["unit_id"]) == u["distance_m"]] == []
    seen = (await callers.other.get(f"/v1/calls/{joining['call_id']}")).json()
    assert (seen["likeness"], seen["linked_from"]) == (None, None)


def test_a_unit_that_another_incident_has_is_not_named_to_an_app() -> None:
    at = datetime.now(UTC)
    call = Call(
        CallId(uuid4()), IncidentId(1), Channel.APP, Caller(), None, None, (), Location(LocationStatus.UNLOCATED), at
    )
    free = RankedUnit(
        UnitId("A"), "MSP", "bls", (), UnitStatus.AVAILABLE, 60.0, 50.0, 70.0, 900.0, None, False, None, True, ()
    )
    taken = RankedUnit(
        UnitId("B"), "MSP", "bls", (), UnitStatus.EN_ROUTE, 60.0, 50.0, 70.0, 900.0, None, False, None, False, (),
        Preempts(IncidentId(7), 4),
    )  # fmt: skip
    kinds = {SenderKind.INTAKE: (free,), SenderKind.DESK: (free, taken)}
    for kind, units in kinds.items():
        assert told(Sender("x", kind), call, joined=False, units=(free, taken)).recommended == units


async def test_a_gateway_may_do_nothing_else(callers: Callers) -> None:
    for path in ("/v1/incidents", "/v1/units", "/v1/quarantine"):
        assert (await callers.gateway.get(path)).status_code == 403
    assert (await callers.gateway.post("/v1/units/P001/status", json={"status": "off_duty"})).status_code == 403


async def test_a_sensor_that_only_sends_sms_is_no_gateway(callers: Callers) -> None:
    """Its own reports of one phone are one call all the same."""
    imei, number, place = "357891234567" + "809", a_number(), somewhere()
    first = await sent(callers.app, a_voice_call(number, a_fix(*place)))
    second = await callers.app.post("/v1/intake/aml/sms", content=aml_sms(imei), headers={"SMS-From": number})
    assert second.json()["call_id"] == first["call_id"]


async def test_nobody_else_is_shown_what_was_kept_of_a_repetition(callers: Callers) -> None:
    call = a_voice_call(a_number(), a_fix(*somewhere()))
    first = await sent(callers.app, call)
    answer: httpx.Response = await callers.other.post("/v1/calls", json=call)
    assert answer.status_code == 201 and answer.json()["call_id"] != first["call_id"]
