"""The generator's screens read what any server sends, in whatever pieces it arrives."""

import asyncio
from random import Random

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

from dispatch.live.frame import Frame
from scripts.load.watchers import Watcher

HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
CALL = '{{"seq":{0},"kind":"call_taken","data":{{"call_id":"c{0}"}},"seq":{0}}}'


def told(deflate: PerMessageDeflate | None) -> bytes:
    """A snapshot at 6, events 7 to 30 in three messages, with a ping between them."""
    texts = ['{"type":"snapshot","seq":6,"incidents":[]}']
    for first, last in ((7, 7), (8, 20), (21, 30)):
        bodies = ",".join(CALL.format(seq) for seq in range(first, last + 1))
        texts.append(f'{{"type":"events","events":[{bodies}]}}')
    ping = WireFrame(Opcode.PING, b"abcd").serialize(mask=False, extensions=[])
    return HEAD + ping.join(Frame(text).on_wire(deflate) for text in texts)


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("deflated", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_in_whatever_pieces(reads: bool, deflated: bool, seed: int) -> None:
    random, watcher = Random(seed), Watcher(reads=reads)
    data = told(PerMessageDeflate(True, True, 13, 13) if deflated else None)
    place = 0
    while place < len(data):
        size = random.choice((1, 3, 40, 900, len(data)))
        watcher.data_received(data[place : place + size])
        place += size
    assert (watcher.messages, watcher.seq, watcher.seqs, watcher.gaps) == (4, 30, [7, 20, 30], 0)
    assert watcher.bytes == len(data)
    assert watcher.shown(6) == watcher.shown(7) == watcher.shown_s[0] and watcher.shown(21) == watcher.shown_s[2]
    assert watcher.shown(31) is None
    if reads:
        assert watcher.seq_of_call == {f"c{seq}": seq for seq in range(7, 31)}


def test_a_gap_is_seen() -> None:
    watcher = Watcher(reads=True)
    data = told(None)
    watcher.data_received(data)
    watcher.data_received(Frame(f'{{"type":"events","events":[{CALL.format(33)}]}}').on_wire(None))
    assert watcher.gaps == 1


async def test_a_ping_is_answered_with_its_own_payload() -> None:
    """Whoever doesn't is cut by a service that looks after its connections."""
    answered = asyncio.Event()

    async def look_after(connection: ServerConnection) -> None:
        await connection.send('{"type":"snapshot","seq":6,"incidents":[]}')
        async with asyncio.timeout(10):
            await (await connection.ping(b"still there?"))
        answered.set()

    async with serve(look_after, "127.0.0.1", 0) as server:
        host, port = next(iter(server.sockets)).getsockname()[:2]
        watcher = Watcher(reads=False)
        await watcher.open(f"http://{host}:{port}", "a key")
        async with asyncio.timeout(10):
            await answered.wait()
        watcher.close()
