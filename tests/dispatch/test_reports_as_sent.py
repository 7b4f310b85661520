"""What apps and devices really send to `POST /v1/calls`: each is an incident at once, its flaws are told and kept."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.service import Service

CASES = json.loads((Path(__file__).parents[1] / "data" / "reports_as_sent.json").read_text())
QUITO = ZoneInfo("America/Guayaquil")
USUAL_GNSS_M = 30
Report = dict[str, Any]


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


def placeholders() -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "{uuid}": str(uuid4()),
        "{5000 x}": "x" * 5000,
        "{now}": now.isoformat(),
        "{now_ms}": int(now.timestamp() * 1000),
        "{now_s}": int(now.timestamp()),
        "{now_s_text}": str(int(now.timestamp())),
        "{now_local_naive}": now.astimezone(QUITO).replace(tzinfo=None).isoformat(timespec="seconds"),
        "{now_utc_naive}": now.replace(tzinfo=None).isoformat(timespec="seconds"),
        "{now_local_as_utc}": now.astimezone(QUITO).replace(tzinfo=UTC).isoformat(),
        "{now-1024w}": (now - timedelta(weeks=1024)).isoformat(),
        "{now-2048w}": (now - timedelta(weeks=2048)).isoformat(),
        "{now+2h}": (now + timedelta(hours=2)).isoformat(),
    }


def filled(value: Any, words: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, words) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    return words.get(value, value) if isinstance(value, str) else value


def made(change: Report) -> bytes:
    laid_over = CASES["base"] | change
    told = {name: value for name, value in laid_over.items() if value is not None}
    return json.dumps(filled(told, placeholders())).encode()


async def call_of(http: httpx.AsyncClient, answer: Report) -> Report:
    """Wherever it is by now: reports of one phone are drawn together, perhaps between these two questions."""
    for _ in range(20):
        held = (await http.get(f"/v1/calls/{answer['call_id']}")).json()["incident_id"]
        incident = (await http.get(f"/v1/incidents/{held}")).json()
        found: list[Report] = [call for call in incident["calls"] if call["id"] == answer["call_id"]]
        if found:
            return found[0]
    raise AssertionError(f"call {answer['call_id']} is in no incident")


@pytest.mark.parametrize("case", CASES["cases"], ids=[case["name"] for case in CASES["cases"]])
async def test_a_report_as_it_was_sent(http: httpx.AsyncClient, case: Report) -> None:
    expect = case["expect"]
    body = case["raw"].encode() if "raw" in case else made(case["change"])
    sent = datetime.now(UTC)
    answer = await http.post("/v1/calls", content=body, headers=case.get("headers", {}))
    assert answer.status_code == expect["status"], answer.text
    told = answer.json()
    if expect.get("quarantine"):
        kept = await http.get(f"/v1/quarantine/{told['quarantine_id']}")
        assert kept.content == body
        assert answer.headers.get("preference-applied") == ("handling=strict" if "headers" in case else None)
        return
    call, location = await call_of(http, told), told["location"]
    assert (location["status"] != "unlocated") is expect["located"]
    assert call["flaws"] == told["flaws"]
    if "flaw" in expect:
        assert any(flaw.startswith(f"{expect['flaw']}:") for flaw in told["flaws"]), told["flaws"]
    if "nature" in expect:
        assert call["nature"] is expect["nature"]
    if expect.get("text_kept_whole"):
        assert call["text"] == "x" * 5000
    if expect.get("radius_m") == "the source's usual":
        assert location["radius_m"] == pytest.approx(USUAL_GNSS_M, abs=1)
    elif "radius_m" in expect:
        assert location["radius_m"] == pytest.approx(expect["radius_m"], abs=1)
    if "radius_m_below" in expect:
        assert location["radius_m"] < expect["radius_m_below"]
    if "fix_source" in expect:
        assert location["source"] == expect["fix_source"]
    if "age_s_below" in expect:
        assert abs(sent - datetime.fromisoformat(location["at"])) < timedelta(seconds=expect["age_s_below"])
    if expect.get("at_not_in_the_future"):
        assert datetime.fromisoformat(location["at"]) <= datetime.now(UTC)
    if expect.get("same_body_again_is_the_same_call"):
        again = await http.post("/v1/calls", content=body)
        assert (again.status_code, again.json()) == (200, told)
    if expect.get("kept_with_the_report"):
        assert "'battery': unknown field, passed over: 12" in call["flaws"]


FIX = CASES["base"]["fixes"][0]
HERE = (-0.3, -78.55)


def with_fix(**change: Any) -> Report:
    fix = {name: value for name, value in (FIX | change).items() if value is not None}
    return {"fixes": [fix]}


# What is laid over the base; the flaw; latitude and longitude, None for unlocated.
OTHERS: dict[str, tuple[Report, str, tuple[float, float] | None]] = {
    "the order turned round": (with_fix(lat=-78.55, lon=-0.3), "fixes.0", HERE),
    "the sign of the longitude lost": (with_fix(lon=78.55), "fixes.0", HERE),
    "null island": (with_fix(lat=0, lon=0), "fixes.0", None),
    "null island, with noise": (with_fix(lat=0.0001, lon=-0.0002), "fixes.0", None),
    "degrees and minutes as texts": (with_fix(lat="0°18'00.0\"S", lon="78°33'00.0\"W"), "fixes.0.lat", HERE),
    "decimal commas": (with_fix(lat="-0,3", lon="-78,55"), "fixes.0.lat", HERE),
    "names of other interfaces": (
        {"fixes": [{"latitude": -0.3, "longitude": -78.55, "accuracy": 8, "provider": "gps"}]}, "fixes.0.lat", HERE
    ),
    "confidence per cent": (with_fix(confidence=95), "fixes.0.confidence", HERE),
    "radius as a text": (with_fix(radius_m="12"), "fixes.0.radius_m", HERE),
    "an altitude that can't be": (with_fix(altitude_m=1e9), "fixes.0.altitude_m", HERE),
    "seconds": (with_fix(at="{now_s}"), "fixes.0.at", HERE),
    "seconds as a text": (with_fix(at="{now_s_text}"), "fixes.0.at", HERE),
    "two rollovers": (with_fix(at="{now-2048w}"), "fixes.0.at", HERE),
    "the moon landing": (with_fix(at="1969-07-20T20:17:00Z"), "fixes.0.at", HERE),
    "a clock that was never set": (with_fix(at="1970-01-01T00:03:00Z"), "fixes.0.at", HERE),
    "the city's clock called UTC": (with_fix(at="{now_local_as_utc}"), "fixes.0.at", HERE),
    "UTC without a zone": (with_fix(at="{now_utc_naive}"), "fixes.0.at", HERE),
    "the year 2050": (with_fix(at="2050-01-01T00:00:00Z"), "fixes.0.at", HERE),
    "a list for a time": (with_fix(at=[2026, 11, 27]), "fixes.0.at", HERE),
    "a bad cell beside the position": (with_fix(cell={"mcc": 740, "mnc": 1, "lac": -1}), "fixes.0.cell", HERE),
    "one fix, not in a list": ({"fixes": FIX}, "fixes", HERE),
    "200 fixes": ({"fixes": [FIX] * 200}, "fixes", HERE),
    "a place in a text for a fix": ({"fixes": ["-0.3000, -78.5500"]}, "fixes.0", HERE),
    "nothing for a fix, a place in the text": ({"fixes": [{}], "text": "estoy en -0.3000, -78.5500"}, "fixes.0", HERE),
    "null island, a place in the text": (
        with_fix(lat=0, lon=0) | {"text": "estoy en -0.3000, -78.5500"}, "fixes.0", HERE
    ),
    "a number for a caller": ({"caller": 593991110001}, "caller", HERE),
    "a long name": ({"caller": {"name": "x" * 5_000}}, "caller.name", HERE),
    "a list of words": ({"text": ["hay", "humo"]}, "text", HERE),
    "no channel": ({"channel": None}, "channel", HERE),
    "a number for the channel": ({"channel": 7}, "channel", HERE),
    "a number for the id": ({"id": 77}, "id", HERE),
    "nobody's id": ({"id": "00000000-0000-0000-0000-000000000000"}, "id", HERE),
    "a list for the nature": ({"nature": ["fire"]}, "nature", HERE),
}  # fmt: skip


@pytest.mark.parametrize(("change", "flaw", "place"), OTHERS.values(), ids=OTHERS.keys())
async def test_others_of_the_kind(
    http: httpx.AsyncClient, change: Report, flaw: str, place: tuple[float, float] | None
) -> None:
    answer = await http.post("/v1/calls", content=made(change))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    location = told["location"]
    assert any(each.startswith((f"{flaw}:", f"{flaw}.")) for each in told["flaws"]), told["flaws"]
    if place is None:
        assert location["status"] == "unlocated"
    else:
        assert (location["lat"], location["lon"]) == pytest.approx(place, abs=1e-5)
        assert location["radius_m"] < 1_000


NOT_QUITE_JSON: dict[str, tuple[bytes, str]] = {
    "NaN": (made({}).replace(b'"radius_m": 10', b'"radius_m": NaN'), "fixes.0.radius_m"),
    "an infinite number": (made({}).replace(b'"radius_m": 10', b'"radius_m": 1e999'), "fixes.0.radius_m"),
    "Windows-1252": (made({"text": "X"}).replace(b'"X"', b'"Pe\xf1a"'), "body"),
    "UTF-16": (made({}).decode().encode("utf-16"), "body"),
    "JSON in a JSON text": (json.dumps(made({}).decode()).encode(), "body"),
    "a list of one": (b"[" + made({}) + b"]", "body"),
    "a number of a thousand digits": (made({"battery": "X"}).replace(b'"X"', b"9" * 1_000), "'battery'"),
}


@pytest.mark.parametrize(("body", "flaw"), NOT_QUITE_JSON.values(), ids=NOT_QUITE_JSON.keys())
async def test_what_is_not_quite_json(http: httpx.AsyncClient, body: bytes, flaw: str) -> None:
    answer = await http.post("/v1/calls", content=body)
    assert answer.status_code == 201, answer.text
    assert any(each.startswith(f"{flaw}:") for each in answer.json()["flaws"]), answer.json()["flaws"]
    assert answer.json()["location"]["lat"] == pytest.approx(-0.3)


async def test_a_good_report_has_no_flaws(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/calls", content=made({}))).json()["flaws"] == []


async def test_a_time_ahead_is_the_same_report_when_it_is_sent_again(http: httpx.AsyncClient) -> None:
    """What the time means depends on when it comes; which report it is does not."""
    body = made(with_fix(at="{now+2h}"))
    first = await http.post("/v1/calls", content=body)
    again = await http.post("/v1/calls", content=body)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()


async def test_later_fixes_are_read_as_forgivingly_and_their_flaws_are_kept(http: httpx.AsyncClient) -> None:
    taken = (await http.post("/v1/calls", content=made({"fixes": []}))).json()
    path = f"/v1/calls/{taken['call_id']}/fixes"
    bad = {"source": "wifi", "lat": 999, "lon": -78.55}
    good = FIX | {"lat": "-0.3", "at": datetime.now(UTC).isoformat()}
    answer = await http.post(path, json={"fixes": [bad, good]})
    assert answer.status_code == 201, answer.text
    assert {flaw.split(":")[0] for flaw in answer.json()["flaws"]} >= {"fixes.0.lat", "fixes.1.lat"}
    assert answer.json()["location"]["lat"] == pytest.approx(-0.3)
    assert set(answer.json()["flaws"]) <= set((await call_of(http, taken))["flaws"])
    strict = await http.post(path, json={"fixes": [bad, good]}, headers={"Prefer": "handling=strict"})
    assert strict.status_code == 422 and strict.headers["preference-applied"] == "handling=strict"
    nothing = await http.post(path, json={"fixes": [bad]})
    assert nothing.status_code == 422 and nothing.json()["quarantine_id"]


@pytest.mark.parametrize("prefer", ["handling=strict", "respond-async, Handling=strict", 'handling="strict"; foo'])
async def test_a_strict_client_is_refused_and_told_so(http: httpx.AsyncClient, prefer: str) -> None:
    answer = await http.post("/v1/calls", content=made({"id": "ticket-77"}), headers={"Prefer": prefer})
    assert answer.status_code == 422 and answer.headers["preference-applied"] == "handling=strict"
    good = await http.post("/v1/calls", content=made({}), headers={"Prefer": prefer})
    assert good.status_code == 201 and good.headers["preference-applied"] == "handling=strict"


async def test_flaws_are_counted_by_their_part(http: httpx.AsyncClient) -> None:
    async def count() -> float:
        lines = (await http.get("/metrics")).text.splitlines()
        found = [line for line in lines if line.startswith('dispatch_flaws_total{door="calls",part="unknown field"}')]
        return float(found[0].split()[-1]) if found else 0.0

    before = await count()
    await http.post("/v1/calls", content=made({"battery": 12, "model": "x"}))
    assert await count() == before + 2
