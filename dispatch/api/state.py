"""What the composition root hands to the routes."""

from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from dispatch.desk.desk import Desk
from dispatch.desk.positions import PositionWriter
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


TheDesk = Annotated[Desk, Depends(desk_of)]
TheHub = Annotated[Hub, Depends(hub_of)]
TheWriter = Annotated[PositionWriter, Depends(writer_of)]
ThePool = Annotated[Pool, Depends(pool_of)]
