"""The dispatcher's acts on incidents."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from dispatch.api.access import Dispatcher
from dispatch.api.bodies import AssignmentBody, Closing, IncidentChange, Link, Note
from dispatch.api.state import TheDesk, ThePool
from dispatch.api.views import IncidentPage, IncidentView, RecommendationView, incident_view
from dispatch.api.wire import Json, body_of, describes
from dispatch.desk import assignments, incidents
from dispatch.desk.recommendation import recommendation
from dispatch.model import Incident, IncidentId, IncidentStatus, UnitId
from dispatch.store import incidents as stored
from dispatch.store.db import connection

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])

Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", response_model=IncidentPage)
async def list_incidents(
    pool: ThePool,
    _: Dispatcher,
    status: Annotated[IncidentStatus | None, Query(description="`closed`, or one of the open ones")] = None,
    open: bool | None = None,
    parish: Annotated[str | None, Query(max_length=12)] = None,
    priority: Annotated[int | None, Query(ge=1, le=5)] = None,
    nature: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    wanted = stored.Filter(status=status, open=open, parish=parish, priority=priority, nature=nature)
    async with connection(pool) as db:
        before = IncidentId(cursor) if cursor else None
        items = await stored.page(db, filter=wanted, before=before, limit=limit)
    return Json(IncidentPage(items, items[-1].id if len(items) == limit else None))


@router.get("/{incident_id}", response_model=IncidentView)
async def get_incident(incident_id: Number, pool: ThePool, _: Dispatcher) -> Response:
    return Json(await incident_view(pool, IncidentId(incident_id)))


@router.patch("/{incident_id}", response_model=Incident, openapi_extra=describes(IncidentChange))
async def change_incident(
    incident_id: Number,
    actor: Dispatcher,
    body: Annotated[IncidentChange, Depends(body_of(IncidentChange))],
    desk: TheDesk,
) -> Response:
    changes: dict[str, Any] = {f: v for f in ("priority", "nature", "text") if (v := getattr(body, f)) is not None}
    if (place := body.location) is not None:
        now = datetime.now(UTC)
        changes["location"] = incidents.placed(desk, lat=place.lat, lon=place.lon, radius_m=place.radius_m, at=now)
    changed = await incidents.change(
        desk, incident_id=IncidentId(incident_id), changes=changes, version=body.version, actor=actor.name
    )
    return Json(changed)


@router.post("/{incident_id}/close", response_model=Incident, openapi_extra=describes(Closing))
async def close_incident(
    incident_id: Number, actor: Dispatcher, body: Annotated[Closing, Depends(body_of(Closing))], desk: TheDesk
) -> Response:
    closed = await incidents.close(
        desk, incident_id=IncidentId(incident_id), reason=body.reason, version=body.version, actor=actor.name
    )
    return Json(closed)


@router.post("/{incident_id}/notes", status_code=204, openapi_extra=describes(Note))
async def add_note(
    incident_id: Number, actor: Dispatcher, body: Annotated[Note, Depends(body_of(Note))], desk: TheDesk
) -> Response:
    await incidents.add_note(desk, incident_id=IncidentId(incident_id), text=body.text, actor=actor.name)
    return Response(status_code=204)


@router.post("/{incident_id}/link", response_model=Incident, openapi_extra=describes(Link))
async def link_incident(
    incident_id: Number, actor: Dispatcher, body: Annotated[Link, Depends(body_of(Link))], desk: TheDesk
) -> Response:
    into = IncidentId(body.into)
    return Json(await incidents.link(desk, incident_id=IncidentId(incident_id), into=into, actor=actor.name))


@router.post(
    "/{incident_id}/assignments", status_code=201, response_model=Incident, openapi_extra=describes(AssignmentBody)
)
async def assign_units(
    incident_id: Number,
    actor: Dispatcher,
    body: Annotated[AssignmentBody, Depends(body_of(AssignmentBody))],
    desk: TheDesk,
) -> Response:
    incident = await assignments.assign(
        desk,
        incident_id=IncidentId(incident_id),
        unit_ids=[UnitId(u) for u in body.unit_ids],
        version=body.version,
        actor=actor.name,
    )
    return Json(incident, 201)


@router.delete("/{incident_id}/assignments/{unit_id}", response_model=Incident)
async def release_unit(
    incident_id: Number,
    unit_id: str,
    desk: TheDesk,
    actor: Dispatcher,
    reason: Annotated[str, Query(max_length=200)] = "released by the dispatcher",
) -> Response:
    incident = await assignments.release(
        desk, incident_id=IncidentId(incident_id), unit_id=UnitId(unit_id), reason=reason, actor=actor.name
    )
    return Json(incident)


@router.get("/{incident_id}/recommendation", response_model=RecommendationView)
async def recommend(incident_id: Number, desk: TheDesk, _: Dispatcher) -> Response:
    found = await recommendation(desk, incident_id=IncidentId(incident_id), at=datetime.now(UTC))
    return Json(RecommendationView(incident_id, found.at, found.needs, found.units, found.shortfalls))
