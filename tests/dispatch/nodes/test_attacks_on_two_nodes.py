"""What an app with a key of its own tries against another's call, against a placement, and after it was revoked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from dispatch.intake import gsm7
from tests.callers import Callers, placed, sent
from tests.dispatch.api.roles import session_of
from tests.dispatch.test_formats import PIDF, aml_form, aml_sms
from tests.keys import a_key
from tests.reports import a_call, a_fix
from tests.service import Service

NUMBER, IMEI, IMSI = "+593990500001", "357891234567890", "740011234567891"
HOME = (-0.30, -78.55)
# Who comes again and again with what is no longer good is slowed down.
REFUSED = {401, 429}


@pytest.fixture(scope="module")
async def nodes(module_database_url: str) -> AsyncIterator[tuple[Service, Service]]:
    async with Service.started(module_database_url) as one, Service.started(module_database_url) as other:
        yield one, other


@pytest.fixture
async def here(nodes: tuple[Service, Service], module_database_url: str) -> AsyncIterator[Callers]:
    async with Callers.of(nodes[0], module_database_url) as callers:
        yield callers


def same_key(client: httpx.AsyncClient, node: Service) -> httpx.AsyncClient:
    return node.client(client.headers["Authorization"].removeprefix("Bearer "))


def caller_of(**identity: str) -> dict[str, Any]:
    return {"id": str(uuid4()), "channel": "aml", "caller": identity}


def naming_the_phone() -> dict[str, dict[str, Any]]:
    """Requests that name a phone by one of its identities, in every format that can."""
    pidf = PIDF.replace("pres:someone@example.org", f"tel:{NUMBER}")
    sip = f"INVITE sip:911@x SIP/2.0\r\nFrom: <tel:{NUMBER}>;tag=1\r\nContent-Type: application/pidf+xml\r\n\r\n{PIDF}"
    asserted = sip.replace("From: <tel:", "From: <sip:a@b>\r\nP-Asserted-Identity: <tel:")
    text = "/v1/intake/text?channel=aml"
    return {
        "JSON, number": {"url": "/v1/calls", "json": caller_of(number=NUMBER)},
        "JSON, number as it is dialled": {"url": "/v1/calls", "json": caller_of(number="0" + NUMBER[4:])},
        "JSON, number as an address": {"url": "/v1/calls", "json": caller_of(number=f"tel:{NUMBER};x=1")},
        "JSON, IMEI": {"url": "/v1/calls", "json": caller_of(imei=IMEI)},
        "JSON, IMEI of 14 digits": {"url": "/v1/calls", "json": caller_of(imei=IMEI[:14])},
        "JSON, IMEI with a version": {"url": "/v1/calls", "json": caller_of(imei=IMEI[:14] + "07")},
        "JSON, IMSI": {"url": "/v1/calls", "json": caller_of(imsi=IMSI)},
        "JSON, voice": {"url": "/v1/calls", "json": caller_of(number=NUMBER) | {"channel": "voice"}},
        "AML by SMS, IMEI": {"url": "/v1/intake/aml/sms", "content": aml_sms(IMEI)},
        "AML by SMS, number": {
            "url": "/v1/intake/aml/sms",
            "content": aml_sms("357891234560000"),
            "headers": {"SMS-From": NUMBER},
        },
        "AML by data SMS": {"url": "/v1/intake/aml/data-sms", "content": gsm7.pack(aml_sms(IMEI, ago_s=5))},
        "AML by HTTPS, IMEI": {"url": "/v1/intake/aml/https", "content": aml_form("", device_imei=IMEI)},
        "AML by HTTPS, IMSI": {"url": "/v1/intake/aml/https", "content": aml_form("", device_imsi=IMSI)},
        "PIDF-LO": {"url": "/v1/intake/pidf-lo", "content": pidf},
        "SIP": {"url": "/v1/intake/sip", "content": sip, "headers": {"Content-Type": "message/sip"}},
        "SIP, asserted": {"url": "/v1/intake/sip", "content": asserted, "headers": {"Content-Type": "message/sip"}},
        "text": {"url": text, "content": "auxilio", "headers": {"SMS-From": NUMBER}},
        "text, number of 00": {"url": text, "content": "ayuda", "headers": {"SMS-From": f"00{NUMBER[1:]}"}},
    }


async def test_no_format_and_no_identity_opens_anothers_call(nodes: tuple[Service, Service], here: Callers) -> None:
    """All at the same moment, so that they are decided in the batch of the victim's own next report too."""
    victim = a_call(
        a_fix(*HOME), channel="voice", nature="fall", text="estoy escondida",
        caller={"number": NUMBER, "imei": IMEI, "imsi": IMSI, "name": "Rosa Quishpe"},
    )  # fmt: skip
    own = await sent(here.app, victim)
    before = await here.view(own["incident_id"])
    requests = naming_the_phone()
    async with same_key(here.other, nodes[1]) as elsewhere:
        more = a_call(a_fix(*HOME), channel="aml", caller={"number": NUMBER}, nature=None)
        posts = [client.post(**request) for request in requests.values() for client in (here.other, elsewhere)]
        theirs, *answers = await asyncio.gather(here.app.post("/v1/calls", json=more), *posts)
    assert theirs.json()["call_id"] == own["call_id"]
    for name, answer in zip([name for name in requests for _ in range(2)], answers, strict=True):
        assert answer.status_code in {200, 201}, (name, answer.text)
        told = answer.json()
        assert told["call_id"] != own["call_id"] and told["incident_id"] != own["incident_id"], name
        seen = await here.other.get(f"/v1/calls/{told['call_id']}")
        for secret in ("Rosa", "escondida", str(HOME[0])):
            assert secret not in answer.text + seen.text, name
    after = await here.view(own["incident_id"])
    assert after["incident"]["calls"] == 1 and len(after["calls"]) == 1
    for field in ("lat", "lon", "source"):
        assert after["incident"]["location"][field] == before["incident"]["location"][field]


