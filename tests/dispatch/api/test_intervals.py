"""`GET /v1/intervals` over a real socket."""

import csv
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import httpx
import pytest

from dispatch.api.intervals import period
from dispatch.errors import Invalid
from tests.reports import a_call, a_fix
from tests.service import Service


@pytest.fixture(scope="module")
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """After one incident to which one unit went, turned round on the way, and another then came."""
    async with module_service.client() as http:
        call = (await http.post("/v1/calls", json=a_call(a_fix(-0.05, -78.44), nature="crash_damage"))).json()
        address = f"/v1/incidents/{call['incident_id']}/assignments"
        for unit, steps in (("T01", ["en_route"]), ("T02", ["en_route", "on_scene"])):
            assert (await http.post(address, json={"unit_ids": [unit]})).status_code == 201
            for status in steps:
                assert (await http.post(f"/v1/units/{unit}/status", json={"status": status})).status_code == 200
            if unit == "T01":
                assert (await http.delete(f"{address}/{unit}")).status_code == 200
        yield http


async def items(http: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await http.get("/v1/intervals", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_the_last_day_by_agency(http: httpx.AsyncClient) -> None:
    found = await items(http)
    assert [(i["interval"], i["group"], i["count"]) for i in found] == [
        ("process", "AMT", 1), ("turnout", "AMT", 2), ("travel", "AMT", 1), ("response", "AMT", 1),
    ]  # fmt: skip
    process = found[0]
    assert process["target_s"] == 60 and process["target_share"] == 0.9 and process["met"] == 1
    assert 0 <= process["median_s"] == process["p90_s"] < 60


@pytest.mark.parametrize("by", ["parish", "priority", "nature"])
async def test_by_other_groups(http: httpx.AsyncClient, by: str) -> None:
    [incident] = (await http.get("/v1/incidents", params={"nature": "crash_damage"})).json()["items"]
    [process] = await items(http, by=by, interval="process")
    assert process["group"] == (incident["location"]["parish"]["code"] if by == "parish" else incident[by])


async def test_another_time_has_nothing(http: httpx.AsyncClient) -> None:
    assert await items(http, **{"from": "2020-01-01T00:00:00Z", "to": "2020-12-31T00:00:00Z"}) == []


@pytest.mark.parametrize("asked", [{"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}])
async def test_as_csv(http: httpx.AsyncClient, asked: dict[str, Any]) -> None:
    answer = await http.get("/v1/intervals", **asked)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert [(r["group"], r["interval"], r["count"], r["targets_s"]) for r in rows][:2] == [
        ("AMT", "process", "1", "60"), ("AMT", "turnout", "2", "60"),
    ]  # fmt: skip


async def test_json_where_it_is_preferred(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/intervals", headers={"Accept": "application/json, text/csv;q=0.5"})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from"),
        ({"from": "2024-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-01-01T00:00:00"}, "from"),
        ({"to": "0001-01-01T00:00:00Z"}, "to"),
        ({"by": "weather"}, "by"),
        ({"interval": "lunch"}, "interval.0"),
        ({"format": "pdf"}, "format"),
    ],
)
async def test_a_bad_question_is_told_what_is_wrong(
    http: httpx.AsyncClient, params: dict[str, str], field: str
) -> None:
    answer = await http.get("/v1/intervals", params=params)
    assert answer.status_code == 422, answer.text
    assert [e["field"] for e in answer.json()["errors"]] == [field]


async def test_it_is_for_dispatchers(module_service: Service) -> None:
    async with module_service.client(key=None) as nobody:
        assert (await nobody.get("/v1/intervals")).status_code == 401


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_what_is_not_said_of_a_period() -> None:
    day = timedelta(days=1)
    assert period(None, None, now=NOW) == (NOW - day, NOW)
    assert period(NOW - 3 * day, None, now=NOW) == (NOW - 3 * day, NOW)
    assert period(None, NOW - 3 * day, now=NOW) == (NOW - 4 * day, NOW - 3 * day)
    assert period(NOW + day, None, now=NOW) == (NOW + day, NOW + 2 * day)
    assert period(NOW - 400 * day, NOW, now=NOW) == (NOW - 400 * day, NOW)
    with pytest.raises(Invalid):
        period(NOW - 401 * day, NOW, now=NOW)
