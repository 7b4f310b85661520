"""One run of a profile against a service: screens first, then units and calls, then a wait for the rest."""

import asyncio
from collections.abc import Sequence
from time import perf_counter, process_time
from uuid import uuid4

from dispatch.model.city import City
from dispatch.simulation.callers import PlannedCall
from scripts.load.calls import plan
from scripts.load.closers import Closers
from scripts.load.fleet import Fleet
from scripts.load.outcome import Outcome, outcome
from scripts.load.phones import Phones
from scripts.load.profiles import Profile
from scripts.load.watchers import Watcher
from scripts.load.wire import Client

READING = 4
"""Screens that decode everything; the others only record when each message arrived."""
OPENING_AT_ONCE = 64
SETTLE_S, LOOK_S = 15.0, 0.05


class Refused(Exception):
    """The run is not possible; contains the service's message."""


async def run(city: City, profile: Profile, *, url: str, key: str, seed: int, deflate: bool = False) -> Outcome:
    """Raises Refused."""
    calls = plan(city, profile, seed=seed)
    client = Client(url, key)
    watchers = [Watcher(reads=n < READING, deflate=deflate) for n in range(profile.screens)]
    fleet = Fleet(city, client, units=profile.units, hz=profile.moving_hz)
    phones, over = Phones(client, uuid4()), asyncio.Event()
    closers = Closers(client, phones, after_s=profile.close_after_s) if profile.close_after_s is not None else None
    beside: list[asyncio.Task[None]] = []
    try:
        await fleet.enlist()
        await _open(watchers, url, key)
        beside.append(asyncio.create_task(fleet.drive(over)))
        if closers is not None:
            beside.append(asyncio.create_task(closers.close(over)))
        began_s = process_time()
        seconds = await _call(phones, calls, over, until_s=profile.seconds / profile.squeeze)
        generator = (process_time() - began_s) / seconds
        over.set()
        await asyncio.gather(*beside)
        await _settle(phones, watchers)
    except (OSError, TimeoutError, RuntimeError) as error:
        raise Refused(str(error) or type(error).__name__) from error
    finally:
        over.set()
        await asyncio.gather(*beside, return_exceptions=True)
        for watcher in watchers:
            watcher.close()
        client.close()
    return outcome(
        phones,
        watchers,
        seconds=seconds,
        positions=(fleet.sent, fleet.accepted, fleet.failed),
        generator_cores=generator,
        left_open=closers.left_open if closers is not None else 0,
    )


async def _open(watchers: Sequence[Watcher], url: str, key: str) -> None:
    gate = asyncio.Semaphore(OPENING_AT_ONCE)

    async def one(watcher: Watcher) -> None:
        async with gate:
            await watcher.open(url, key)

    await asyncio.gather(*(one(watcher) for watcher in watchers))


async def _call(phones: Phones, calls: Sequence[PlannedCall], over: asyncio.Event, *, until_s: float) -> float:
    """Seconds from the first due call to the last answer."""
    began_s = perf_counter()
    await phones.call(calls, over)
    # A quiet profile's last call is long before its end, but screens and units are measured until then.
    await asyncio.sleep(max(0.0, began_s + until_s - perf_counter()))
    answered = [fate.answered_s for fate in phones.fates if fate.answered_s is not None]
    return max([began_s + until_s, *answered]) - began_s


async def _settle(phones: Phones, watchers: Sequence[Watcher]) -> None:
    """Until every acknowledged call is on the reading screens, and their last event on all."""
    readers = [watcher for watcher in watchers if watcher.reads]
    acknowledged = [fate.id for fate in phones.fates if fate.acknowledged]
    end_s = perf_counter() + SETTLE_S

    def settled() -> bool:
        if not readers:
            return True
        newest = max(reader.seq or 0 for reader in readers)
        seen = all(call in reader.seq_of_call for reader in readers if not reader.resyncs for call in acknowledged)
        return seen and all((watcher.seq or 0) >= newest for watcher in watchers)

    while not settled() and perf_counter() < end_s:  # noqa: ASYNC110 - what it waits for has no event
        await asyncio.sleep(LOOK_S)
