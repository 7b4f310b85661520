"""Reports that could not be read: kept, shown, and looked at by a person."""

from dispatch.desk.desk import Desk, act
from dispatch.model import EventKind, QuarantineItem
from dispatch.store import quarantine
from dispatch.store.quarantine import Unread


async def keep(desk: Desk, unread: Unread, *, actor: str) -> QuarantineItem:
    async with act(desk, actor=actor) as doing:
        item = await quarantine.add(doing.db, unread=unread, at=doing.at, by=actor)
        doing.tell(EventKind.REPORT_QUARANTINED, quarantine=item)
    return item


async def handle(desk: Desk, *, item_id: int, actor: str) -> QuarantineItem:
    """Somebody has looked at it. Again is the same as once. Raises NotFound."""
    async with act(desk, actor=actor) as doing:
        was_open = await quarantine.handle(doing.db, item_id=item_id, at=doing.at, by=actor)
        item = await quarantine.get(doing.db, item_id=item_id)
        if was_open:
            doing.tell(EventKind.QUARANTINE_HANDLED, quarantine=item)
    return item
