"""Report intervals that have exceeded their targets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.model import EventKind, Incident, IncidentId, Overdue
from dispatch.policy.watch.overdue import overdue
from dispatch.store.watch import overdue as stored

ACTOR = "timers"


async def note_overdue(desk: Desk, incident_ids: Sequence[IncidentId], *, at: datetime) -> list[Incident]:
    """Update `overdue` of these incidents to `at`, in one transaction. Returns them as they now are, without those that
    are closed or locked by another transaction. A second node that does the same changes nothing."""
    units, city = desk.picture.room.units, desk.city
    async with begin(desk, actor=ACTOR) as tx:
        free = await stored.lock_free(tx.db, incident_ids=incident_ids)
        noted = [replace(i, overdue=overdue(i, units=units, city=city, at=at)) for i in free]
        changed = {i.id: i.overdue for i, before in zip(noted, free, strict=True) if i.overdue != before.overdue}
        if changed:
            await stored.save(tx.db, overdue=changed)
        for incident, before in zip(noted, free, strict=True):
            _tell(tx, incident, [o for o in before.overdue if o not in incident.overdue], over=False)
            _tell(tx, incident, [o for o in incident.overdue if o not in before.overdue], over=True)
    return noted


def _tell(tx: Transaction, incident: Incident, these: Sequence[Overdue], *, over: bool) -> None:
    """`over` False: it is within its target after all, because the target has changed."""
    for one in these:
        data = {"interval": one.interval, "target_s": one.target_s, "unit_id": one.unit_id, "over": over}
        tx.tell(EventKind.INCIDENT_OVERDUE, incident=incident, data=data)
