"""The demo's past is made in one transaction, by a desk of its own on the timeline's clock, and told all at once."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import cast

import structlog

from dispatch.desk.calls.batch_queue import BatchQueue
from dispatch.desk.desk import Desk
from dispatch.desk.units.positions import PositionWriter, take
from dispatch.desk.watch.timers import Timers
from dispatch.errors import Unavailable
from dispatch.model import Seq, Unit, UnitPosition
from dispatch.model.room import Room
from dispatch.picture.feed import Feed
from dispatch.picture.picture import Picture
from dispatch.simulation.callers import plan_calls
from dispatch.simulation.demand import by_the_hour
from dispatch.simulation.past.missions import Missions
from dispatch.simulation.past.scene import LONGEST_S, Scene
from dispatch.simulation.past.stories import Stories
from dispatch.simulation.past.timeline import Timeline
from dispatch.simulation.past.tracks import track
from dispatch.store import journal
from dispatch.store.db import Connection, Pool, WithinTransaction, may_take_long, transaction
from dispatch.store.incidents import incidents
from dispatch.store.journal import Entry
from dispatch.store.units import units
from dispatch.telemetry.logs import about
from geo import Projection

log = structlog.get_logger()

PAST = timedelta(days=1)
# Where the fleet, or the last event, is younger than this there is no past that the service could have had.
SHORTEST = timedelta(hours=1)
# A day of the real city has twenty times as many, which would take a minute to make.
INCIDENTS_A_DAY = 64
MISUSE = 0.06
SEED = 11
# Two seconds are usual; on a machine that has other things to do it takes as long as it does.
LONGEST_MAKING_S, IDLE_S = 180.0, 60.0


@dataclass(frozen=True, slots=True)
class Past:
    """What was made: all that happened, in order, and where the units that are out have been."""

    told: list[Entry]
    positions: list[UnitPosition]


async def make_past(desk: Desk, writer: PositionWriter) -> bool:
    """Whether there now is one that wasn't there before. On a database that has ever had an incident nothing is done;
    nor where its fleet, or its last event, is less than an hour old.

    All or nothing. Meanwhile, some seconds, nobody else's act is committed. Raises Unavailable,
    TimeoutError."""
    began = perf_counter()
    async with asyncio.timeout(LONGEST_MAKING_S), transaction(desk.pool) as db:
        await may_take_long(db, idle_s=IDLE_S)
        # Locks in the order in which everybody takes them.
        await journal.lock_deciding(db)
        if await incidents.ever(db):
            return False
        fleet = await units.lock_every(db)
        seq, last_at = await journal.lock(db)
        until = datetime.now(UTC)
        start = max([until - PAST, *(unit.since for unit in fleet), *([last_at] if last_at else [])])
        if until - start < SHORTEST:
            log.info("no_past_made", because="what is known began less than an hour ago", since=start.isoformat())
            return False
        with about(quiet=True):
            past = await _lived(desk, db, fleet, seq, start, until)
    desk.feed.offer(past.told)
    take(desk, writer, past.positions)
    log.info("past_made", events=len(past.told), seconds=round(perf_counter() - began, 2))
    return True


async def _lived(desk: Desk, db: Connection, fleet: Sequence[Unit], seq: Seq, start: datetime, until: datetime) -> Past:
    """By the service's own acts, in a picture of its own: nobody sees it until all of it is committed."""
    within, timeline, told = WithinTransaction(db), Timeline(start), list[Entry]()
    pool = cast(Pool, within)
    picture = Picture(Room(seq=seq, units={unit.id: unit for unit in fleet}), desk.city, [])
    feed = Feed(pool, seq=seq, listeners=[picture.follow, told.extend])
    own = replace(
        desk,
        pool=pool,
        picture=picture,
        feed=feed,
        queue=BatchQueue(most=1, most_wait_s=1.0),
        now=timeline.now,
        weighs_coverage=False,
    )
    timers = Timers(own, now=start)
    feed.listeners.append(timers.follow)
    random = Random(SEED)
    stories = Stories(own, timeline, random, Missions(own, timeline, random, Projection(desk.city.crs)))
    _plan(stories, start, until)
    try:
        await timeline.run(until, due=timers.soonest, tick=timers.tick)
    finally:
        # Broken off, too, nobody must be left who uses the connection that is now rolled back.
        await own.queue.served()
    if within.failed:
        raise Unavailable("the demo's past could not be made")
    return Past(told, list(_positions(stories.missions, until)))


def _plan(stories: Stories, start: datetime, until: datetime) -> None:
    """A usual day, and at its end what is to be open."""
    city, random, timeline = stories.desk.city, stories.random, stories.timeline
    arrivals = by_the_hour(random, rate=INCIDENTS_A_DAY / 86_400, start=start, timezone=city.timezone)
    for call in plan_calls(city, seed=SEED, arrivals=arrivals, misuse=MISUSE):
        moment = start + timedelta(seconds=call.at_s)
        if moment > until - timedelta(seconds=2 * LONGEST_S):
            break
        timeline.begin(moment, stories.call(call))
    for ago_s, call, course in Scene(city, random).calls():
        timeline.begin(until - timedelta(seconds=ago_s), stories.call(call, course))


def _positions(missions: Missions, until: datetime) -> Iterator[UnitPosition]:
    fleet = missions.desk.picture.room.units
    for unit_id, drive in sorted(missions.drives.items()):
        yield from track(fleet[unit_id], drive, until, missions.projection, missions.random)
