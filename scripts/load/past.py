"""Creates a city with many past incidents in seconds: a few calls stored by the service, copied many times by SQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec

from dispatch.model.city import City
from dispatch.store.embedded import EmbeddedPostgres
from scripts.load.calls import plan
from scripts.load.profiles import Profile, steady
from scripts.load.wire import Client
from scripts.own_service import own_service

TEMPLATES, DAYS, EVENTS = 60, 50, 2
"""Calls sent to the service; days over which the past is spread; events of each past incident."""

# A copy of each template in turn: the last ones are open and of today, all others are closed.
COPIES = """create temp table copy as
    select nextval(pg_get_serial_sequence('incident', 'id')) as id, gen_random_uuid() as call_id,
           t.incident_id as like_id, t.id as like_call, n <= $1 as past,
           now() - case when n <= $1 then $3 * random() else 0.01 end * interval '1 day' as at
    from generate_series(1, $1 + $2) n
    join (select id, incident_id, row_number() over (order by received_at) - 1 as place, count(*) over () as many
          from call where id in (select distinct on (incident_id) id from call order by incident_id, received_at)) t
      on n % t.many = t.place"""
FILL = (
    """insert into incident (id, status, priority, nature, text, opened_at, closed_at, close_reason, location, parish,
                             calls, channels)
       overriding system value
       select c.id, case when past then 'closed' else 'waiting' end, priority, nature, text, at,
              case when past then at + interval '40 minutes' end, case when past then 'attended' end, location, parish,
              1, channels
       from copy c join incident i on i.id = like_id""",
    """insert into call (id, incident_id, channel, number, name, imei, imsi, language, nature, text, civic, fixes,
                         location, received_at)
       select call_id, c.id, channel, number, name, imei, imsi, language, nature, text, civic, fixes, location, at
       from copy c join call on call.id = like_call""",
    """insert into report (id, call_id, channel, flaws, received_at, received_by, answer)
       select gen_random_uuid(), c.call_id, channel, flaws, at, received_by, answer
       from copy c join report r on r.call_id = like_call""",
    """insert into assignment (incident_id, unit_id, assigned_at, assigned_by, en_route_at, on_scene_at, released_at,
                               release_reason)
       select c.id, u.id, at, 'past', at + interval '1 minute', at + interval '8 minutes', at + interval '40 minutes',
              'done'
       from copy c join (select id, row_number() over () - 1 as place, count(*) over () as many from unit) u
         on c.id % many = place
       where past""",
)
# An event's own number is its last field.
JOURNAL = """insert into journal (seq, at, kind, incident_id, body)
    select seq, at, kind, id, (text || seq || '}')::json
    from (select $1 + row_number() over (order by at, n) as seq, c.at, kind, c.id, text
          from copy c cross join generate_series(1, $2) n
          join (select distinct on (incident_id) incident_id, kind, rtrim(body::text, '0123456789}') as text
                from journal order by incident_id, seq) j
            on j.incident_id = like_id) numbered"""


async def make(city: City, city_folder: Path, state: Path, *, past: int, open_ones: int) -> None:
    """In the state folder of a service that isn't running. Raises RuntimeError."""
    async with own_service("--city", str(city_folder), state=state) as service:
        await _take_calls(city, service.url, service.key)
    async with _database(state) as db:
        await db.execute(COPIES.replace("$1", str(past)).replace("$2", str(open_ones)).replace("$3", str(DAYS)))
        head = await db.fetchval("select seq from journal_head")
        for statement in FILL:
            await db.execute(statement)
        await db.execute(JOURNAL, head, EVENTS)
        await db.execute("update journal_head set seq = (select max(seq) from journal)")
        await db.execute("vacuum analyze")
        await db.execute("checkpoint")


async def _take_calls(city: City, url: str, key: str) -> None:
    client = Client(url, key)
    calls = plan(city, Profile("past", "", steady(1.0), 3.0 * TEMPLATES, screens=0), seed=1)[:TEMPLATES]
    for call in calls:
        status, answer = await client.post("/v1/calls", msgspec.json.encode(call.body(uuid4(), datetime.now(UTC))))
        if status != 201:
            raise RuntimeError(f"a call was not taken: {status} {answer[:300]!r}")
    client.close()


@asynccontextmanager
async def _database(state: Path) -> AsyncIterator[Any]:
    server = await asyncio.to_thread(EmbeddedPostgres(state / "state").start)
    db = await asyncpg.connect(server.dsn)
    try:
        yield db
    finally:
        await db.close()
        await asyncio.to_thread(server.stop)
