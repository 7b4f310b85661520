"""What the composition root hands to the routes."""

from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from dispatch.api.identities import Identities
from dispatch.desk.desk import Desk
from dispatch.desk.units.positions import PositionWriter
from dispatch.live.hub import Hub
from dispatch.store.db import Pool


def desk_of(connection: HTTPConnection) -> Desk:
    desk: Desk = connection.app.state.desk
    return desk


def hub_of(connection: HTTPConnection) -> Hub:
    hub: Hub = connection.app.state.hub
    return hub


def writer_of(connection: HTTPConnection) -> PositionWriter:
    writer: PositionWriter = connection.app.state.position_writer
    return writer


def pool_of(connection: HTTPConnection) -> Pool:
    return desk_of(connection).pool


def identities_of(connection: HTTPConnection) -> Identities:
    identities: Identities = connection.app.state.identities
    return identities


# Depended on as coroutines: FastAPI takes plain functions to a thread, which costs more than most routes themselves.
async def _desk(connection: HTTPConnection) -> Desk:
    return desk_of(connection)


async def _hub(connection: HTTPConnection) -> Hub:
    return hub_of(connection)


async def _writer(connection: HTTPConnection) -> PositionWriter:
    return writer_of(connection)


async def _pool(connection: HTTPConnection) -> Pool:
    return pool_of(connection)


async def _identities(connection: HTTPConnection) -> Identities:
    return identities_of(connection)


TheDesk = Annotated[Desk, Depends(_desk)]
TheHub = Annotated[Hub, Depends(_hub)]
TheWriter = Annotated[PositionWriter, Depends(_writer)]
ThePool = Annotated[Pool, Depends(_pool)]
TheIdentities = Annotated[Identities, Depends(_identities)]
