"""The bare peers, in the same run: what the frameworks and PostgreSQL reach on this machine without any decisions.

Run as a program it serves them; `measure` sends requests on as many connections as a busy service has."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from scripts.load.wire import Broken, Client
from scripts.own_service import free_port

LINES, MEASURED_S, START_S = 64, 4.0, 30.0
PEERS = {
    "FastAPI, one durable insert each": "/fastapi/insert",
    "FastAPI, validation only": "/fastapi/read",
    "Starlette and msgspec, no database": "/starlette/read",
}


class _Call(BaseModel):
    id: str
    channel: str
    text: str
    fixes: list[dict[str, float]]


class _Struct(msgspec.Struct):
    id: str
    channel: str
    text: str
    fixes: list[dict[str, float]]


def app(dsn: str) -> Starlette:
    pools: list[Any] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        pool = await asyncpg.create_pool(dsn, min_size=10, max_size=10)
        await pool.execute("create table if not exists peer (id text primary key, body text not null)")
        pools.append(pool)
        yield
        await pool.execute("drop table peer")
        await pool.close()

    api = FastAPI()

    @api.post("/insert", status_code=201)
    async def insert(call: _Call) -> dict[str, str]:
        await pools[0].execute("insert into peer values ($1, $2)", call.id, call.text)
        return {"id": call.id}

    @api.post("/read", status_code=201)
    async def read(call: _Call) -> dict[str, str]:
        return {"id": call.id}

    async def bare(request: Request) -> Response:
        call = msgspec.json.decode(await request.body(), type=_Struct)
        return Response(msgspec.json.encode({"id": call.id}), 201, media_type="application/json")

    routes = [Mount("/fastapi", api), Route("/starlette/read", bare, methods=["POST"])]
    return Starlette(routes=routes, lifespan=lifespan)


async def measure(dsn: str) -> list[tuple[str, float]]:
    """Requests a second of each peer, one after the other, and of `SELECT 1` on one connection."""
    port = free_port()
    serving = subprocess.Popen(  # noqa: ASYNC220 - it starts in no time
        [sys.executable, "-m", "scripts.load.peers", str(port)], env=os.environ | {"PEERS_DSN": dsn}
    )
    try:
        client = Client(f"http://127.0.0.1:{port}", "none")
        await _started(client)
        found = [(name, await _rate(client, path)) for name, path in PEERS.items()]
        client.close()
    finally:
        serving.terminate()
        await asyncio.to_thread(serving.wait, START_S)
    return [*found, ("SELECT 1 on one connection", await _select(dsn))]


async def _started(client: Client) -> None:
    async with asyncio.timeout(START_S):
        while True:
            try:
                await client.post("/starlette/read", _body())
            except Broken:
                await asyncio.sleep(0.1)
            else:
                return


async def _rate(client: Client, path: str) -> float:
    end_s, count = perf_counter() + MEASURED_S, 0

    async def line() -> None:
        nonlocal count
        while perf_counter() < end_s:
            status, answer = await client.post(path, _body())
            if status != 201:
                raise RuntimeError(f"{path} answered {status}: {answer[:200]!r}")
            count += 1

    await asyncio.gather(*(line() for _ in range(LINES)))
    return count / MEASURED_S


async def _select(dsn: str) -> float:
    db = await asyncpg.connect(dsn)
    end_s, count = perf_counter() + MEASURED_S / 2, 0
    while perf_counter() < end_s:
        await db.fetchval("select 1")
        count += 1
    await db.close()
    return count / (MEASURED_S / 2)


def _body() -> bytes:
    fixes = [{"lat": -0.18, "lon": -78.48, "radius_m": 12.0}]
    return msgspec.json.encode({"id": str(uuid4()), "channel": "voice", "text": "choque con heridos", "fixes": fixes})


if __name__ == "__main__":
    uvicorn.run(
        app(os.environ["PEERS_DSN"]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="error",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
