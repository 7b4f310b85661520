"""A location on the road: from cells, from words, refined, contradicted, moving."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.reports import CENTRE, CUMBAYA, a_call, a_fix
from tests.screens import Screen
from tests.service import Service

CELLS = """radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal
LTE,740,1,2100,51234,,-78.4300,-0.2005,900,120,1,1700000000,1760000000,0
"""


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table: Path = tmp_path_factory.mktemp("cells") / "cells.csv"
    table.write_text(CELLS)
    return table


@pytest.fixture(scope="module")
async def cells_service(module_database_url: str, cells: Path) -> AsyncIterator[Service]:
    async with Service.started(module_database_url, cells=str(cells)) as service:
        yield service


@pytest.fixture
async def http(cells_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with cells_service.client() as client:
        yield client


async def located(http: httpx.AsyncClient, *fixes: dict[str, Any], **more: Any) -> Any:
    answer = await http.post("/v1/calls", json=a_call(*fixes, nature="fall", **more))
    assert answer.status_code == 201, answer.text
    return answer.json()["location"]


def cell(cid: int, lac: int = 2100) -> dict[str, Any]:
    return {"source": "cell", "cell": {"mcc": "740", "mnc": "01", "lac": lac, "cid": cid}}


async def test_a_known_cell_is_looked_up(http: httpx.AsyncClient) -> None:
    location = await located(http, cell(51234))
    assert location["candidates"][0]["name"] == "Cumbayá" and location["source"] == "cell"
    assert 300 < location["radius_m"] < 3000


async def test_an_unknown_cell_is_honestly_wide(http: httpx.AsyncClient) -> None:
    known, other = await located(http, cell(51234)), await located(http, cell(9, lac=9))
    assert other["status"] in {"ambiguous", "unlocated"}
    assert other["radius_m"] is None or other["radius_m"] > 5 * known["radius_m"]


async def test_a_parish_alone_is_a_place(http: httpx.AsyncClient) -> None:
    location = await located(http, {"source": "address", "parish_code": "170157"})
    assert location["status"] == "located" and location["parish"]["name"] == "Cumbayá"
    assert location["parish"]["probability"] > 0.9 and location["radius_m"] > 1000


async def test_words_that_tell_where_are_a_fix(http: httpx.AsyncClient) -> None:
    call = a_call(channel="chat", text=f"choque geo:{CUMBAYA[0]},{CUMBAYA[1]};u=40") | {"fixes": []}
    location = (await http.post("/v1/calls", json=call)).json()["location"]
    assert location["parish"]["name"] == "Cumbayá"


async def test_a_contradiction_is_shown_and_not_averaged(http: httpx.AsyncClient) -> None:
    far_apart = [a_fix(*CENTRE, radius_m=10), a_fix(*CUMBAYA, source="wifi", radius_m=40)]
    location = await located(http, *far_apart)
    assert location["contradicted"] == ["wifi"]
    assert abs(location["lat"] - CENTRE[0]) < 1e-3 and abs(location["lon"] - CENTRE[1]) < 1e-3


async def test_probabilities_near_a_limit_add_up(http: httpx.AsyncClient) -> None:
    location = await located(http, a_fix(-0.2035, -78.4900, source="cell", radius_m=700))
    assert len(location["candidates"]) > 1
    assert sum(c["probability"] for c in location["candidates"]) == pytest.approx(1, abs=1e-3)
    assert [c["probability"] for c in location["candidates"]] == sorted(
        (c["probability"] for c in location["candidates"]), reverse=True
    )
    coarse, fine = location["cells"]
    assert coarse.startswith("87") and fine.startswith("8a")


async def test_a_caller_who_moves_leaves_a_trail(cells_service: Service, http: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)

    def step(minutes_ago: int) -> dict[str, Any]:
        at = (now - timedelta(minutes=minutes_ago)).isoformat()
        return a_fix(CUMBAYA[0] + minutes_ago * 0.002, CUMBAYA[1], at=at)

    call = a_call(step(3), nature="seizure")
    number = (await http.post("/v1/calls", json=call)).json()["incident_id"]
    async with Screen.on(cells_service) as screen:
        for minutes_ago in (1, 2, 0):
            await http.post(f"/v1/calls/{call['id']}/fixes", json={"fixes": [step(minutes_ago)]})
        await screen.until(lambda: sum(e.kind == "location_changed" for e in screen.events) >= 2)
    [seen] = (await http.get(f"/v1/incidents/{number}")).json()["calls"]
    assert [round((p["lat"] - CUMBAYA[0]) / 0.002) for p in seen["trail"]] == [3, 2, 1, 0]
    assert abs(seen["location"]["lat"] - CUMBAYA[0]) < 1e-4
