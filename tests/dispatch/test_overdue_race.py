"""Two impatient nodes, hurried dispatchers, one database: nothing is told twice, and old state + events = fresh."""

import asyncio
import json
import shutil
from collections import Counter
from pathlib import Path
from random import Random

from dispatch.model import Event, EventKind
from dispatch.model.room import Room
from dispatch.store import journal
from dispatch.store.db import connection, open_pool
from dispatch.store.snapshot import snapshot
from tests.dispatch.test_one_order import dispatcher
from tests.screens import Screen
from tests.service import Service

QUITO = Path(__file__).parents[2] / "data" / "quito"
WITHIN_S = {"process": 0.1, "turnout": 0.05, "travel": 0.05, "response": 0.2, "handover": 0.05}


async def test_told_once_whoever_races(database_url: str, tmp_path: Path) -> None:
    city = tmp_path / "quito"
    shutil.copytree(QUITO, city)
    targets = [{"code": i, "interval": i, "seconds": s, "share": 0.9} for i, s in WITHIN_S.items()]
    (city / "targets.json").write_text(json.dumps(targets), "utf-8")
    async with (
        Service.started(database_url, city=str(city)) as one,
        Service.started(database_url, city=str(city)) as two,
        one.client() as http,
        two.client() as other,
        Screen.on(one) as here,
    ):
        pool = await open_pool(database_url, size=2)
        await asyncio.gather(*(dispatcher(h, Random(f"{n}")) for n, h in enumerate([http, other, http, other])))
        await here.until(lambda: late(here) == waiting(here))
        fresh = await snapshot(pool)
        async with connection(pool) as db:
            events = [e.event for e in await journal.after(db, seq=0, limit=fresh.seq)]
        await pool.close()
    room = Room()
    for event in events:
        room.apply(event)
    assert room == fresh
    told = Counter(key for event in events if event.kind is EventKind.INCIDENT_OVERDUE for key in [what(event)])
    assert sum(told.values()) > 20
    assert told.most_common(1)[0][1] == 1


def late(screen: Screen) -> set[int]:
    return {i.id for i in screen.room.incidents.values() if any(o.interval == "process" for o in i.overdue)}


def waiting(screen: Screen) -> set[int]:
    return {i.id for i in screen.room.incidents.values() if i.status == "waiting"}


def what(event: Event) -> tuple[object, ...]:
    """Of which incident which interval of whom, begun when and held to what. Whatever is told to be late is in the
    state that is told with it."""
    assert event.incident is not None and event.data["over"]
    [one] = [
        o
        for o in event.incident.overdue
        if (o.interval, o.unit_id, o.target_s) == tuple(event.data[key] for key in ("interval", "unit_id", "target_s"))
    ]
    # An incident to which nobody goes any more is late again since the same moment: its version tells the two apart.
    return event.incident.id, one.interval, one.unit_id, one.since, event.incident.version
