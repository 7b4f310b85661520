"""Taking a batch of reports: all that must be known of it in two statements, all that is written in one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from uuid import UUID

from dispatch.model import Call, Caller, CallId, Incident, IncidentId, Seq
from dispatch.model.phone import identities
from dispatch.model.report_key import ReportKey
from dispatch.model.wire import decode
from dispatch.store.backward_compat import decode_of_all
from dispatch.store.calls import calls, fixes
from dispatch.store.calls.calls import Receipt
from dispatch.store.db import Connection
from dispatch.store.incidents import incidents
from dispatch.store.unnest import columns
from geo import Fix, Location, Source

# More recent calls of one phone than these say nothing new.
MOST_CALLS = 1_000
# And of one that redials.
MOST_REDIALS = 20
MOST_HISTORY = 50

# Of a past call: incident, nature, latitude, longitude, radius in metres.
PastValues = tuple[IncidentId, str | None, float | None, float | None, float | None]
MARKS = ("number", "imei", "imsi", "installation")
REDIALS = " union ".join(
    f"""(select redial.* from unnest(${place}::text[]) as mark (value) cross join lateral (
            select id, incident_id from call where {name} = mark.value and received_at >= $11
            order by received_at desc limit {MOST_REDIALS}) as redial)"""  # noqa: S608
    for name, place in zip(MARKS, (4, 5, 6, 10), strict=True)
)
PAST = f"""(
    select json_object_agg(mark.value, past.calls) from unnest($4::text[]) as mark (value) cross join lateral (
        select json_agg(json_build_array(id, json_build_array(
            incident_id, nature, location->'lat', location->'lon', location->'radius_m'))) as calls
        from (select id, incident_id, nature, location, received_at from call
            where number = mark.value and received_at >= $12
            order by received_at desc limit {MOST_HISTORY}) as newest) as past
    where past.calls is not null)"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Claim:
    """`head` of the journal; `answered`: the stored answer of each report of these ids, as JSON; `used_ids`: those of
    them that a report or a call has; `numbers`: unused incident ids; `call_ids` that the reports may continue;
    `incident_ids` that exist and are locked. `history`: of each number that reports and has called before."""

    head: Seq
    answered: dict[ReportKey, str]
    used_ids: set[UUID]
    numbers: list[IncidentId]
    call_ids: list[CallId]
    incident_ids: list[IncidentId]
    history: dict[str, list[tuple[CallId, PastValues]]]


@dataclass(frozen=True, slots=True)
class Rows:
    """As they are under the locks. `places`: of all calls of the incidents that `calls` belong to."""

    calls: list[Call]
    incidents: dict[IncidentId, Incident]
    places: dict[IncidentId, dict[CallId, tuple[str, Location]]]


NO_ROWS = Rows([], {}, {})


async def claim(
    db: Connection,
    *,
    report_ids: Sequence[UUID],
    call_ids: Sequence[CallId],
    callers: Iterable[Caller],
    since: datetime,
    redials_since: datetime,
    history_since: datetime,
    incident_ids: Iterable[IncidentId],
    numbers: int,
) -> Claim:
    """Lock the incidents that a batch may change, by id, as everybody locks several: those named, and those of calls
    since `since` of the same phones, or a few of each since `redials_since`. `call_ids`: calls that the reports name.
    """
    known = [identities(caller) for caller in callers]
    number, imei, imsi, installation = (
        list({value for one in known for mark, value in one if mark == name}) for name in MARKS
    )
    row = await db.fetchrow(
        f"""with mine as materialized (
               (select id, incident_id from call
                where received_at >= $3 and (number = any($4) or imei = any($5) or imsi = any($6))
                order by received_at desc limit $8)
               union {REDIALS}
               union select id, incident_id from call where id = any($2)),
           locked as materialized (
               select id from incident where id = any($7) or id in (select incident_id from mine)
               order by id for update)
           select (select seq from journal_head) as head,
               array(select id from report where id = any($1) order by id, received_by, digest) as reports,
               array(select received_by from report where id = any($1) order by id, received_by, digest) as senders,
               array(select digest from report where id = any($1) order by id, received_by, digest) as digests,
               array(select answer::text from report where id = any($1) order by id, received_by, digest) as answers,
               array(select id from call where id = any($1)) as calls,
               array(select nextval(pg_get_serial_sequence('incident', 'id')) from generate_series(1, $9)) as numbers,
               array(select id from mine) as call_ids,
               array(select id from locked) as incident_ids,
               {PAST} as history""",  # noqa: S608
        report_ids,
        call_ids,
        since,
        number,
        imei,
        imsi,
        list(incident_ids),
        MOST_CALLS,
        max(numbers, 0),
        installation,
        redials_since,
        history_since,
    )
    assert row is not None
    return Claim(
        head=Seq(row["head"]),
        answered=dict(zip(map(ReportKey, row["senders"], row["reports"], row["digests"]), row["answers"], strict=True)),
        used_ids={*row["reports"], *row["calls"]},
        numbers=[IncidentId(number) for number in row["numbers"]],
        call_ids=[CallId(call_id) for call_id in row["call_ids"]],
        incident_ids=[IncidentId(number) for number in row["incident_ids"]],
        history=decode(row["history"] or "{}", dict[str, list[tuple[CallId, PastValues]]]),
    )