def by_hand(number: str, lat: float, lon: float) -> dict[str, dict[str, Any]]:
    """A place that says that a person put it there, in every format that has a word for it."""
    pidf = PIDF.replace("pres:someone@example.org", f"tel:{number}").replace("-0.2005 -78.43", f"{lat} {lon}")
    pidf = pidf.replace("<gp:usage-rules/>", "<gp:usage-rules/><gp:method>Manual</gp:method>")
    head = f"INVITE sip:911@x SIP/2.0\r\nFrom: <tel:{number}>\r\nContent-Type: application/pidf+xml\r\n\r\n"
    fix = a_fix(lat, lon, source="manual", radius_m=1)
    form = {"location_latitude": str(lat), "location_longitude": str(lon), "location_accuracy": "1"}
    return {
        "JSON": {"url": "/v1/calls", "json": caller_of(number=number) | {"fixes": [fix]}},
        "PIDF-LO": {"url": "/v1/intake/pidf-lo", "content": pidf},
        "SIP": {
            "url": "/v1/intake/sip",
            "content": head + pidf,
        },
        "AML by HTTPS": {
            "url": "/v1/intake/aml/https",
            "content": aml_form(number, location_source="manual", **form),
        },
        "AML by SMS": {
            "url": "/v1/intake/aml/sms",
            "content": aml_sms("357891234569990", method="M"),
            "headers": {"SMS-From": number},
        },
        "text": {
            "url": "/v1/intake/text?channel=aml",
            "content": f"source=manual geo:{lat},{lon};u=1;source=manual",
            "headers": {"SMS-From": number},
        },
    }  # fmt: skip


@pytest.mark.parametrize("by", ["app", "gateway"])
async def test_no_format_says_that_a_dispatcher_placed_it(
    nodes: tuple[Service, Service], here: Callers, by: str
) -> None:
    number = {"app": "+593990500011", "gateway": "+593990500012"}[by]
    home = {"app": (-0.10, -78.45), "gateway": (-0.12, -78.47)}[by]
    call = a_call(a_fix(*home), channel="voice", caller={"number": number}, nature="fall")
    incident_id = (await sent(here.app, call))["incident_id"]
    await placed(here, incident_id, *home, radius_m=500)
    stands = (await here.view(incident_id))["incident"]["location"]
    assert stands["source"] == "manual"
    async with same_key(getattr(here, by), nodes[1]) as elsewhere:
        for name, request in by_hand(number, home[0] + 0.05, home[1]).items():
            answer = await elsewhere.post(**request)
            assert answer.status_code in {200, 201}, (name, answer.text)
            location = (await here.view(incident_id))["incident"]["location"]
            assert (location["lat"], location["lon"], location["source"]) == (*home, "manual"), name
        if by == "app":
            fixes = {"fixes": [a_fix(home[0] + 0.05, home[1], source="manual", radius_m=1)]}
            assert (await elsewhere.post(f"/v1/calls/{call['id']}/fixes", json=fixes)).status_code == 201
    whole = await here.view(incident_id)
    assert (whole["incident"]["location"]["lat"], whole["incident"]["location"]["source"]) == (home[0], "manual")
    assert {c["location"]["source"] for c in whole["calls"]} & {"manual"} == set()


async def test_what_was_revoked_takes_no_call_ever_again(
    nodes: tuple[Service, Service], module_database_url: str
) -> None:
    """By the shortcut of calls, by key and by session, in the midst of a flood at both nodes: once one is refused, none
    that begins later is taken."""
    key = await a_key(module_database_url, "intake", name="leaked app")
    cookie = await session_of(nodes[0], key)
    statuses_of: dict[tuple[str, ...], list[int]] = {}
    outcomes: list[int] = []
    is_over = asyncio.Event()

    async def flood(node: Service, headers: dict[str, str]) -> None:
        own_page = headers | ({"Origin": node.url} if "Cookie" in headers else {})
        of_this = statuses_of.setdefault((node.url, *headers), [])
        async with node.client(key=None) as http:
            while not is_over.is_set():
                answer = await http.post("/v1/calls", json=a_call(), headers=own_page)
                outcomes.append(answer.status_code)
                of_this.append(answer.status_code)

    ways = ({"Authorization": f"Bearer {key}"}, {"Cookie": cookie["Cookie"]})
    async with nodes[0].client() as admin:
        tasks = [asyncio.create_task(flood(node, headers)) for node in nodes for headers in ways]
        while outcomes.count(201) < 20:  # noqa: ASYNC110 - counted by the tasks
            await asyncio.sleep(0.05)
        assert (await admin.delete("/v1/keys/leaked%20app")).status_code == 204
        while min(sum(s in REFUSED for s in ss) for ss in statuses_of.values()) < 10:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
        is_over.set()
        await asyncio.gather(*tasks)
    assert len(statuses_of) == 4 and set(outcomes) <= {201} | REFUSED
    for way, of_this in statuses_of.items():
        assert set(of_this[of_this.index(401) :]) <= REFUSED, way
    async with nodes[1].client(key=None) as http:
        for headers in (*ways, {**ways[1], "Origin": nodes[1].url}):
            assert (await http.post("/v1/calls", json=a_call(), headers=headers)).status_code in REFUSED
