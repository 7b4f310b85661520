"""One run of a profile against a service: screens first, then units and calls, then what is still on its way."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from uuid import uuid4

from dispatch.model.city import City
from scripts.load.calls import plan
from scripts.load.fleet import Fleet
from scripts.load.outcome import Outcome, outcome
from scripts.load.phones import Phones
from scripts.load.profiles import Profile
from scripts.load.watchers import Watcher
from scripts.load.wire import Client
from scripts.simulation.callers import PlannedCall

READING = 4
"""Screens that read all; the others only note when what came."""
OPENING_AT_ONCE = 64
SETTLE_S, LOOK_S = 15.0, 0.05


class Refused(Exception):
    """It can't be run: what the service said."""


async def run(
    city: City, profile: Profile, *, url: str, key: str, seed: int, squeeze: float, limit_s: float | None
) -> Outcome:
    """`squeeze`: so many times quicker than life; `limit_s`: no calls that are due later. Raises Refused."""
    calls = plan(city, profile, seed=seed, squeeze=squeeze)
    if limit_s is not None:
        calls = [call for call in calls if call.at_s < limit_s]
    client, watchers = Client(url, key), [Watcher(reads=n < READING) for n in range(profile.screens)]
    fleet = Fleet(city, client, units=profile.units, hz=profile.moving_hz)
    over = asyncio.Event()
    try:
        await fleet.enlist()
        await _open(watchers, url, key)
        phones = Phones(client, uuid4())
        driving = asyncio.create_task(fleet.drive(over))
        seconds = await _call(phones, calls, over, until_s=limit_s or profile.seconds / squeeze)
        over.set()
        await driving
        await _settle(phones, watchers)
    except (OSError, TimeoutError, RuntimeError) as error:
        raise Refused(str(error) or type(error).__name__) from error
    finally:
        over.set()
        cuts = [watcher.cuts for watcher in watchers]
        for watcher in watchers:
            watcher.close()
        client.close()
    for watcher, count in zip(watchers, cuts, strict=True):
        watcher.cuts = count
    return outcome(phones, watchers, seconds=seconds, positions=(fleet.sent, fleet.accepted, fleet.failed))


async def _open(watchers: Sequence[Watcher], url: str, key: str) -> None:
    gate = asyncio.Semaphore(OPENING_AT_ONCE)

    async def one(watcher: Watcher) -> None:
        async with gate:
            await watcher.open(url, key)

    await asyncio.gather(*(one(watcher) for watcher in watchers))


async def _call(phones: Phones, calls: Sequence[PlannedCall], over: asyncio.Event, *, until_s: float) -> float:
    began_s = perf_counter()
    await phones.call(calls, over)
    # A quiet profile's last call is long before its end, and its screens and units are what is measured.
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
