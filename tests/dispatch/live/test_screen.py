"""A slow screen hurts only itself: one log for all, joined frames, positions coalesced, events never."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dispatch.city import load_city
from dispatch.live.frame import Frame
from dispatch.live.hub import SCREENS_PER_TURN, STOPPING, Hub
from dispatch.live.screen import TOO_SLOW, Screen
from dispatch.model import Event, EventKind, Seq, Unit, UnitId, UnitPosition, UnitStatus
from dispatch.model.city import City
from dispatch.model.room import Room
from dispatch.model.wire import encode
from dispatch.picture.picture import Picture
from dispatch.store.journal import Entry

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEPT = 20


class Wire:
    """What was written to a peer that takes more only while it is `open`; one frame it takes even then."""

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.frames: list[Frame] = []
        self.ready = True
        self.open = True
        self.when_ready: Callable[[], None] | None = None

    def write(self, frame: Frame) -> None:
        assert self.ready
        self.frames.append(frame)
        self.sent.append(msgspec.json.decode(frame.text))
        self.ready = self.open

    def resume(self) -> None:
        self.open = self.ready = True
        assert self.when_ready is not None
        self.when_ready()

    @property
    def kinds(self) -> list[object]:
        return [message["type"] for message in self.sent]

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for m in self.sent if m["type"] == "events" for event in m["events"]]  # type: ignore[attr-defined]


class Watched:
    """A hub, and the screens on it."""

    def __init__(self, city: City) -> None:
        units = {UnitId(u): Unit(UnitId(u), "CBQ", "engine", (), None, UnitStatus.AVAILABLE, NOW) for u in ("B1", "B2")}
        self.hub = Hub(Picture(Room(units=units), city, []), queue=KEPT)
        self.hub.start()
        self._screens = ExitStack()

    def watch(self, wire: Wire) -> Screen:
        screen = self._screens.enter_context(self.hub.screen())
        screen.begin(wire, self.hub)
        return screen

    def happen(self, count: int) -> None:
        first = self.hub.picture.room.seq + 1
        event = Event(EventKind.NOTE_ADDED, NOW, "test")
        events = [replace(event, seq=Seq(seq)) for seq in range(first, first + count)]
        entries = [Entry(e, encode(e)) for e in events]
        self.hub.picture.follow(entries)
        self.hub.follow(entries)

    async def close(self) -> None:
        await self.hub.stop()
        self._screens.close()


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(Path("data/quito"))


@pytest.fixture
async def watched(city: City) -> AsyncIterator[Watched]:
    watched = Watched(city)
    yield watched
    await watched.close()


async def join_duplicates() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_events_that_wait_go_out_as_one_message_in_order(watched: Watched) -> None:
    wire = Wire()
    watched.watch(wire)
    for _ in range(5):
        watched.happen(1)
    await join_duplicates()
    assert wire.kinds == ["events"] and wire.seqs == [1, 2, 3, 4, 5]


async def test_a_frame_is_made_once_for_all_who_are_at_one_place(watched: Watched) -> None:
    wires = [Wire() for _ in range(3)]
    for wire in wires:
        watched.watch(wire)
    watched.happen(2)
    await join_duplicates()
    assert wires[0].frames[0] is wires[1].frames[0] is wires[2].frames[0]


async def test_a_screen_that_stalls_delays_nobody_and_is_told_to_resync(watched: Watched) -> None:
    quick, stalled = Wire(), Wire()
    watched.watch(quick)
    screen = watched.watch(stalled)
    stalled.open = False
    for _ in range(KEPT * 3):
        watched.happen(1)
        await join_duplicates()
    assert quick.seqs == list(range(1, KEPT * 3 + 1))
    assert screen.closed.is_set()
    stalled.resume()
    await join_duplicates()
    # The one message that was stuck, and then no events with a hole in them.
    assert stalled.kinds == ["events"] and stalled.seqs == [1]
    assert msgspec.json.decode(screen.closing_message()) == {"type": "resync", "reason": TOO_SLOW}


async def test_as_far_behind_as_is_kept_misses_nothing(watched: Watched) -> None:
    wire = Wire()
    screen = watched.watch(wire)
    wire.open = False
    watched.happen(1)
    await join_duplicates()
    watched.happen(KEPT)
    wire.resume()
    await join_duplicates()
    assert wire.seqs == list(range(1, KEPT + 2)) and not screen.closed.is_set()


async def test_positions_coalesce_while_the_peer_stalls(watched: Watched) -> None:
    wire = Wire()
    watched.watch(wire)
    wire.open = False
    watched.happen(1)
    await join_duplicates()
    for second in range(1, 6):
        _move(watched.hub, "B1", second)
    _move(watched.hub, "B2", 6)
    await _shown(watched.hub)
    wire.resume()
    await join_duplicates()
    frames = [message["units"] for message in wire.sent if message["type"] == "positions"]
    assert len(frames) == 1
    assert {row[0]: row[4] for row in frames[0]} == {  # type: ignore[attr-defined]
        "B1": _at(5).isoformat().replace("+00:00", "Z"),
        "B2": _at(6).isoformat().replace("+00:00", "Z"),
    }


async def test_a_snapshot_is_made_once_for_all_who_come_at_one_moment(watched: Watched) -> None:
    texts = [msgspec.json.decode(watched.hub.snapshot(me={"name": name, "role": "dispatcher"})) for name in "ab"]
    assert [text.pop("me")["name"] for text in texts] == ["a", "b"]
    assert texts[0] == texts[1]
    watched.happen(1)
    assert msgspec.json.decode(watched.hub.snapshot(me={}))["seq"] == 1


async def test_all_are_sent_away_when_the_node_stops(watched: Watched) -> None:
    screens = [watched.watch(Wire()) for _ in range(3)]
    leaving = asyncio.create_task(watched.hub.move_screens(per_s=1e6))
    for screen in screens:
        await screen.closed.wait()
    assert [msgspec.json.decode(screen.closing_message()) for screen in screens] == [
        {"type": "move", "reason": STOPPING}
    ] * 3
    assert not leaving.done()
    await watched.close()
    await leaving


async def test_who_comes_late_in_a_sweep_is_told_at_once_what_came_meanwhile(watched: Watched) -> None:
    wires = [Wire() for _ in range(SCREENS_PER_TURN + 1)]
    for wire in wires:
        watched.watch(wire)
    watched.happen(1)
    while not any(wire.sent for wire in wires):  # noqa: ASYNC110 - one turn of the loop at a time
        await asyncio.sleep(0)
    watched.happen(1)
    await join_duplicates()
    assert all(wire.seqs == [1, 2] for wire in wires)
    # Most were told of the first before the second happened; the last heard of both in one message.
    assert sorted(len(wire.sent) for wire in wires) == [1] + [2] * SCREENS_PER_TURN


async def test_news_that_comes_in_the_midst_of_a_round_has_reached_all_a_round_later(watched: Watched) -> None:
    stretches = 4
    wires = [Wire() for _ in range(stretches * SCREENS_PER_TURN)]
    for wire in wires:
        watched.watch(wire)
    watched.happen(1)
    while not any(wire.sent for wire in wires):  # noqa: ASYNC110 - one turn of the loop at a time
        await asyncio.sleep(0)
    watched.happen(1)
    for _ in range(stretches):
        await asyncio.sleep(0)
    assert all(wire.seqs == [1, 2] for wire in wires)


async def test_one_screen_that_fails_stops_no_other(watched: Watched) -> None:
    class Broken(Wire):
        def write(self, frame: Frame) -> None:
            raise OSError("no such peer")

    broken, wire = watched.watch(Broken()), Wire()
    watched.watch(wire)
    watched.happen(1)
    await join_duplicates()
    assert broken.closed.is_set() and wire.seqs == [1]


def _at(second: int) -> datetime:
    return NOW + timedelta(seconds=second)


def _move(hub: Hub, unit: str, second: int) -> None:
    position = UnitPosition(UnitId(unit), -0.18 + second / 10_000, -78.48, _at(second))
    hub.picture.move([position], now=_at(second))


async def _shown(hub: Hub) -> None:
    while hub.batch < hub.picture.moved:  # noqa: ASYNC110 - the hub's own clock
        await asyncio.sleep(0.05)
