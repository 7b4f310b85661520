"""What every use case needs, and the transaction that all of them share."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import structlog

from dispatch.desk.calls.batch_queue import BatchQueue
from dispatch.desk.units.coverage import Coverage
from dispatch.errors import Unavailable
from dispatch.intake.places import Area, area_of
from dispatch.model import EventKind, Incident, NewEvent, Unit
from dispatch.model.city import City
from dispatch.picture.feed import Feed
from dispatch.picture.picture import Picture
from dispatch.settings import Settings
from dispatch.store import journal
from dispatch.store.db import Connection, Pool, transaction
from dispatch.store.journal import summary_of
from dispatch.telemetry import meters
from dispatch.travel.choice import Router
from geo import CellTable, Fix, Location, TravelTime, locate

log = structlog.get_logger()


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`queue` lets calls decide one after another which incident they belong to, so that two calls of one accident,
    arriving together, don't both find nothing to join. `travel`: by straight lines, for what can't wait; `router`: by
    the best that there is; `area`: where callers can be who write where they are. `now`: the clock by which acts are
    dated. `weighs_coverage`: what the city loses when a unit is sent counts in who is recommended. Both are other than
    usual only where the demo's past is made."""

    pool: Pool
    city: City
    picture: Picture
    feed: Feed
    travel: TravelTime
    router: Router
    cells: CellTable | None = None
    settings: Settings
    queue: BatchQueue
    now: Callable[[], datetime] = _utc_now
    weighs_coverage: bool = True
    coverage: Coverage = field(init=False)
    area: Area = field(init=False)

    def __post_init__(self) -> None:
        given, busy = self.settings.incidents_per_day, self.settings.busy_fraction
        coverage = Coverage(self.city, self.picture, self.travel, incidents_per_day=given, busy=busy)
        object.__setattr__(self, "coverage", coverage)
        object.__setattr__(self, "area", area_of(self.city))

    def locate(self, fixes: Sequence[Fix], *, at: datetime) -> Location:
        with meters.LOCATE():
            return locate(fixes, self.city.parishes, at=at, cells=self.cells)


@dataclass(slots=True)
class Transaction:
    """One transaction of one actor at one time, and the events that it will append to the journal."""

    db: Connection
    actor: str
    at: datetime
    told: list[NewEvent] = field(default_factory=list)

    def by(self, actor: str) -> "Transaction":
        """The same transaction with another actor."""
        return replace(self, actor=actor)

    def tell(
        self,
        kind: EventKind,
        *,
        incident: Incident | None = None,
        units: tuple[Unit, ...] = (),
        quarantine_open: int | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        self.told.append(NewEvent(kind, self.at, self.actor, incident, units, None, data or {}, quarantine_open))


@asynccontextmanager
async def begin(desk: Desk, *, actor: str, lock: int | None = None) -> AsyncIterator[Transaction]:
    """A transaction whose last statements append its events. After the commit the events go to the feed. When it
    returns, the picture includes this change, even if earlier changes of other transactions had not been delivered
    before. `lock`: as in `transaction`."""
    entries: list[journal.Entry] = []
    async with transaction(desk.pool, lock=lock) as db:
        tx = Transaction(db, actor, desk.now())
        yield tx
        if tx.told:
            entries = await journal.append(db, new_events=tx.told)
    if entries:
        log.info("committed", **summary_of(entries))
        meters.committed(entries[0].event.seq, entries[-1].event.seq)
    desk.feed.offer(entries)
    if entries and desk.feed.seq < entries[-1].event.seq:
        with suppress(Unavailable):
            await desk.feed.catch_up()
