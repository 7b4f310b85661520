"""The live feed of a screen: a snapshot, or the events since N, and then all that happens."""

import asyncio
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, WebSocket
from starlette.websockets import WebSocketDisconnect

from dispatch.api.access import Actor, Role, who
from dispatch.api.dependencies import desk_of, hub_of, identities_of
from dispatch.api.identities import Seat
from dispatch.api.problems import problem
from dispatch.api.query_parameters import check_parameters
from dispatch.desk.desk import Desk
from dispatch.errors import DispatchError, Forbidden, Unavailable
from dispatch.live import frames
from dispatch.live.hub import Hub
from dispatch.live.protocol import wire_of
from dispatch.live.screen import Screen
from dispatch.store import journal
from dispatch.store.db import connection

log = structlog.get_logger()
router = APIRouter()

LIVE = "/v1/live"
SCREEN_ROLES = (Role.DISPATCHER, Role.ADMIN)

# How long a screen that is told to resync may take to read that, before its connection is cut.
GOODBYE_S = 3.0
# What may no longer listen is cut off within this time, whether it reads or not.
CUT_OFF_S = 0.5
RESYNC = 4000
ENDED = 4001
SIGNED_OUT = "signed out: this key or session has been ended"
# "Service restart" (RFC 6455's registry of close codes).
MOVE = 1012


@router.websocket(LIVE)
async def live(websocket: WebSocket, since: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None) -> None:
    try:
        actor = await who(websocket)
        if actor.role not in SCREEN_ROLES:
            raise Forbidden("a screen needs a dispatcher's key")
        check_parameters(websocket)
    except DispatchError as error:
        await websocket.send_denial_response(problem(error))
        return
    assert actor.proof is not None
    with identities_of(websocket).seat(actor.proof, expires_at=actor.expires_at) as seat:
        await websocket.accept()
        await _serve(websocket, since, actor, seat)


async def _serve(websocket: WebSocket, since: int | None, actor: Actor, seat: Seat) -> None:
    desk, hub = desk_of(websocket), hub_of(websocket)
    behind = await _caught_up(desk, hub, since)
    with hub.screen() as screen:
        seat.when_ended(lambda: _end(websocket, screen))
        try:
            if behind is not None:
                raise behind
            await _begin(websocket, desk, hub, since, {"name": actor.name, "role": actor.role})
            screen.begin(wire_of(websocket), hub)
            await _until_closed(websocket, screen)
        except (WebSocketDisconnect, RuntimeError):
            # Gone while we were sending: nothing to tell, nobody to tell it to.
            return
        except Unavailable as error:
            # It may know more than this node can find out now: it keeps what it has, and is not told less.
            screen.move(error.detail)
        except DispatchError as error:
            screen.close(error.detail)
        await _goodbye(websocket, screen)


def _end(websocket: WebSocket, screen: Screen) -> None:
    """At once, and also where a peer takes nothing that we send."""
    screen.end(SIGNED_OUT)
    asyncio.get_running_loop().call_later(CUT_OFF_S, wire_of(websocket).abort)


async def _caught_up(desk: Desk, hub: Hub, since: int | None) -> Unavailable | None:
    """A screen may come from a node that is ahead of this one by a moment. Why this one couldn't come level with it."""
    try:
        if since is not None and since > hub.picture.room.seq:
            await desk.feed.catch_up()
    except Unavailable as error:
        return error
    return None


async def _begin(websocket: WebSocket, desk: Desk, hub: Hub, since: int | None, me: dict[str, str]) -> None:
    """What the screen must know up to the moment at which it was registered; of all later events it is told then."""
    now = hub.picture.room.seq
    if since is None or since > now or now - since > desk.settings.replay_limit:
        await websocket.send_text(hub.snapshot(me=me))
        return
    everywhere = hub.all_positions()
    async with connection(desk.pool) as db:
        missed = await journal.after(db, seq=since, limit=now - since) if now > since else []
    if missed:
        await websocket.send_text(frames.events(entry.body for entry in missed).text)
    await websocket.send_text(everywhere.text)


async def _until_closed(websocket: WebSocket, screen: Screen) -> None:
    """Until we have reason to close it. Raises WebSocketDisconnect when the screen has gone: all that it says to us."""

    async def read() -> None:
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass

    reading, closing = asyncio.create_task(read()), asyncio.create_task(screen.closed.wait())
    try:
        await asyncio.wait((reading, closing), return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            raise WebSocketDisconnect
    finally:
        for task in (reading, closing):
            task.cancel()
        await asyncio.gather(reading, closing, return_exceptions=True)


async def _goodbye(websocket: WebSocket, screen: Screen) -> None:
    """Why, if the screen takes it; a connection that takes nothing is cut, and what waited in it is given up."""
    try:
        async with asyncio.timeout(GOODBYE_S):
            if screen.ended:
                await websocket.close(ENDED, SIGNED_OUT)
                return
            await websocket.send_text(screen.closing_message())
            await websocket.close(MOVE if screen.moving else RESYNC)
    except TimeoutError:
        wire_of(websocket).abort()
    except (WebSocketDisconnect, RuntimeError):
        return
