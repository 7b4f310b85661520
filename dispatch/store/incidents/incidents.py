"""Incidents and their running assignments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asyncpg import Record

from dispatch.errors import NotFound
from dispatch.model import Assignment, Incident, IncidentId, IncidentStatus, Overdue, Similar, UnitId
from dispatch.model.wire import decode, encode
from dispatch.store.backward_compat import decode_of_all, encode_for_all
from dispatch.store.db import Connection
from dispatch.store.unnest import columns, unnest
from geo import Location

# Columns as arrays, so that many rows are written by one statement; nested lists are JSON.
TYPES = {
    "id": "bigint",
    "status": "text",
    "priority": "smallint",
    "nature": "text",
    "text": "text",
    "opened_at": "timestamptz",
    "closed_at": "timestamptz",
    "close_reason": "text",
    "linked_to": "bigint",
    "location": "json",
    "parish": "text",
    "calls": "integer",
    "channels": "json",
    "version": "integer",
    "alarm": "smallint",
    "overdue": "json",
    "similar_to": "json",
    "reopened": "json",
    "continues": "bigint",
}
# Lists that the table holds as arrays.
ARRAYS = {"channels": "text", "reopened": "timestamptz"}
# The running assignments come along as one JSON array, so that an incident is one row. No `*`: a column that a newer
# node adds must not change a statement that is prepared already.
ASSIGNMENTS = """(
        select json_agg(json_build_object(
            'unit_id', a.unit_id, 'assigned_at', a.assigned_at, 'assigned_by', a.assigned_by,
            'en_route_at', a.en_route_at, 'on_scene_at', a.on_scene_at,
            'transporting_at', a.transporting_at, 'at_hospital_at', a.at_hospital_at) order by a.id)
        from assignment a where a.incident_id = i.id and a.released_at is null
    )"""
INCIDENTS = f"""
    select {", ".join(f"i.{name}" for name in TYPES)}, {ASSIGNMENTS} as assignments
    from incident i
