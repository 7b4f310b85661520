"""From the clock to the screens and to Prometheus, by the real service in a city that is very impatient."""

import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dispatch.model import UnitId
from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service

QUITO = Path(__file__).parents[3] / "data" / "quito"


@pytest.fixture(scope="module")
async def impatient(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """Half a second to send somebody, one second of silence for a crew of the ministry."""
    city = tmp_path_factory.mktemp("city") / "quito"
    shutil.copytree(QUITO, city)
    edit(city / "targets.json", lambda t: t | ({"seconds": 0.5} if t["code"] == "process" else {}))
    edit(city / "agencies.json", lambda a: a | ({"silent_after_s": 1} if a["code"] == "MSP" else {}))
    async with Service.started(module_database_url, city=str(city)) as service:
        yield service


def edit(file: Path, change: Any) -> None:
    file.write_text(json.dumps([change(record) for record in json.loads(file.read_text("utf-8"))]), "utf-8")


async def value(http: httpx.AsyncClient, name: str, **labels: str) -> float | None:
    families = text_string_to_metric_families((await http.get("/metrics")).text)
    found = [s.value for family in families for s in family.samples if s.name == name and s.labels == labels]
    return found[0] if found else None


async def test_a_call_that_waits_too_long_is_on_every_screen(impatient: Service) -> None:
    async with impatient.client() as http, Screen.on(impatient) as screen:
        number = (await http.post("/v1/calls", json=a_call(a_fix(-0.1, -78.5), nature="fall"))).json()["incident_id"]
        await screen.until(lambda: any(e.kind == "incident_overdue" for e in screen.events))
        [event] = [e for e in screen.events if e.kind == "incident_overdue"]
        assert event.data == {"interval": "process", "target_s": 0.5, "unit_id": None, "over": True}
        assert [o.interval for o in screen.room.incidents[number].overdue] == ["process"]
        assert await value(http, "dispatch_overdue", interval="process") == 1
        assert await value(http, "dispatch_overdue", interval="handover") == 0
        version = screen.room.incidents[number].version
        sent = await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": ["A01"], "version": version})
        assert sent.status_code == 201 and sent.json()["overdue"] == []
        assert await value(http, "dispatch_overdue", interval="process") == 0


async def test_a_crew_that_falls_silent_and_speaks_again(impatient: Service) -> None:
    async def speak(http: httpx.AsyncClient) -> None:
        here = {"unit_id": "A05", "lat": -0.2, "lon": -78.5, "at": datetime.now(UTC).isoformat()}
        assert (await http.post("/v1/units/positions", json={"positions": [here]})).json()["accepted"] == 1

    a05 = UnitId("A05")
    async with impatient.client() as http, Screen.on(impatient) as screen:
        assert screen.room.units[a05].agency == "MSP"
        await speak(http)
        await screen.until(lambda: screen.room.units[a05].silent_since is not None)
        assert await value(http, "dispatch_silent_units", agency="MSP") == 1
        assert await value(http, "dispatch_silent_units", agency="PN") == 0
        await speak(http)
        await screen.until(lambda: screen.room.units[a05].silent_since is None)
    told = [(e.kind, [u.id for u in e.units]) for e in screen.events if e.kind in {"unit_silent", "unit_heard"}]
    assert told[:2] == [("unit_silent", ["A05"]), ("unit_heard", ["A05"])]


async def test_intervals_are_observed_as_they_end(impatient: Service) -> None:
    async def seen() -> dict[tuple[str, str], float]:
        keys = [("process", ""), ("response", ""), ("turnout", "AMT"), ("travel", "AMT"), ("on_scene", "AMT")]
        name = "dispatch_interval_seconds_count"
        return {(i, a): await value(http, name, interval=i, agency=a) or 0.0 for i, a in keys}

    async with impatient.client() as http:
        before = await seen()
        call = (await http.post("/v1/calls", json=a_call(a_fix(-0.05, -78.44), nature="crash_damage"))).json()
        address = f"/v1/incidents/{call['incident_id']}/assignments"
        for unit, steps in (("T01", ["en_route"]), ("T02", ["en_route", "on_scene"])):
            assert (await http.post(address, json={"unit_ids": [unit]})).status_code == 201
            for status in steps:
                assert (await http.post(f"/v1/units/{unit}/status", json={"status": status})).status_code == 200
            # The first is recalled on its way: sent once more, it was processed once all the same.
            assert (await http.delete(f"{address}/{unit}")).status_code == 200
        after = await seen()
    assert {key: after[key] - before[key] for key in after} == {
        ("process", ""): 1, ("response", ""): 1, ("turnout", "AMT"): 2, ("travel", "AMT"): 1, ("on_scene", "AMT"): 1,
    }  # fmt: skip
