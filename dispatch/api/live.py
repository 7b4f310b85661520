"""The live feed of a screen: a snapshot, or the events since N, and then all that happens."""

import asyncio
from contextlib import suppress
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, WebSocket
from starlette.websockets import WebSocketDisconnect

from dispatch.api.access import Role, who
from dispatch.api.problems import problem
from dispatch.api.state import desk_of, hub_of
from dispatch.desk.desk import Desk
from dispatch.errors import DispatchError, Forbidden, Unavailable
from dispatch.live import frames
from dispatch.live.hub import Hub
from dispatch.live.screen import Screen
from dispatch.store import journal
from dispatch.store.db import connection

log = structlog.get_logger()
router = APIRouter()

# How long a screen that is told to resync may take to read that, before its connection is cut.
GOODBYE_S = 3.0
RESYNC = 4000
# "Service restart" (RFC 6455's registry of close codes).
MOVE = 1012


@router.websocket("/v1/live")
async def live(websocket: WebSocket, since: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None) -> None:
    desk, hub = desk_of(websocket), hub_of(websocket)
    try:
        actor = await who(websocket)
        if actor.role not in {Role.DISPATCHER, Role.ADMIN}:
            raise Forbidden("a screen needs a dispatcher's key")
    except DispatchError as error:
        await websocket.send_denial_response(problem(error))
        return
    await websocket.accept()
    if since is not None and since > hub.picture.room.seq:
        # It comes from a node that is ahead of this one by a moment.
        with suppress(Unavailable):
            await desk.feed.catch_up()
    with hub.screen() as screen:
        try:
            await _begin(websocket, desk, hub, since, {"name": actor.name, "role": actor.role})
            await _until_closed(websocket, screen, hub)
        except (WebSocketDisconnect, RuntimeError):
            # Gone while we were sending: nothing to tell, nobody to tell it to.
            return
        except DispatchError as error:
            await websocket.send_text(frames.resync(error.detail))
        await websocket.close(MOVE if screen.moving else RESYNC)


async def _begin(websocket: WebSocket, desk: Desk, hub: Hub, since: int | None, me: dict[str, str]) -> None:
    """What the screen must know up to the moment at which it was registered; all later events are in its queue."""
    now = hub.picture.room.seq
    if since is None or since > now or now - since > desk.settings.replay_limit:
        await websocket.send_text(hub.snapshot(me=me))
        return
    everywhere = frames.positions(hub.picture.positions.values())
    async with connection(desk.pool) as db:
        missed = await journal.after(db, seq=since, limit=now - since) if now > since else []
    if missed:
        await websocket.send_text(frames.events(entry.body for entry in missed))
    await websocket.send_text(everywhere)


async def _until_closed(websocket: WebSocket, screen: Screen, hub: Hub) -> None:
    """One writer; one reader, which only notices that the screen has gone; and one who waits for our own goodbye."""

    async def read() -> None:
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass

    async def goodbye() -> None:
        await screen.closed.wait()
        await asyncio.sleep(GOODBYE_S)

    tasks = [
        asyncio.create_task(screen.write(websocket.send_text, hub)),
        asyncio.create_task(read()),
        asyncio.create_task(goodbye()),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if tasks[1] in done:
            raise WebSocketDisconnect
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
