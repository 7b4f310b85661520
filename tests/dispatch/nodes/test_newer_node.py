"""An older node beside a newer one: what it doesn't understand stops nothing, and reaches screens as it was told."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from dispatch.city import load_city
from dispatch.model import EventKind, Unit, UnitId, UnitStatus
from dispatch.model.city import City
from dispatch.model.wire import encode
from dispatch.settings import Settings
from dispatch.store import journal
from dispatch.store.db import Pool, connection, transaction
from dispatch.store.journal import Entry
from dispatch.store.units.units import add
from tests.dispatch.nodes.following import Follower, something_happens, until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FLEET = [
    Unit(UnitId(unit_id), "MSP", "ambulance_bls", ("bls",), None, UnitStatus.AVAILABLE, NOW) for unit_id in ("A1", "A2")
]


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(Settings().city)


async def told_by_a_newer_node(pool: Pool, **event: Any) -> str:
    """The text as it stands in the journal."""
    async with transaction(pool) as db:
        seq = await db.fetchval("update journal_head set seq = seq + 1 returning seq")
        body = encode(
            {"at": NOW, "actor": "newer", "incident": None, "quarantine": None, "data": {}, "seq": seq} | event
        )
        await db.execute(
            "insert into journal (seq, at, kind, body) values ($1, $2, $3, $4)", seq, NOW, event["kind"], body
        )
        await db.execute("select pg_notify($1, $2)", journal.CHANNEL, str(seq))
    return body


async def test_a_kind_and_fields_and_values_that_it_does_not_know(database_url: str, pool: Pool, quito: City) -> None:
    async with transaction(pool) as db:
        await add(db, units=FLEET)
    bodies: list[str] = []

    def follow(entries: Sequence[Entry]) -> None:
        bodies.extend(entry.body for entry in entries)

    async with Follower.on(database_url, quito) as node:
        node.node.desk.feed.listeners.append(follow)
        plain: list[dict[str, Any]] = [msgspec.to_builtins(unit) for unit in FLEET]
        changed = plain[0] | {"status": "off_duty", "version": 2, "mood": "good"}
        strange = plain[1] | {"status": "levitating", "version": 2}
        sent = [
            await told_by_a_newer_node(pool, kind="unit_promoted", units=[changed, strange], colour="blue"),
            await told_by_a_newer_node(pool, kind="unit_changed", units=[strange], incident={"id": "a word"}),
        ]
        await something_happens(pool)
        await until(lambda: node.told == [1, 2, 3])
        assert node.is_current
        assert bodies[:2] == sent
        units = node.node.room.units
        assert (units[UnitId("A1")].status, units[UnitId("A1")].version) == (UnitStatus.OFF_DUTY, 2)
        assert units[UnitId("A2")] == FLEET[1]
        async with connection(pool) as db:
            kinds = [entry.event.kind for entry in await journal.after(db, seq=0, limit=10)]
        assert kinds == [EventKind.UNKNOWN, EventKind.UNIT_CHANGED, EventKind.NOTE_ADDED]
