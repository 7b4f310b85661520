"""A slow screen hurts only itself: bounded queue, joined frames, positions coalesced, events never."""

import asyncio

import msgspec
import pytest

from dispatch.live.screen import Screen


class Wire:
    """What was sent, by a peer that reads only when `open`."""

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, text: str) -> None:
        await self.open.wait()
        self.sent.append(msgspec.json.decode(text))


def nothing_moved(batch: int) -> tuple[str | None, int]:
    return None, batch


@pytest.fixture
async def wire() -> Wire:
    return Wire()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_events_that_wait_go_out_as_one_message_in_order(wire: Wire) -> None:
    screen = Screen(queue=100, batch=0)
    for i in range(5):
        screen.offer_event(f'{{"seq":{i}}}')
    writer = asyncio.create_task(screen.write(wire.send, nothing_moved))
    await settle()
    writer.cancel()
    assert wire.sent == [{"type": "events", "events": [{"seq": i} for i in range(5)]}]


async def test_a_screen_that_doesnt_keep_up_is_told_to_resync(wire: Wire) -> None:
    screen = Screen(queue=3, batch=0)
    for i in range(50):
        screen.offer_event(f'{{"seq":{i}}}')
    await asyncio.wait_for(screen.write(wire.send, nothing_moved), 1)
    assert [message["type"] for message in wire.sent] == ["resync"]
    assert screen.closed.is_set()


async def test_positions_coalesce_while_the_peer_stalls(wire: Wire) -> None:
    screen = Screen(queue=10, batch=0)
    asked: list[int] = []

    def moved_since(batch: int) -> tuple[str | None, int]:
        asked.append(batch)
        return ('{"type":"positions","units":["all"]}', 9) if batch < 9 else (None, batch)

    wire.open.clear()
    writer = asyncio.create_task(screen.write(wire.send, moved_since))
    screen.offer_positions('{"type":"positions","units":["first"]}', since=0, batch=1)
    await settle()
    for batch in range(1, 9):
        screen.offer_positions('{"type":"positions","units":["late"]}', since=batch, batch=batch + 1)
    wire.open.set()
    await settle()
    writer.cancel()
    units = [message["units"] for message in wire.sent]
    # The one that was stuck, and then at most one frame, whatever was missed.
    assert units[0] == ["first"] and len(units) <= 3
    assert screen.batch == 9


async def test_a_frame_that_begins_later_than_the_screen_knows_is_not_taken(wire: Wire) -> None:
    screen = Screen(queue=10, batch=2)
    writer = asyncio.create_task(screen.write(wire.send, lambda _: ('{"type":"positions","units":["caught up"]}', 7)))
    screen.offer_positions('{"type":"positions","units":["gap"]}', since=5, batch=7)
    await settle()
    writer.cancel()
    assert [message["units"] for message in wire.sent] == [["caught up"]]
    assert screen.batch == 7
