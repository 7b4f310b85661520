"""A screen that outlives the node it was at."""

import asyncio
from collections.abc import Sequence
from itertools import cycle

from websockets.exceptions import ConnectionClosed, InvalidStatus

from dispatch.model.room import Room
from tests.screens import Screen, room_at
from tests.service import Service


class Watcher:
    """A screen that goes to the other node, with what it knows, when its own is gone."""

    def __init__(self, nodes: Sequence[Service]) -> None:
        self.nodes = nodes
        self.room: Room | None = None
        self._screens: list[Screen] = []

    @property
    def seq(self) -> int:
        return self.room.seq if self.room else 0

    def at(self, seq: int) -> Room:
        return room_at(seq, (told for screen in self._screens for told in screen.told))

    async def watch(self) -> None:
        for node in cycle(self.nodes):
            try:
                async with Screen.on(node, since=self.room) as screen:
                    self._screens.append(screen)
                    while True:
                        self.room = screen.room
                        screen.read(await screen.socket.recv(decode=False))
            except (ConnectionClosed, InvalidStatus, OSError):
                await asyncio.sleep(0.02)
