"""A screen that comes from another node and knows more than this one is never told less."""

import asyncio

import msgspec

from tests.dispatch.operations.waiting import beside
from tests.service import Service

WAIT_S, AHEAD, MOVE = 30, 1_000_000, 1012


async def test_where_a_node_cannot_find_out_it_sends_the_screen_on(database_url: str) -> None:
    async with Service.started(database_url, database_timeout_s="1") as service, beside(database_url) as db:
        async with db.transaction():
            await db.execute("lock table journal in access exclusive mode")
            async with service.screen(since=AHEAD) as socket, asyncio.timeout(WAIT_S):
                assert msgspec.json.decode(await socket.recv())["type"] == "move"
                await socket.wait_closed()
                assert socket.close_code == MOVE
        # It can, and there is no such event: then what the database has is the truth.
        async with service.screen(since=AHEAD) as socket, asyncio.timeout(WAIT_S):
            assert msgspec.json.decode(await socket.recv())["type"] == "snapshot"
