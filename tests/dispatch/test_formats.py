"""Every format comes in at its own door and walks the same road."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

import httpx
import pytest

from dispatch.intake import aml_https, gsm7
from tests.reports import a_call
from tests.service import Service

HMAC = "a-shared-secret"
LAT, LON = -0.20050, -78.43000  # Cumbayá


@pytest.fixture(scope="module")
async def formats_service(module_database_url: str) -> AsyncIterator[Service]:
    # All of these phones stand at one place: which of them call about the same is another test's question.
    async with Service.started(module_database_url, aml_hmac_key=HMAC, join_above="1.01") as service:
        yield service


@pytest.fixture
async def http(formats_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with formats_service.client() as client:
        yield client


def aml_sms(imei: str, *, ago_s: float = 3, radius: str = "14", method: str = "G") -> str:
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    place = f"lt={LAT:+.5f};lg={LON:+.5f};rd={radius};top={at:%Y%m%d%H%M%S};lc=68;pm={method}"
    body = f'A"ML=1;{place};si=74001{imei[4:14]};ei={imei};mcc=740;mnc=01;ml='
    return f"{body}{len(body) + 3}"


def aml_form(number: str, **more: str) -> bytes:
    now = datetime.now(UTC).timestamp() * 1000
    fields = {"v": "1", "emergency_number": "911", "source": "CALL", "time": f"{now:.0f}",
              "location_latitude": str(LAT), "location_longitude": str(LON), "location_time": f"{now:.0f}",
              "location_accuracy": "12.5", "location_confidence": "0.68", "location_source": "gps",
              "device_number": number}  # fmt: skip
    return str(httpx.QueryParams(fields | more)).encode()


PIDF = f"""<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
  xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml"
  xmlns:gs="http://www.opengis.net/pidflo/1.0" entity="pres:someone@example.org"><dm:device id="d">
  <gp:geopriv><gp:location-info><gs:Circle srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>{LAT} {LON}</gml:pos>
  <gs:radius uom="urn:ogc:def:uom:EPSG::9001">30</gs:radius></gs:Circle></gp:location-info>
  <gp:usage-rules/></gp:geopriv><dm:timestamp>{datetime.now(UTC):%FT%TZ}</dm:timestamp></dm:device></presence>"""

DOORS: dict[str, tuple[str, bytes]] = {
    "AML by SMS": ("/v1/intake/aml/sms", aml_sms("357891234567890").encode()),
    "AML by data SMS": ("/v1/intake/aml/data-sms", gsm7.pack(aml_sms("357891234567916"))),
    "AML by HTTPS": ("/v1/intake/aml/https", aml_https.sign(aml_form("+593990001230"), HMAC.encode())),
    "PIDF-LO": ("/v1/intake/pidf-lo", PIDF.encode()),
    "a geo: URI": ("/v1/intake/text", f"auxilio geo:{LAT},{LON};u=25".encode()),
    "a shared map": ("/v1/intake/text", f"choque https://maps.google.com/?q={LAT},{LON}".encode()),
    "coordinates": ("/v1/intake/text", f"estoy en {LAT}, {LON} cerca del parque".encode()),
    "UTM": ("/v1/intake/text", b"estoy en 17S 786072 9977816, humo"),
    "a short Plus Code": ("/v1/intake/text", "estoy en QHX9+QX Cumbayá".encode()),
    "an SMS in hexadecimal": ("/v1/intake/text", f"auxilio en {LAT} {LON}".encode("utf-16-be").hex().encode()),
}


@pytest.mark.parametrize(("path", "body"), DOORS.values(), ids=DOORS.keys())
async def test_every_format_locates_its_caller(http: httpx.AsyncClient, path: str, body: bytes) -> None:
    answer = await http.post(
        path, content=body, headers={"SMS-From": f"+59399000{Random(path + str(body)).randrange(2000, 9999)}"}
    )
    assert answer.status_code == 201, answer.text
    located = answer.json()["location"]
    assert located["status"] == "located" and located["parish"]["name"] == "Cumbayá"
    assert abs(located["lat"] - LAT) < 1e-4 and located["radius_m"] > 0
    again = await http.post(path, content=body)
    if "text" not in path:
        assert again.json()["call_id"] == answer.json()["call_id"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_one_phones_voice_and_aml_are_one_call_whichever_is_first(
    http: httpx.AsyncClient, order: tuple[int, ...]
) -> None:
    digits = "".join(map(str, order))
    number, imei = f"+5939900{digits}44"[:13], f"35789{digits}3456789"[:14] + "0"
    reports: list[tuple[str, dict[str, Any]]] = [
        (
            "/v1/calls",
            {"json": a_call(channel="voice", caller={"number": number}, nature="chest_pain") | {"fixes": []}},
        ),
        ("/v1/intake/aml/sms", {"content": aml_sms(imei), "headers": {"SMS-From": number}}),
        ("/v1/intake/aml/https", {"content": aml_https.sign(aml_form(number, device_imei=imei), HMAC.encode())}),
    ]
    answers = []
    for i in order:
        path, sent = reports[i]
        answer = await http.post(path, **sent)
        assert answer.status_code == 201, answer.text
        answers.append(answer.json())
    assert len({a["call_id"] for a in answers}) == 1
    whole = (await http.get(f"/v1/incidents/{answers[0]['incident_id']}")).json()
    assert whole["incident"]["calls"] == 1 and whole["incident"]["nature"] == "chest_pain"
    assert whole["incident"]["priority"] == 1 and set(whole["incident"]["channels"]) == {"voice", "aml"}
    assert whole["calls"][0]["channel"] == "voice"
    assert whole["incident"]["location"]["parish"]["name"] == "Cumbayá"


async def test_all_three_at_the_same_moment_are_one_call(http: httpx.AsyncClient) -> None:
    number, imei = "+593990007777", "357897777777770"
    answers = await asyncio.gather(
        http.post("/v1/calls", json=a_call(channel="voice", caller={"number": number}) | {"fixes": []}),
        http.post("/v1/intake/aml/sms", content=aml_sms(imei), headers={"SMS-From": number}),
        http.post("/v1/intake/aml/https", content=aml_https.sign(aml_form(number, device_imei=imei), HMAC.encode())),
    )
    assert len({a.json()["call_id"] for a in answers}) == 1


async def test_no_fix_is_no_position_at_zero(http: httpx.AsyncClient) -> None:
    body = 'A"ML=1;lt=+00.00000;lg=+000.00000;rd=N;top=20261123120000;lc=0;pm=N;si=;ei=;mcc=740;mnc=01;ml=90'
    answer = await http.post("/v1/intake/aml/sms", content=body, headers={"SMS-From": "+593990006666"})
    assert answer.status_code == 201 and answer.json()["location"]["status"] == "unlocated"


async def test_what_breaks_its_rules_and_still_tells_where_is_used_and_flagged(http: httpx.AsyncClient) -> None:
    body = aml_sms("357891234567999").rsplit("=", 1)[0] + "=7"
    answer = (await http.post("/v1/intake/aml/sms", content=body, headers={"SMS-From": "+593990005555"})).json()
    assert answer["location"]["status"] == "located"
    [call] = (await http.get(f"/v1/incidents/{answer['incident_id']}")).json()["calls"]
    assert any(flaw.startswith("ml") for flaw in call["flaws"])


async def test_a_handset_needs_a_signature_or_a_key(formats_service: Service, http: httpx.AsyncClient) -> None:
    form = aml_form("+593990004444")
    async with formats_service.client(key=None) as handset:
        signed = await handset.post("/v1/intake/aml/https", content=aml_https.sign(form, HMAC.encode()))
        assert signed.status_code == 201 and signed.json().keys() == {"report_id", "received_at"}
        assert (await handset.post("/v1/intake/aml/https", content=form)).status_code == 401
    # A gateway's message that can't be believed is answered 2xx, and kept.
    wrong = await http.post("/v1/intake/aml/https", content=aml_https.sign(form, b"another"))
    assert wrong.status_code == 202 and wrong.json()["used"] is False
    kept = await http.get(f"/v1/quarantine/{wrong.json()['quarantine_id']}")
    assert kept.content == aml_https.sign(form, b"another")


MALFORMED = {
    "aml/sms": b"hello",
    "aml/data-sms": b"\xff",
    "pidf-lo": b'<!DOCTYPE x [<!ENTITY e "boom">]><presence>&e;</presence>',
    "sip": b"OPTIONS sip:911 SIP/2.0\r\n\r\n",
    "text": b"",
}


@pytest.mark.parametrize(("door", "body"), MALFORMED.items())
async def test_a_malformed_message_gets_a_problem_and_is_kept(http: httpx.AsyncClient, door: str, body: bytes) -> None:
    answer = await http.post(f"/v1/intake/{door}", content=body)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] and answer.json()["quarantine_id"]


async def test_lost_says_which_service_answers_for_a_place(http: httpx.AsyncClient) -> None:
    question = f"""<findService xmlns="urn:ietf:params:xml:ns:lost1" xmlns:p2="http://www.opengis.net/gml">
      <location id="1" profile="geodetic-2d"><p2:Point srsName="urn:ogc:def:crs:EPSG::4326"><p2:pos>{LAT} {LON}</p2:pos>
      </p2:Point></location><service>urn:service:sos.fire</service></findService>"""
    answer = await http.post("/v1/lost", content=question)
    assert answer.headers["content-type"].startswith("application/lost+xml")
    assert "findServiceResponse" in answer.text and "Bomberos" in answer.text


@pytest.mark.parametrize(
    ("written", "place", "told"),
    [
        (f"{LON}, {LAT}", (LAT, LON), "leído como -0.2005, -78.43"),
        ("QHX9+QX", (LAT, LON), "leído como -0.2"),
        ("X: 786072 Y: 9977816", (LAT, LON), "UTM 17 sur"),
        ("0.1834 78.4843", None, "pregunte cuál"),
        ("https://maps.google.com/?q=N34+120", None, None),
        ("https://citymapper.com/go/abc", None, "open it by hand"),
    ],
)
async def test_how_a_place_was_read_is_told_on_the_card(
    http: httpx.AsyncClient, written: str, place: tuple[float, float] | None, told: str | None
) -> None:
    for path, body, headers in (
        ("/v1/intake/text", written.encode(), {"SMS-From": f"+59398{Random(written).randrange(10**6, 10**7)}"}),
        ("/v1/calls", a_call(text=written, fixes=[]), {}),
    ):
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await http.post(path, headers=headers, **sent)
        assert answer.status_code == 201, answer.text
        at = answer.json()["location"]
        assert (at["lat"], at["lon"]) == (pytest.approx(place, abs=1e-4) if place else (None, None))
        incident = (await http.get(f"/v1/incidents/{answer.json()['incident_id']}")).json()
        flaws = incident["calls"][-1]["flaws"]
        assert any(told in flaw for flaw in flaws) if told else flaws == []


async def test_an_anonymous_sip_call_without_a_location_is_an_incident(http: httpx.AsyncClient) -> None:
    request = "INVITE urn:service:sos SIP/2.0\r\nFrom: <sip:anonymous@anonymous.invalid>\r\nCall-ID: a84b4c\r\n\r\n"
    answer = await http.post("/v1/intake/sip", content=request.encode(), headers={"Content-Type": "message/sip"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["location"]["status"] == "unlocated"
    again = await http.post("/v1/intake/sip", content=request.encode(), headers={"Content-Type": "message/sip"})
    assert (again.status_code, again.json()["call_id"]) == (200, answer.json()["call_id"])


async def test_half_an_emoji_costs_no_call(http: httpx.AsyncClient) -> None:
    body = httpx.Request("POST", "http://x", json=a_call(text="Fuego")).content.replace(b"Fuego", b"Fuego \\ud83d")
    answer = await http.post("/v1/calls", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
