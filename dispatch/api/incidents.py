"""The dispatcher's acts on incidents."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from dispatch.api.access import Actor, CrewOrDispatcher, Dispatcher, Role
from dispatch.api.bodies import AssignmentBody, Closing, IncidentChange, Link, Note, Reopening, SwapBody
from dispatch.api.dependencies import TheDesk, ThePool
from dispatch.api.views import IncidentPage, IncidentView, RecommendationView, incident_view
from dispatch.api.wire import Json, body_of, describes
from dispatch.desk.incidents import change as incidents
from dispatch.desk.incidents import close as closing
from dispatch.desk.incidents import link as linking
from dispatch.desk.incidents import reopen as reopening
from dispatch.desk.incidents import split as splitting
from dispatch.desk.units import assignments
from dispatch.desk.units.recommendation import recommendation
from dispatch.errors import FieldProblem, Forbidden, PreconditionRequired
from dispatch.model import CallId, Incident, IncidentId, IncidentStatus, UnitId
from dispatch.store.db import Pool, connection
from dispatch.store.incidents import incidents as stored

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])

Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
CHANGEABLE = ("priority", "nature", "text", "alarm")
SeenVersion = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="as the dispatcher saw it; 409 where it is another by now")
]


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
async def get_incident(incident_id: Number, pool: ThePool, actor: CrewOrDispatcher) -> Response:
    """To a crew: the one that its unit is on, as long as it is."""
    await _refuse_other_crews(actor, IncidentId(incident_id), pool)
    return Json(await incident_view(pool, IncidentId(incident_id)))


@router.patch("/{incident_id}", response_model=Incident, openapi_extra=describes(IncidentChange))
async def change_incident(
    incident_id: Number,
    actor: Dispatcher,
    body: Annotated[IncidentChange, Depends(body_of(IncidentChange))],
    desk: TheDesk,
) -> Response:
    seen = _seen(body.version)
    changes: dict[str, Any] = {f: v for f in CHANGEABLE if (v := getattr(body, f)) is not None}
    if (place := body.location) is not None:
        now = datetime.now(UTC)
        changes["location"] = incidents.placed(desk, lat=place.lat, lon=place.lon, radius_m=place.radius_m, at=now)
    changed = await incidents.change(
        desk, incident_id=IncidentId(incident_id), changes=changes, version=seen, actor=actor.name
    )
    return Json(changed)


@router.post("/{incident_id}/close", response_model=Incident, openapi_extra=describes(Closing))
async def close_incident(
    incident_id: Number, actor: Dispatcher, body: Annotated[Closing, Depends(body_of(Closing))], desk: TheDesk
) -> Response:
    closed = await closing.close(
        desk, incident_id=IncidentId(incident_id), reason=body.reason, version=_seen(body.version), actor=actor.name
    )
    return Json(closed)


@router.post(
    "/{incident_id}/reopen",
    operation_id="reopen_incident",
    response_model=Incident,
    openapi_extra=describes(Reopening),
)
async def reopen_incident(
    incident_id: Number, actor: Dispatcher, body: Annotated[Reopening, Depends(body_of(Reopening))], desk: TheDesk
) -> Response:
    """A closed incident is open again, for some hours after it was closed; its units are not put back."""
    reopened = await reopening.reopen(
        desk,
        incident_id=IncidentId(incident_id),
        version=_seen(body.version),
        join=IncidentId(body.join) if body.join is not None else None,
        actor=actor.name,
    )
    return Json(reopened)


@router.post("/{incident_id}/notes", operation_id="add_incident_note", status_code=204, openapi_extra=describes(Note))
async def add_note(
    incident_id: Number, actor: Dispatcher, body: Annotated[Note, Depends(body_of(Note))], desk: TheDesk
) -> Response:
    await incidents.add_note(desk, incident_id=IncidentId(incident_id), text=body.text, actor=actor.name)
    return Response(status_code=204)


@router.post("/{incident_id}/link", response_model=Incident, openapi_extra=describes(Link))
async def link_incident(
    incident_id: Number, actor: Dispatcher, body: Annotated[Link, Depends(body_of(Link))], desk: TheDesk
) -> Response:
    linked = await linking.link(
        desk,
        incident_id=IncidentId(incident_id),
        into=IncidentId(body.into),
        version=body.version,
        actor=actor.name,
    )
    return Json(linked)


@router.post("/{incident_id}/unlink", response_model=Incident)
async def unlink_incident(
    incident_id: Number, actor: Dispatcher, desk: TheDesk, version: SeenVersion = None
) -> Response:
    """An incident that was joined to another is open again, with its calls."""
    back = await linking.unlink(desk, incident_id=IncidentId(incident_id), version=version, actor=actor.name)
    return Json(back)


@router.post("/{incident_id}/calls/{call_id}/split", status_code=201, response_model=Incident)
async def split_call(
    incident_id: Number, call_id: UUID, actor: Dispatcher, desk: TheDesk, version: SeenVersion = None
) -> Response:
    """A call that is about something else: the new incident that it makes."""
    new = await splitting.split(
        desk, incident_id=IncidentId(incident_id), call_id=CallId(call_id), version=version, actor=actor.name
    )
    return Json(new, 201)


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
        preempt=_confirmed(body.preempt),
        actor=actor.name,
    )
    return Json(incident, 201)


@router.post("/{incident_id}/swap", response_model=Incident, openapi_extra=describes(SwapBody))
async def swap_units(
    incident_id: Number, actor: Dispatcher, body: Annotated[SwapBody, Depends(body_of(SwapBody))], desk: TheDesk
) -> Response:
    """One unit off the incident and another on it, in one act."""
    incident = await assignments.swap(
        desk,
        incident_id=IncidentId(incident_id),
        release=UnitId(body.release),
        assign=UnitId(body.assign),
        version=body.version,
        preempt=_confirmed(body.preempt),
        actor=actor.name,
    )
    return Json(incident)


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


@router.get("/{incident_id}/recommendation", operation_id="get_recommendation", response_model=RecommendationView)
async def recommend(
    incident_id: Number,
    desk: TheDesk,
    _: Dispatcher,
    alarm: Annotated[int | None, Query(ge=1, le=20, description="what would be sent were this one raised")] = None,
    instead_of: Annotated[str | None, Query(max_length=32, description="who could take this unit's place")] = None,
) -> Response:
    advice = await recommendation(
        desk,
        incident_id=IncidentId(incident_id),
        alarm=alarm,
        at=datetime.now(UTC),
        instead_of=UnitId(instead_of) if instead_of else None,
    )
    return Json(RecommendationView.of(incident_id, advice))


async def _refuse_other_crews(actor: Actor, incident_id: IncidentId, pool: Pool) -> None:
    """Also of an incident that isn't there: which ones there are is nothing a crew may find out. Raises Forbidden."""
    if actor.role is not Role.CREW or actor.unit_id is None:
        return
    async with connection(pool) as db:
        if await stored.of_unit(db, unit_id=actor.unit_id) != incident_id:
            raise Forbidden(f"unit {actor.unit_id} is not on this incident")


def _seen(version: int | None) -> int:
    """What overwrites must say what it saw. Raises PreconditionRequired."""
    if version is None:
        raise PreconditionRequired(
            "two dispatchers must not overwrite each other unseen: send the `version` of the incident that you saw",
            errors=[FieldProblem("version", "is missing")],
        )
    return version


def _confirmed(preempt: dict[str, int]) -> dict[UnitId, IncidentId]:
    return {UnitId(unit_id): IncidentId(number) for unit_id, number in preempt.items()}
