"""One hour of a room in which every operation is called once, for the examples of the documents."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import connect

from dispatch.intake import gsm7
from dispatch.live import frames
from dispatch.live.hub import STOPPING
from dispatch.live.screen import TOO_SLOW
from scripts.contract_examples.recorder import Recorder, shortened

# Parque Carolina and Cumbayá: far enough from each other to be two emergencies.
LAT, LON = -0.1822, -78.4845
OTHER = (-0.2005, -78.4300)
INCIDENT, UNIT = "/v1/incidents/{incident_id}", "/v1/units/{unit_id}"
MakeKey = Callable[[str, str, str | None], Awaitable[str]]


async def record(to: Recorder, url: str, key: str, make_key: MakeKey) -> dict[str, dict[str, Any]]:
    """`make_key(name, role, unit)` gives the secret of a new key. What `examples.json` holds."""
    socket = connect(
        f"{url.replace('http', 'ws', 1)}/v1/live", additional_headers={"Authorization": f"Bearer {key}"}, proxy=None
    )
    async with socket as screen:
        await _operations(to, make_key)
        wanted, messages = {"snapshot", "events", "positions", "pulse"}, dict[str, Any]()
        while wanted - messages.keys():
            message = json.loads(await screen.recv())
            messages.setdefault(message["type"], shortened(message))
    for closing in (frames.resync(TOO_SLOW), frames.move(STOPPING)):
        message = json.loads(closing)
        messages[message["type"]] = message
    return {"operations": to.operations, "messages": messages, "problem": to.problem}


async def _operations(to: Recorder, make_key: MakeKey) -> None:
    call = await _calls(to)
    await _formats(to)
    await _fleet(to, make_key)
    await _incidents(to, call)
    await _quarantine(to)
    await _city(to)
    await _access(to, make_key)
    await to.ask("get_health", "GET", "/healthz")
    await to.ask("get_readiness", "GET", "/readyz")
    await to.ask("get_metrics", "GET", "/metrics")


def _fix(lat: float = LAT, lon: float = LON, **more: Any) -> dict[str, Any]:
    return {"source": "gnss", "lat": lat, "lon": lon, "radius_m": 12.0, "at": datetime.now(UTC).isoformat()} | more


def _a_call(**more: Any) -> dict[str, Any]:
    caller = {"number": "+593990000001", "name": "Ana Paz", "language": "es"}
    return {"id": str(uuid4()), "channel": "app", "caller": caller, "nature": "crash_injured"} | more


async def _calls(to: Recorder) -> dict[str, Any]:
    text = "Choque de dos autos, hay un herido"
    call: dict[str, Any] = await to.ask("create_call", "POST", "/v1/calls", body=_a_call(text=text, fixes=[_fix()]))
    fixes = {"fixes": [_fix(radius_m=6.0)]}
    of = {"call_id": call["call_id"]}
    await to.ask("add_call_fixes", "POST", "/v1/calls/{call_id}/fixes", of=of, body=fixes)
    await to.ask("get_call", "GET", "/v1/calls/{call_id}", of=of)
    return call


async def _formats(to: Recorder) -> None:
    now = datetime.now(UTC)

    def sms(imei: str) -> str:
        text = (
            f'A"ML=1;lt={OTHER[0]:+.5f};lg={OTHER[1]:+.5f};rd=14;top={now:%Y%m%d%H%M%S};lc=68;pm=G;'
            f"si=74001{imei[5:]};ei={imei};mcc=740;mnc=01;ml="
        )
        return f"{text}{len(text) + 3}"

    form = (
        f"v=1&emergency_number=911&source=CALL&time={now.timestamp() * 1000:.0f}&location_latitude={OTHER[0]}"
        f"&location_longitude={OTHER[1]}&location_time={now.timestamp() * 1000:.0f}&location_accuracy=12.5"
        "&location_confidence=0.68&location_source=gps&device_number=%2B593990000004"
    )
    pidf = f"""<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
  xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml"
  xmlns:gs="http://www.opengis.net/pidflo/1.0" entity="pres:caller@example.org"><dm:device id="phone">
  <gp:geopriv><gp:location-info><gs:Circle srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>{OTHER[0]} {OTHER[1]}</gml:pos>
  <gs:radius uom="urn:ogc:def:uom:EPSG::9001">30</gs:radius></gs:Circle></gp:location-info>
  <gp:usage-rules/></gp:geopriv><dm:timestamp>{now:%FT%TZ}</dm:timestamp></dm:device></presence>"""
    sip = "INVITE urn:service:sos SIP/2.0\r\nFrom: <sip:anonymous@anonymous.invalid>\r\nCall-ID: a84b4c76e66710\r\n\r\n"
    number = {"SMS-From": "+593990000003"}

    async def take(name: str, door: str, body: bytes, media_type: str, **headers: str) -> None:
        operation, path = f"create_call_from_{name}", f"/v1/intake/{door}"
        await to.ask(operation, "POST", path, body=body, media_type=media_type, headers=headers | number)

    await take("aml_sms", "aml/sms", sms("357891234567890").encode(), "text/plain")
    await take("aml_data_sms", "aml/data-sms", gsm7.pack(sms("357891234567916")), "application/octet-stream")
    await take("aml_https", "aml/https", form.encode(), "application/x-www-form-urlencoded")
    await take("pidf_lo", "pidf-lo", pidf.encode(), "application/pidf+xml")
    await take("sip", "sip", sip.encode(), "message/sip")
    text = f"Humo en la quebrada, geo:{OTHER[0]},{OTHER[1]};u=25"
    await take("text", "text", text.encode(), "text/plain", **{"Message-Id": "smsc-20261127-0001"})


async def _fleet(to: Recorder, make_key: MakeKey) -> None:
    unit = {"id": "EX1", "agency": "PN", "kind": "patrol_car", "station": "pn-las-casas", "crew": ["Luis Vera"]}
    added = await to.ask("add_units", "POST", "/v1/units", body={"units": [unit | {"shift": "07:00-19:00"}]})
    of = {"unit_id": "EX1"}
    seen = {"crew": ["Luis Vera", "Eva Sol"], "version": added["items"][0]["version"]}
    await to.ask("change_unit", "PATCH", UNIT, of=of, body=seen)
    spoken = {"status": "returning", "at": datetime.now(UTC).isoformat()}
    await to.ask("set_unit_status", "POST", f"{UNIT}/status", of=of, body=spoken)
    at = (datetime.now(UTC) - timedelta(seconds=2)).isoformat()
    position = {"lat": LAT, "lon": LON, "at": at, "heading_deg": 90.0, "speed_mps": 9.5, "accuracy_m": 8.0}
    sent = {"positions": [{"unit_id": unit_id} | position for unit_id in ("EX1", "P001")]}
    await to.ask("add_unit_positions", "POST", "/v1/units/positions", body=sent)
    await to.ask("get_unit", "GET", UNIT, of=of)
    await to.ask("list_units", "GET", "/v1/units")
    to.operations["list_units"]["response"]["body"]["items"].insert(0, to.operations["get_unit"]["response"]["body"])
    span = {"from": (datetime.now(UTC) - timedelta(hours=1)).isoformat(), "limit": 100}
    await to.ask("get_unit_trail", "GET", f"{UNIT}/trail", of={"unit_id": "P001"}, query=span)
    await to.ask("remove_unit", "DELETE", UNIT, of=of)
    table = await to.ask("export_fleet", "GET", "/v1/units.csv", query={"excel": "false"})
    head = "\n".join(table.splitlines()[:3]).encode()
    await to.ask("import_fleet", "PUT", "/v1/units.csv", query={"dry_run": "true"}, body=head, media_type="text/csv")
    await to.ask("get_coverage", "GET", "/v1/coverage")
    await _devices(to, make_key)


async def _devices(to: Recorder, make_key: MakeKey) -> None:
    key = to.hide(await make_key("phone of P002", "device", "P002"), "KEY-OF-THE-DEVICE")
    now = datetime.now(UTC)
    told = {"id": key, "lat": LAT, "lon": LON, "speed": 18, "bearing": 90, "accuracy": 8}
    mine = {"Authorization": f"Bearer {key}"}
    path = "/v1/devices/osmand"
    before = {"timestamp": int(now.timestamp()) - 5}
    await to.ask("report_osmand_position", "GET", path, query=told | before, headers={"Authorization": ""})
    form = "&".join(f"{name}={value}" for name, value in (told | {"timestamp": int(now.timestamp())}).items())
    await to.ask(
        "send_osmand_position",
        "POST",
        path,
        body=form.encode(),
        media_type="application/x-www-form-urlencoded",
        headers={"Authorization": ""},
    )
    message = {
        "_type": "location",
        "tid": "P2",
        "lat": LAT,
        "lon": LON,
        "acc": 9,
        "tst": int(now.timestamp()),
        "vel": 36,
    }
    await to.ask("send_owntracks_message", "POST", "/v1/devices/owntracks", body=message, headers=mine)


async def _incidents(to: Recorder, call: dict[str, Any]) -> None:
    of = {"incident_id": call["incident_id"]}

    async def seen() -> int:
        found = (await to.http.get(INCIDENT.format(**of))).json()
        return int(found["incident"]["version"])

    advice = await to.ask("get_recommendation", "GET", f"{INCIDENT}/recommendation", of=of, query={"alarm": 1})
    first, second = [unit["unit_id"] for unit in advice["units"] if unit["preempts"] is None][:2]
    sent = {"unit_ids": [first], "version": await seen()}
    await to.ask("assign_units", "POST", f"{INCIDENT}/assignments", of=of, body=sent)
    await to.ask("get_incident", "GET", INCIDENT, of=of)
    swapped = {"release": first, "assign": second, "version": await seen()}
    await to.ask("swap_units", "POST", f"{INCIDENT}/swap", of=of, body=swapped)
    why = {"reason": "another unit is nearer"}
    path = f"{INCIDENT}/assignments/{{unit_id}}"
    await to.ask("release_unit", "DELETE", path, of=of | {"unit_id": second}, query=why)
    note = {"text": "La vía está cerrada hacia el norte"}
    await to.ask("add_incident_note", "POST", f"{INCIDENT}/notes", of=of, body=note)
    place = {"lat": LAT, "lon": LON, "radius_m": 30.0}
    change = {"priority": 1, "location": place, "version": await seen()}
    await to.ask("change_incident", "PATCH", INCIDENT, of=of, body=change)
    # Another caller, far from the first: linked by a person, unlinked again, and a second call of his split off.
    caller = {"number": "+593990000009"}
    other = (await to.http.post("/v1/calls", json=_a_call(caller=caller, fixes=[_fix(-0.30, -78.55)]))).json()
    linked = {"incident_id": other["incident_id"]}
    await to.ask("link_incident", "POST", f"{INCIDENT}/link", of=linked, body={"into": call["incident_id"]})
    await to.ask("unlink_incident", "POST", f"{INCIDENT}/unlink", of=linked)
    again = await to.http.post(f"/v1/incidents/{other['incident_id']}/link", json={"into": call["incident_id"]})
    assert again.is_success, again.text
    split = of | {"call_id": other["call_id"]}
    await to.ask("split_call", "POST", f"{INCIDENT}/calls/{{call_id}}/split", of=split)
    closing = {"reason": "attended", "version": await seen()}
    await to.ask("close_incident", "POST", f"{INCIDENT}/close", of=of, body=closing)
    await to.ask("reopen_incident", "POST", f"{INCIDENT}/reopen", of=of, body={"version": await seen()})
    await to.ask("list_related_calls", "GET", f"{INCIDENT}/related", of=of)
    await to.ask("list_incidents", "GET", "/v1/incidents", query={"open": "true", "limit": 2})
    await to.ask("get_intervals", "GET", "/v1/intervals", query={"by": "agency", "interval": "process"})


async def _quarantine(to: Recorder) -> None:
    kept = await to.refused("POST", "/v1/calls", ["not an object"])
    of = {"item_id": kept["quarantine_id"]}
    await to.ask("list_quarantine", "GET", "/v1/quarantine", query={"limit": 10})
    await to.ask("get_quarantined_report", "GET", "/v1/quarantine/{item_id}", of=of)
    await to.ask("mark_quarantine_handled", "POST", "/v1/quarantine/{item_id}/handled", of=of)


async def _city(to: Recorder) -> None:
    await to.ask("get_city", "GET", "/v1/city")
    await to.ask("get_parishes", "GET", "/v1/parishes")
    at = {"lat": LAT, "lon": LON, "radius_m": 100.0, "confidence": 0.68}
    await to.ask("get_location", "GET", "/v1/locate", query=at)
    question = f"""<findService xmlns="urn:ietf:params:xml:ns:lost1" xmlns:gml="http://www.opengis.net/gml">
  <location id="1" profile="geodetic-2d"><gml:Point srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>{LAT} {LON}</gml:pos>
  </gml:Point></location><service>urn:service:sos.police</service></findService>"""
    media_type = "application/lost+xml"
    await to.ask("find_service", "POST", "/v1/lost", body=question.encode(), media_type=media_type)


async def _access(to: Recorder, make_key: MakeKey) -> None:
    await to.ask("get_session", "GET", "/v1/session")
    link = (await to.http.post("/v1/session/links")).json()
    to.hide(link["code"], "CODE-OF-THE-LINK")
    me = {"Authorization": ""}
    await to.ask("sign_in", "POST", "/v1/session", body={"code": link["code"]}, headers=me)
    shown = await to.ask("add_sign_in_link", "POST", "/v1/session/links")
    to.hide(shown["code"], "CODE-OF-THE-LINK")
    to.operations["add_sign_in_link"]["response"]["body"] |= {
        "code": "CODE-OF-THE-LINK",
        "path": "/#code=CODE-OF-THE-LINK",
    }
    sessions = await to.ask("list_sessions", "GET", "/v1/sessions")
    of = {"session_id": sessions["items"][0]["id"]}
    await to.ask("end_session", "DELETE", "/v1/sessions/{session_id}", of=of)
    await to.ask("sign_out", "DELETE", "/v1/session", headers=me)
    await make_key("app of the web form", "intake", None)
    await to.ask("list_keys", "GET", "/v1/keys")
    await to.ask("revoke_key", "DELETE", "/v1/keys/{name}", of={"name": "app of the web form"})
