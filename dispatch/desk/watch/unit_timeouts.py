"""Report silent crews, and those that are heard again."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from dispatch.desk.desk import Desk, begin
from dispatch.desk.units.status import set_silent
from dispatch.model import EventKind, Unit, UnitId
from dispatch.policy.watch.unit_timeouts import USUAL_S, Hearing, listen
from dispatch.store.db import connection
from dispatch.store.journal import Entry
from dispatch.store.watch import last_heard as stored

ACTOR = "timers"
# A fleet that falls silent is one event; a nation's fleet is some, so that none of them is a burden.
UNITS_PER_EVENT = 500
WORDS_OF_CREWS = frozenset({EventKind.UNIT_HEARD, EventKind.UNIT_STATUS_CHANGED, EventKind.UNIT_STATUS_LATE})


class UnitTimeouts:
    """What this node knows about when units were heard: its own from the picture, the other nodes' from events and the
    database.

    A position reaches the node that it was sent to. Before a unit is reported silent, the database is asked, to which
    every node writes within a second."""

    def __init__(self, desk: Desk, *, since: datetime) -> None:
        self._desk = desk
        self._since = since
        self._elsewhere: dict[UnitId, datetime] = {}

    def follow(self, entry: Entry) -> None:
        """A status is word of a crew at the moment at which it came, whenever it was that the crew said it."""
        if entry.event.kind in WORDS_OF_CREWS:
            self._elsewhere |= dict.fromkeys((u.id for u in entry.event.units), entry.event.at)

    async def check(self, at: datetime) -> None:
        """Report all units whose silence began or ended, many in one event."""
        units = self._desk.picture.room.units
        found = self._listen(list(units.values()), at)
        if found.silent:
            await self._ask(list(found.silent), at)
            found = Hearing(self._listen([units[u] for u in found.silent], at).silent, found.heard)
        for some in _in_parts(sorted(found.silent)):
            async with begin(self._desk, actor=ACTOR) as tx:
                if fallen := await set_silent(tx, some, found.silent):
                    tx.tell(EventKind.UNIT_SILENT, units=fallen, data={"unit_ids": [u.id for u in fallen]})
        for some in _in_parts(sorted(found.heard)):
            async with begin(self._desk, actor=ACTOR) as tx:
                if risen := await set_silent(tx, some, None):
                    tx.tell(EventKind.UNIT_HEARD, units=risen, data={"unit_ids": [u.id for u in risen]})

    def _listen(self, units: Sequence[Unit], at: datetime) -> Hearing:
        heard = self._desk.picture.heard_at
        late = {u: moment for u, moment in self._elsewhere.items() if u in heard and moment > heard[u]}
        agencies = self._desk.city.agencies_by_code
        return listen(units, positions_at=heard | late, agencies=agencies, listening_since=self._since, at=at)

    async def _ask(self, unit_ids: Sequence[UnitId], at: datetime) -> None:
        longest_s = max((a.silent_after_s for a in self._desk.city.agencies), default=USUAL_S)
        async with connection(self._desk.pool) as db:
            since = at - timedelta(seconds=longest_s)
            self._elsewhere |= await stored.heard_at(db, unit_ids=unit_ids, since=since)


def _in_parts(unit_ids: Sequence[UnitId]) -> Iterator[Sequence[UnitId]]:
    for start in range(0, len(unit_ids), UNITS_PER_EVENT):
        yield unit_ids[start : start + UNITS_PER_EVENT]