"""  # noqa: S608
COLUMNS = ", ".join(TYPES)
SELECTED = ", ".join(
    f"array(select json_array_elements_text(u.{name})::{ARRAYS[name]})" if name in ARRAYS else f"u.{name}"
    for name in TYPES
)
# The same for an incident `i`, as JSON in the shape of the model.
FIELDS = {"similar_to": "similar"}
AS_JSON = f"""json_build_object({", ".join(f"'{FIELDS.get(name, name)}', i.{name}" for name in TYPES)},
    'assignments', coalesce({ASSIGNMENTS}, '[]'))"""


def insert_sql(first: int = 1) -> str:
    """Parameters: the columns of `values`, numbered from `first` on."""
    return f"insert into incident ({COLUMNS}) overriding system value select {SELECTED} from {unnest(TYPES, first)}"  # noqa: S608


def update_sql(first: int = 1) -> str:
    changed, change = COLUMNS.removeprefix("id, "), SELECTED.removeprefix("u.id, ")
    return f"update incident set ({changed}) = row({change}) from {unnest(TYPES, first)} where incident.id = u.id"  # noqa: S608


def to_incident(row: Record) -> Incident:
    return Incident(
        id=IncidentId(row["id"]),
        status=IncidentStatus(row["status"]),
        priority=row["priority"],
        nature=row["nature"],
        text=row["text"],
        opened_at=row["opened_at"],
        location=decode_of_all(row["location"], Location),
        calls=row["calls"],
        channels=tuple(row["channels"]),
        assignments=decode(row["assignments"] or "[]", tuple[Assignment, ...]),
        closed_at=row["closed_at"],
        close_reason=row["close_reason"],
        linked_to=row["linked_to"],
        version=row["version"],
        alarm=row["alarm"],
        overdue=decode(row["overdue"], tuple[Overdue, ...]),
        similar=decode(row["similar_to"], tuple[Similar, ...]),
        reopened=tuple(row["reopened"]),
        continues=IncidentId(row["continues"]) if row["continues"] is not None else None,
    )


async def add(db: Connection, *, incident: Incident) -> Incident:
    """The incident with its new number."""
    number = await db.fetchval("select nextval(pg_get_serial_sequence('incident', 'id'))")
    incident = replace(incident, id=IncidentId(number))
    await add_all(db, incidents=[incident])
    return incident


async def add_all(db: Connection, *, incidents: Sequence[Incident]) -> None:
    """All in one statement, each with a new number."""
    await db.execute(insert_sql(), *columns(map(values, incidents)))


async def lock(db: Connection, *, incident_id: IncidentId) -> Incident:
    """The incident, locked until the transaction ends. Raises NotFound."""
    await db.execute("select id from incident where id = $1 for update", incident_id)
    return await get(db, incident_id=incident_id)


async def get(db: Connection, *, incident_id: IncidentId) -> Incident:
    row = await db.fetchrow(f"{INCIDENTS} where i.id = $1", incident_id)
    if row is None:
        raise NotFound(f"no incident {incident_id}")
    return to_incident(row)


async def lock_all(db: Connection, *, incident_ids: Iterable[IncidentId]) -> dict[IncidentId, Incident]:
    """Those of these incidents that exist, locked until the transaction ends: locked in the order of their ids, as in
    all transactions, so that they queue and never deadlock."""
    ids = sorted(incident_ids)
    await db.execute("select id from incident where id = any($1) order by id for update", ids)
    return {i.id: i for i in map(to_incident, await db.fetch(f"{INCIDENTS} where i.id = any($1)", ids))}


async def save(db: Connection, *, incident: Incident) -> Incident:
    """Write the incident with the next version; assignments are written by assign and release."""
    incident = replace(incident, version=incident.version + 1)
    await save_all(db, incidents=[incident])
    return incident


async def save_all(db: Connection, *, incidents: Sequence[Incident]) -> None:
    """All in one statement, each with its next version."""
    await db.execute(update_sql(), *columns(map(values, incidents)))


async def ever(db: Connection) -> bool:
    """Whether there was an incident at any time."""
    return bool(await db.fetchval("select exists (select from incident)"))


async def open_ones(db: Connection) -> list[Incident]:
    return [to_incident(row) for row in await db.fetch(f"{INCIDENTS} where i.status <> 'closed' order by i.id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    status: IncidentStatus | None = None
    open: bool | None = None
    parish: str | None = None
    priority: int | None = None
    nature: str | None = None


async def page(db: Connection, *, filter: Filter, before: IncidentId | None, limit: int) -> list[Incident]:
    """Newest first, those with an id below `before`."""
    where, args = ["true"], list[Any]()
    wanted = {"status = ": filter.status, "parish = ": filter.parish, "priority = ": filter.priority}
    wanted |= {"nature = ": filter.nature, "id < ": before}
    for condition, value in wanted.items():
        if value is not None:
            args.append(value)
            where.append(f"i.{condition}${len(args)}")
    if filter.open is not None:
        where.append("i.status <> 'closed'" if filter.open else "i.status = 'closed'")
    args.append(limit)
    sql = f"{INCIDENTS} where {' and '.join(where)} order by i.id desc limit ${len(args)}"
    return [to_incident(row) for row in await db.fetch(sql, *args)]


async def assign(db: Connection, *, incident_id: IncidentId, unit_id: UnitId, at: datetime, by: str) -> None:
    """Raises Conflict (by constraint) if the unit is already on an incident."""
    await db.execute(
        "insert into assignment (incident_id, unit_id, assigned_at, assigned_by) values ($1, $2, $3, $4)",
        incident_id,
        unit_id,
        at,
        by,
    )


async def of_unit(db: Connection, *, unit_id: UnitId) -> IncidentId | None:
    """The incident that the unit is on."""
    found = await db.fetchval("select incident_id from assignment where unit_id = $1 and released_at is null", unit_id)
    return IncidentId(found) if found is not None else None


async def of_unit_at(db: Connection, *, unit_id: UnitId, at: datetime) -> IncidentId | None:
    """The incident that the unit was on at a moment: of two, the one that it was sent to later."""
    found = await db.fetchval(
        """select incident_id from assignment
           where unit_id = $1 and assigned_at <= $2 and (released_at is null or released_at >= $2)
           order by assigned_at desc, id desc limit 1""",
        unit_id,
        at,
    )
    return IncidentId(found) if found is not None else None


async def assignments(db: Connection, *, incident_id: IncidentId) -> list[Assignment]:
    """All of the incident, past and running, in the order in which they were made."""
    rows = await db.fetch(
        """select unit_id, assigned_at, assigned_by, en_route_at, on_scene_at, transporting_at, at_hospital_at,
               released_at, release_reason
           from assignment where incident_id = $1 order by id""",
        incident_id,
    )
    return [Assignment(**row) for row in rows]


def values(incident: Incident) -> tuple[object, ...]:
    return (
        incident.id,
        incident.status,
        incident.priority,
        incident.nature,
        incident.text,
        incident.opened_at,
        incident.closed_at,
        incident.close_reason,
        incident.linked_to,
        encode_for_all(incident.location),
        _parish(incident.location),
        incident.calls,
        encode(incident.channels),
        incident.version,
        incident.alarm,
        encode(incident.overdue),
        encode(incident.similar),
        encode(incident.reopened),
        incident.continues,
    )


def _parish(location: Location) -> str | None:
    return location.parish.code if location.parish else None
