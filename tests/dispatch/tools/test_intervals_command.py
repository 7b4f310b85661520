"""`dispatch intervals` on a database."""

import asyncio
import os
import sys

import pytest

from dispatch.store.db import Pool, connection

HAPPENED = """
    insert into unit (id, agency, kind, since) values ('A1', 'MSP', '', now());
    insert into incident (status, priority, parish, opened_at, location, calls, channels)
        values ('dispatched', 1, '170157', '2026-03-01T05:30:00Z', '{}', 1, '{}');
    insert into assignment (incident_id, unit_id, assigned_by, assigned_at, en_route_at, on_scene_at)
        select id, 'A1', '', opened_at + '50 s', opened_at + '2 min', opened_at + '1 h 12 min' from incident;
"""


async def intervals(database_url: str, *words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "dispatch", "intervals", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(os.environ) | {"DISPATCH_DATABASE_URL": database_url, "COLUMNS": "160"},
    )
    out, said = await process.communicate()
    return process.returncode or 0, out.decode(), said.decode()


async def test_a_day_of_the_city_as_a_table_and_as_csv(pool: Pool, database_url: str) -> None:
    async with connection(pool) as db:
        await db.execute(HAPPENED)
    # Half past midnight in Quito.
    day = ("--from", "2026-03-01", "--to", "2026-03-02T00:00", "--by", "parish")
    code, out, said = await intervals(database_url, *day)
    assert code == 0, said
    assert "Quito, 2026-03-01 00:00 – 2026-03-02 00:00" in out
    [process] = [line for line in out.splitlines() if "process" in line]
    assert process.replace("│", " ").split()[1:] == ["Cumbayá", "1", "0:50", "0:50", "1:00", "for", "90%", "100%"]
    [response] = [line for line in out.splitlines() if "response" in line]
    assert "1:12:00" in response and " 0%" in response
    code, out, said = await intervals(database_url, *day, "--csv")
    assert code == 0 and "170157,process,1,50.0,50.0,60.0,0.9,1.0,60" in out.splitlines(), said
    code, out, _ = await intervals(database_url, "--from", "2026-02-28", "--to", "2026-03-01", "--csv")
    assert code == 0 and len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--by", "weather"], "--by"),
        (["--from", "yesterday"], "--from"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "must be before"),
        (["--from", "2020-03-02", "--to", "2026-03-01"], "400 days"),
        (["--to", "0001-01-01"], "out of all time"),
    ],
)
async def test_a_bad_question_says_what_is_wrong(database_url: str, words: list[str], why: str) -> None:
    code, out, said = await intervals(database_url, *words)
    assert code == 2 and out == "" and why in said and "Traceback" not in said
