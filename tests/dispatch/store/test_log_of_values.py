"""What a caller says stands in no log: not in PostgreSQL's, though rows fail, and not in ours."""

import asyncio
import traceback
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from dispatch.store.database import Database, prepare
from dispatch.store.db import connection, open_pool
from dispatch.store.embedded import EmbeddedPostgres

NUMBER = "+593991234567"
CALL = "insert into call (id, incident_id, channel, number, fixes, location, received_at) values "
FAILING = {
    "a check": ("insert into unit (id, agency, kind, since, shift) values ('A', 'B', 'C', now(), $1)", [NUMBER]),
    "a column that must not be null": (f"{CALL} (gen_random_uuid(), null, 'aml', $1, '[]', '{{}}', now())", [NUMBER]),
    "a foreign key": (
        """insert into report (id, call_id, channel, received_at, received_by, answer, flaws)
           values (gen_random_uuid(), gen_random_uuid(), 'x', now(), $1, '{}', array[$1])""",
        [NUMBER],
    ),
    "a value in the text of a statement": (f"select 1 / 0, '{NUMBER}'", []),
    "a unique key": (
        """insert into api_key (digest, name, role, created_at)
           select s::text::bytea, $1, 'admin', now() from generate_series(1, 2) s""",
        [NUMBER],
    ),
    "JSON that isn't": ("select $1::text::json", [f'{{"number": {NUMBER}']),
    "within a function": (f"do $$ begin perform 1 / 0 from (select '{NUMBER}') t; end $$", []),
}


@pytest.fixture(scope="module")
def server(public_folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(public_folder / "values").start()
    asyncio.run(_prepare(server))
    yield server
    server.stop()


async def _prepare(server: EmbeddedPostgres) -> None:
    await prepare(Database(server.application_dsn, server.dsn))


def logged(server: EmbeddedPostgres) -> str:
    home = server.status().data.parent
    return "".join(file.read_text() for file in (home / "start.log", *(home / "log").iterdir()))


@pytest.mark.parametrize("why", FAILING)
async def test_a_row_that_fails_is_in_no_log(server: EmbeddedPostgres, why: str) -> None:
    sql, values = FAILING[why]
    before = len(logged(server))
    pool = await open_pool(server.application_dsn, size=1)
    try:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - of several kinds; what it says is looked at
            async with connection(pool) as db:
                await db.execute(sql, *values)
    finally:
        await pool.close()
    said = "".join(traceback.format_exception(raised.value))
    assert "asyncpg" in said and NUMBER not in said.replace(sql, "")
    for _ in range(100):
        if "ERROR" in logged(server)[before:]:
            break
        await asyncio.sleep(0.05)
    assert "ERROR" in logged(server)[before:]  # that something failed, and what, is still told
    assert NUMBER not in logged(server)


async def test_the_application_can_not_turn_it_on_again(server: EmbeddedPostgres) -> None:
    db = await asyncpg.connect(server.application_dsn)
    try:
        for setting in ("log_error_verbosity = verbose", "log_min_error_statement = error", "log_statement = 'all'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(f"set {setting}")
    finally:
        await db.close()


def test_a_server_that_runs_with_older_settings_is_replaced(
    public_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade of a service that was killed: what it left running would go on logging rows."""
    from dispatch.store.embedded import cluster

    state = public_folder / "older-settings"
    left, now = EmbeddedPostgres(state), EmbeddedPostgres(state)
    with monkeypatch.context() as older:
        older.setattr(cluster, "SETTINGS", {k: v for k, v in cluster.SETTINGS.items() if k != "log_error_verbosity"})
        left.start()
        pid = left.status().pid
        left._lock.release()  # its process is killed, its server stays
    now.start()
    try:
        assert now.status().pid not in {None, pid}
    finally:
        now.stop()
        left._child_lives()  # reaps it
