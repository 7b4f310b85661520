"""A node of the service without its doors: picture, feed and desk on a database that it may share with others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import uuid4

from dispatch.desk.calls.batch_queue import BatchQueue
from dispatch.desk.calls.take_call import take_call
from dispatch.desk.desk import Desk
from dispatch.desk.watch.timers import Timers
from dispatch.model import Caller, CallId, Channel, Event, Incident, IncidentId, Report, Seq, Unit
from dispatch.model.city import City
from dispatch.model.room import Room
from dispatch.model.sender import Sender, SenderKind
from dispatch.picture.feed import Feed
from dispatch.picture.picture import Picture
from dispatch.settings import Settings
from dispatch.store import journal
from dispatch.store.db import connection, open_pool, transaction
from dispatch.store.servers import Servers
from dispatch.store.snapshot import snapshot
from dispatch.store.units import units
from dispatch.travel.choice import Router
from geo import Fix, Point, Projection, Source, StraightLine


@dataclass(frozen=True)
class Node:
    desk: Desk
    timers: Timers

    @classmethod
    @asynccontextmanager
    async def on(cls, database_url: str | Servers, city: City, *, now: datetime | None = None) -> AsyncIterator[Self]:
        """`now`: since when it watches. Its task isn't started: a test ticks."""
        pool = await open_pool(database_url, size=6)
        picture = Picture(await snapshot(pool), city, [])
        feed = Feed(pool, seq=picture.room.seq, listeners=[picture.follow])
        travel = StraightLine(Projection(city.crs))
        desk = Desk(
            pool=pool,
            city=city,
            picture=picture,
            feed=feed,
            travel=travel,
            router=Router(travel),
            queue=BatchQueue(most=Settings().call_queue, most_wait_s=Settings().call_wait_s),
            settings=Settings(),
        )
        timers = Timers(desk, now=now)
        feed.listeners.append(timers.follow)
        try:
            yield cls(desk, timers)
        finally:
            await pool.close()

    @property
    def room(self) -> Room:
        return self.desk.picture.room

    def incident(self, number: IncidentId) -> Incident:
        return self.room.incidents[number]

    async def catch_up(self) -> None:
        await self.desk.feed.catch_up()

    async def events(self, *, after: int = 0) -> list[Event]:
        async with connection(self.desk.pool) as db:
            return [e.event for e in await journal.after(db, seq=after, limit=100_000)]

    async def is_fresh(self) -> bool:
        return self.room == await snapshot(self.desk.pool)

    async def call(self, lat: float = -0.2, lon: float = -78.5, *, nature: str = "chest_pain") -> IncidentId:
        """The incident that a new call opens or joins."""
        fix = Fix(source=Source.GNSS, point=Point(lat, lon), radius_m=10)
        report = Report(CallId(uuid4()), Channel.APP, Caller(), nature, None, (fix,))
        before: Seq = self.desk.feed.seq
        await take_call(self.desk, report, sender=Sender("test", SenderKind.INTAKE))
        [taken, *_] = await self.events(after=before)
        assert taken.incident is not None
        return taken.incident.id

    async def add(self, *new: Unit) -> None:
        """Units of before the service began: without an event."""
        async with transaction(self.desk.pool) as db:
            await units.add(db, units=new)