async def read(db: Connection, *, claim: Claim) -> Rows:
    """What was claimed, as it is now that it is locked: a statement of its own, for what the first one saw may have
    changed while it waited for the locks."""
    row = await db.fetchrow(
        f"""with mine as materialized ({calls.SELECT} where id = any($1))
            select (select json_agg({calls.AS_JSON} order by received_at desc) from mine) as calls,
                (select json_agg({incidents.AS_JSON}) from incident i where i.id = any($2)) as incidents,
                (select json_agg({PLACED}) from ({calls.SELECT}
                    where incident_id in (select incident_id from mine)) as call) as places""",  # noqa: S608
        claim.call_ids,
        claim.incident_ids,
    )
    assert row is not None
    places: dict[IncidentId, dict[CallId, tuple[str, Location]]] = {}
    for placed in decode_of_all(row["places"] or "[]", list[_Placed]):
        places.setdefault(placed.incident_id, {})[placed.id] = (placed.sender, placed.place())
    return Rows(
        calls=calls.from_json(row["calls"] or "[]"),
        incidents={one.id: one for one in decode_of_all(row["incidents"] or "[]", list[Incident])},
        places=places,
    )


PLACED = """json_build_object('id', id, 'incident_id', incident_id, 'sender', sender, 'location', location,
    'manual_is_reported', manual_is_reported)"""


@dataclass(frozen=True, slots=True)
class _Placed:
    id: CallId
    incident_id: IncidentId
    sender: str
    location: Location
    manual_is_reported: bool

    def place(self) -> Location:
        if self.manual_is_reported and self.location.source is Source.MANUAL:
            return replace(self.location, source=Source.REPORTED)
        return self.location


async def write(
    db: Connection,
    *,
    new_incidents: Sequence[Incident],
    changed_incidents: Sequence[Incident],
    new_calls: Sequence[Call],
    changed_calls: Sequence[Call],
    receipts: Sequence[Receipt],
    fixes_set_aside: Sequence[tuple[CallId, Fix]],
    at: datetime,
) -> None:
    """All in one statement. A changed incident has its next version already."""
    groups = {
        "new_incidents": [incidents.values(one) for one in new_incidents],
        "changed_incidents": [incidents.values(one) for one in changed_incidents],
        "new_calls": [calls.values(one) for one in new_calls],
        "changed_calls": [calls.values(one) for one in changed_calls],
        "receipts": [calls.receipt_values(one) for one in receipts],
        "fixes": [fixes.values(call_id, fix, at) for call_id, fix in fixes_set_aside],
    }
    groups = {name: rows for name, rows in groups.items() if rows}
    if groups:
        await db.execute(_statement(tuple(groups)), *(column for rows in groups.values() for column in columns(rows)))


@cache
def _statement(groups: tuple[str, ...]) -> str:
    """One statement that writes these groups of rows; each row's values are parameters, an array for each column."""
    parts, first = [], 1
    for name in groups:
        sql, width = _SQL[name]
        parts.append(f"{name} as ({sql(first)})")
        first += width
    return f"with {', '.join(parts)} select"


_SQL: Mapping[str, tuple[Callable[[int], str], int]] = {
    "new_incidents": (incidents.insert_sql, len(incidents.TYPES)),
    "changed_incidents": (incidents.update_sql, len(incidents.TYPES)),
    "new_calls": (calls.insert_sql, len(calls.TYPES)),
    "changed_calls": (calls.update_sql, len(calls.TYPES)),
    "receipts": (calls.insert_receipts_sql, len(calls.RECEIPT_TYPES)),
    "fixes": (fixes.insert_sql, len(fixes.TYPES)),
}
