"""A service with a PostgreSQL of its own has nobody else who would start it again."""

import asyncio
import signal
from pathlib import Path

import asyncpg

from dispatch.store.embedded import EmbeddedPostgres
from dispatch.store.embedded.processes import end, processes_in

PATIENCE_S = 60


async def test_a_killed_database_is_back_by_itself_with_what_was_committed(public_folder: Path) -> None:
    async with EmbeddedPostgres(public_folder / "kept").running() as server:
        await ask(server, "create table kept as select 1 as n")
        was = server.status()
        await asyncio.to_thread(end, lambda: processes_in(was.data), signal.SIGKILL, within_s=PATIENCE_S)
        async with asyncio.timeout(PATIENCE_S):
            assert await patiently_ask(server, "select n from kept") == 1
        assert server.status().pid != was.pid
    assert not server.status().running


async def ask(server: EmbeddedPostgres, sql: str) -> object:
    db = await asyncpg.connect(server.dsn)
    try:
        return await db.fetchval(sql)
    finally:
        await db.close()


async def patiently_ask(server: EmbeddedPostgres, sql: str) -> object:
    while True:
        try:
            return await ask(server, sql)
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.05)
