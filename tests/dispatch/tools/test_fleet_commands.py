"""`dispatch fleet`: a table checked, put in beside a running service, and taken out again."""

import asyncio
import json
import os
import sys
from pathlib import Path

from dispatch.model import UnitId
from tests.screens import Screen
from tests.service import Service

TABLE = "id;agency;kind;crew\r\nA01;MSP;ambulance_bls;Ana Paz\r\nX9;MSP;ambulance_als;\r\n"


async def fleet(*words: str, database_url: str | None = None, given: bytes | None = None) -> tuple[int, bytes, str]:
    more = {"DISPATCH_DATABASE_URL": database_url} if database_url else {}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "dispatch", "fleet", *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(os.environ) | more,
    )
    out, said = await process.communicate(given)
    return process.returncode or 0, out, said.decode()


async def test_a_table_put_in_reaches_the_screens_of_a_running_service(
    service: Service, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "fleet.csv"
    file.write_bytes(TABLE.encode("cp1252"))
    async with Screen.on(service) as screen:
        there = len(screen.room.units)
        code, out, said = await fleet("import", str(file), "--dry-run", database_url=database_url)
        assert (code, out) == (0, b"1 added, 1 changed, 0 unchanged, 0 removed (dry run, nothing was written).\n"), said
        code, out, said = await fleet("import", "-", "--json", database_url=database_url, given=TABLE.encode())
        assert code == 0 and json.loads(out)["added"] == 1, said
        await screen.until(lambda: len(screen.room.units) == there + 1)
        await screen.until(lambda: screen.room.units[UnitId("A01")].crew == ("Ana Paz",))
    assert {event.actor for event in screen.events} == {"command line"}
    code, out, said = await fleet("export", database_url=database_url)
    async with service.client() as http:
        assert code == 0 and out == (await http.get("/v1/units.csv")).content, said
    taken = tmp_path / "taken.csv"
    assert (await fleet("export", "--excel", "-o", str(taken), database_url=database_url))[0] == 0
    code, out, said = await fleet("import", str(taken), "--remove-missing", database_url=database_url)
    assert out == f"0 added, 0 changed, {there + 1} unchanged, 0 removed.\n".encode(), said


async def test_what_is_wrong_is_told_line_by_line_and_nothing_is_written(service: Service, database_url: str) -> None:
    table = b"id,agency,kind\nX1,MSP,ambulance_bls\nX2,MSP,ambulanc_bls\nX3,XYZ,engine\n"
    for words in (("check", "-"), ("import", "-")):
        code, out, said = await fleet(*words, database_url=database_url, given=table)
        assert (code, out) == (1, b"")
        assert "line 3, kind: 'ambulanc_bls' is not in the city's data; did you mean 'ambulance_bls'?" in said
        assert "line 4, agency: 'XYZ'" in said and "Traceback" not in said
    code, out, _ = await fleet("import", "-", "--json", database_url=database_url, given=table)
    assert code == 1 and [p["field"] for p in json.loads(out)["errors"]] == ["line 3, kind", "line 4, agency"]
    async with service.client() as http:
        assert (await http.get("/v1/units/X1")).status_code == 404


async def test_what_is_no_table_or_no_city_ends_with_two(tmp_path: Path) -> None:
    code, _, said = await fleet("check", "-", given=b"PK\x03\x04")
    assert code == 2 and "save it as CSV" in said
    code, _, said = await fleet("check", "-", "--city", str(tmp_path), given=b"id\nA1")
    assert code == 2 and "city.json" in said and "Traceback" not in said
    code, _, said = await fleet("check", str(tmp_path / "none.csv"))
    # The message stands in a box, which may break the path anywhere.
    assert code == 2 and "none.csv" in "".join(said.replace("│", "").split())


async def test_the_citys_own_fleet_is_right() -> None:
    city = Path(__file__).parents[3] / "data" / "quito" / "fleet.csv"
    assert (await fleet("check", str(city)))[:2] == (0, b"162 units; no errors.\n")
