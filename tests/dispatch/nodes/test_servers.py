"""Which of several database servers is used; and one that is silent, or no longer the primary, is left."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from dispatch.errors import Unavailable
from dispatch.store import servers
from dispatch.store.db import Pool, connection, open_pool
from dispatch.store.servers import Servers, hosts_in
from scripts.fault_runs.wire import Wire

GUARD_S = 60


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://u:p@a:5433,b/db", [("a", 5433), ("b", 5432)]),
        ("postgresql://u:p%40,@a,b:6000/db?target_session_attrs=read-write", [("a", 5432), ("b", 6000)]),
        ("postgresql://u@[::1]:5433,[fe80::1],10.0.0.1/db", [("::1", 5433), ("fe80::1", 5432), ("10.0.0.1", 5432)]),
        ("postgresql://u@/db?host=/run/a,/run/b&port=5433", [("/run/a", 5433), ("/run/b", 5433)]),
        ("postgresql://u@/db?host=a,b&port=1,2", [("a", 1), ("b", 2)]),
        ("postgresql://u@a:5433/db", []),
        ("postgresql:///db?host=/run/a&port=5432", []),
    ],
)
def test_the_servers_of_a_url(url: str, hosts: list[tuple[str, int]]) -> None:
    assert hosts_in(url) == hosts


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    query = parse_qs(urlsplit(database_url).query)
    wire = await Wire.to(Path(query["host"][0]) / f".s.PGSQL.{query['port'][0]}")
    yield wire
    await wire.close()


async def test_one_that_says_nothing_is_left_for_one_that_does(
    database_url: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = 0

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += 1
        await reader.read(-1)
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    monkeypatch.setattr(servers, "CONNECT_S", 1.0)
    both = Servers(f"postgresql://dispatch@127.0.0.1:{port},127.0.0.1:{wire.port}{urlsplit(database_url).path}")
    for _ in range(3):
        db = await both.connect()
        assert await db.fetchval("select current_database()") == urlsplit(database_url).path[1:]
        await db.close()
    assert heard == 1
    silent.close()


async def test_one_that_is_swallowed_is_unavailable_and_not_waited_for(database_url: str, wire: Wire) -> None:
    pool = await open_pool(
        f"postgresql://dispatch@127.0.0.1:{wire.port}{urlsplit(database_url).path}", size=1, command_s=0.5
    )
    await wire.swallow()
    async with asyncio.timeout(GUARD_S):
        with pytest.raises(Unavailable):
            async with connection(pool) as db:
                await db.execute("select 1")
    await wire.release(forget=True)
    async with connection(pool) as db:
        assert await db.fetchval("select 1") == 1
    await pool.close()


async def test_one_that_no_longer_takes_writes_is_left(pool: Pool) -> None:
    async with connection(pool) as db:
        before = db.get_server_pid()
    with pytest.raises(Unavailable):
        await write_where_nobody_may(pool)
    async with connection(pool) as db:
        assert db.get_server_pid() != before


async def write_where_nobody_may(pool: Pool) -> None:
    async with connection(pool) as db:
        await db.execute("set session characteristics as transaction read only")
        await db.execute("update journal_head set seq = seq")
