"""A call that is sent fixes without end: all are kept, few are reckoned with, the last costs what the tenth did."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx

from tests.reports import a_call, a_fix
from tests.service import Service
from tests.worst import processor_s

MANY = 600
ROUND = 100


async def post(http: httpx.AsyncClient, call_id: str, *fixes: dict[str, Any]) -> Any:
    answer = await http.post(f"/v1/calls/{call_id}/fixes", json={"fixes": list(fixes)})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_every_fix_is_kept_and_the_last_costs_what_the_tenth_did(service: Service, database_url: str) -> None:
    began = datetime.now(UTC) - timedelta(seconds=MANY)
    async with service.client() as http:
        call = a_call(a_fix(-0.30, -78.52, at=began.isoformat()))
        told = (await http.post("/v1/calls", json=call)).json()
        taken = []
        for first in range(0, MANY, ROUND):
            before = processor_s(service.process.pid)
            for number in range(first, first + ROUND):
                at = (began + timedelta(seconds=number + 1)).isoformat()
                told = await post(http, call["id"], a_fix(-0.30 + number * 1e-4, -78.52, at=at, radius_m=10))
            taken.append(processor_s(service.process.pid) - before)
        known = (await http.get(f"/v1/calls/{call['id']}")).json()
        incident = (await http.get(f"/v1/incidents/{told['incident_id']}")).json()
    # The second hundred against the last; the first one warms up.
    assert taken[-1] < 1.5 * taken[1] + 0.1, taken
    assert known["fixes_in_all"] == MANY + 1 and len(known["fixes"]) <= 3
    assert abs(known["location"]["lat"] - (-0.30 + MANY * 1e-4)) < 5e-4
    assert len(incident["calls"][0]["trail"]) > 50
    db = await asyncpg.connect(database_url)
    try:
        stored = await db.fetch("select (fix->'point'->>'lat')::float8 as lat from call_fix")
        held = await db.fetchval("select length(fixes::text) from call")
    finally:
        await db.close()
    assert len({row["lat"] for row in stored}) + len(known["fixes"]) >= MANY
    assert held < 2_000


async def test_a_call_of_before_with_thousands_of_fixes_is_mended_by_its_next_one(
    service: Service, database_url: str
) -> None:
    """An older node kept them all in the row."""
    async with service.client() as http:
        call = a_call(a_fix())
        assert (await http.post("/v1/calls", json=call)).status_code == 201
        db = await asyncpg.connect(database_url)
        try:
            await db.execute(
                """update call set fixes =
                       (select json_agg(f) from json_array_elements(fixes) f, generate_series(1, 3000))
                   where id = $1::uuid""",
                call["id"],
            )
        finally:
            await db.close()
        await post(http, call["id"], a_fix())
        known = (await http.get(f"/v1/calls/{call['id']}")).json()
    assert known["fixes_in_all"] == 3_001 and len(known["fixes"]) <= 3
