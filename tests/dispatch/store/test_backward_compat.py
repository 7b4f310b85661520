"""What is stored can be read by the version before; what that version stored is read as it was meant."""

import json
from enum import StrEnum
from typing import Any

import asyncpg
import pytest
from pydantic import TypeAdapter

from dispatch.store.backward_compat import decode_of_all, encode_for_all
from dispatch.store.migrate import migrate
from geo import Fix, Location, LocationStatus, Point, Source
from tests.callers import Callers, sent
from tests.reports import CUMBAYA, a_call, a_fix
from tests.service import Service

KnownBefore = StrEnum("KnownBefore", {s.name: s.value for s in Source if s is not Source.REPORTED})  # type: ignore[misc]

LOCATION = Location(
    LocationStatus.LOCATED, -0.2, -78.5, 50.0, 0.95, Source.REPORTED, contradicted=(Source.REPORTED, Source.GNSS)
)
FIXES = (Fix(Source.REPORTED, Point(-0.2, -78.5)), Fix(Source.GNSS, Point(-0.21, -78.5), 12.25))


def sources(value: Any) -> list[str]:
    """As the version before looks for them."""
    if isinstance(value, list):
        return [found for each in value for found in sources(each)]
    if not isinstance(value, dict):
        return []
    here = [value["source"]] if value.get("source") else []
    return [*here, *value.get("contradicted", []), *(f for each in value.values() for f in sources(each))]


@pytest.mark.parametrize(("value", "kind"), [(LOCATION, Location), (FIXES, tuple[Fix, ...])])
def test_the_version_before_knows_every_value(value: Any, kind: Any) -> None:
    text = encode_for_all(value)
    for source in sources(json.loads(text)):
        TypeAdapter(KnownBefore).validate_python(source)
    assert decode_of_all(text, kind) == value


def test_what_it_knows_is_stored_as_before() -> None:
    plain = Location(LocationStatus.LOCATED, -0.2, -78.5, 50.0, 0.95, Source.MANUAL, contradicted=(Source.GNSS,))
    assert "_now" not in encode_for_all(plain)
    assert decode_of_all(encode_for_all(plain), Location) == plain


async def test_a_place_that_is_reported_is_so_in_the_room_and_not_in_the_row(
    module_service: Service, module_database_url: str
) -> None:
    async with Callers.of(module_service, module_database_url) as callers:
        call = a_call(channel="chat", text="estoy en -0.20050, -78.43000", nature="bees") | {"fixes": []}
        number = (await sent(callers.app, call))["incident_id"]
        assert (await callers.view(number))["incident"]["location"]["source"] == "reported"
    db = await asyncpg.connect(module_database_url)
    for table in ("incident", "call"):
        assert "unknown" in {r[0] for r in await db.fetch(f"select location->>'source' from {table}")}  # noqa: S608
    await db.close()


async def test_what_apps_called_manual_before_is_reported_now(database_url: str) -> None:
    """Calls and incidents as the version before left them: of an app, and of a dispatcher."""
    async with Service.started(database_url) as service, Callers.of(service, database_url) as callers:
        by_app = a_call(a_fix(-0.10, -78.47, source="manual"), nature="fall")
        by_desk = a_call(a_fix(-0.30, -78.53, source="manual"), nature="fall")
        numbers = [
            (await sent(sender, call))["incident_id"]
            for sender, call in ((callers.app, by_app), (callers.desk, by_desk))
        ]
        key = callers.app.headers["Authorization"].removeprefix("Bearer ")
    db = await asyncpg.connect(database_url)
    for table, columns in (("call", ("fixes", "location")), ("incident", ("location",))):
        for column in columns:
            plain = f"""replace({column}::text, ',"source_now":"reported"', '')"""
            before = f"""replace({plain}, '"source":"unknown"', '"source":"manual"')::json"""
            await db.execute(f"update {table} set {column} = {before}")  # noqa: S608
    await db.execute("update call set sender = null")
    await db.execute("update report set digest = default")
    assert await db.fetchval("select count(*) from incident where location->>'source' = 'manual'") == 2
    await db.execute("delete from schema_migration where version = 7")
    assert await migrate(db) == ["0007_senders.sql"]
    await db.close()

    async with Service.started(database_url) as service, service.client() as http, service.client(key) as app:
        views = [(await http.get(f"/v1/incidents/{number}")).json() for number in numbers]
        assert [view["incident"]["location"]["source"] for view in views] == ["reported", "manual"]
        assert [view["calls"][0]["location"]["source"] for view in views] == ["reported", "manual"]
        better = {"fixes": [a_fix(-0.1001, -78.47, radius_m=4)]}
        assert (await app.post(f"/v1/calls/{by_app['id']}/fixes", json=better)).status_code == 201
        assert (await app.post(f"/v1/calls/{by_desk['id']}/fixes", json=better)).status_code == 404
        now = (await http.get(f"/v1/calls/{by_app['id']}")).json()
        assert {fix["source"] for fix in now["fixes"]} == {"reported", "gnss"} and now["sender"].startswith("intake-")
        placed = {"location": {"lat": CUMBAYA[0], "lon": CUMBAYA[1]}, "version": views[1]["incident"]["version"]}
        assert (await http.patch(f"/v1/incidents/{numbers[1]}", json=placed)).status_code == 200
