"""What else was called in by the phones of an incident, and from its place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response

from dispatch.api.access import Dispatcher
from dispatch.api.dependencies import TheDesk, ThePool
from dispatch.api.wire import Json
from dispatch.model import CallId, Channel, IncidentId, IncidentStatus
from dispatch.model.phone import e164
from dispatch.model.report import masked
from dispatch.store.calls import calls, related
from dispatch.store.calls.related import WIDEST_M, RelatedCall
from dispatch.store.db import connection
from dispatch.store.incidents import incidents
from geo import distance_m

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])

LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RelatedCallView:
    """A call of another incident, and what became of that. `distance_m`: from this incident's position."""

    call_id: CallId
    incident_id: IncidentId
    received_at: datetime
    channel: Channel
    nature: str | None
    number_masked: str | None
    status: IncidentStatus
    close_reason: str | None
    closed_at: datetime | None
    linked_to: IncidentId | None
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class RelatedCalls:
    """Of the last 30 days, at most 20 of each, the newest first. `phone`: of the same number, IMEI, IMSI or app
    installation; `shared`: the city's table says that many people call from it. `place`: from within 100 m."""

    phone: list[RelatedCallView]
    shared: bool
    place: list[RelatedCallView]


@router.get("/{incident_id}/related", operation_id="list_related_calls", response_model=RelatedCalls)
async def related_calls(
    incident_id: Annotated[int, Path(ge=1, le=2**63 - 1)], pool: ThePool, desk: TheDesk, _: Dispatcher
) -> Response:
    """Other calls of this incident's phones and from its place, with what became of them."""
    number, since = IncidentId(incident_id), datetime.now(UTC) - LOOKED_BACK
    async with connection(pool) as db:
        place = (await incidents.get(db, incident_id=number)).location
        callers = [call.caller for call in await calls.of_incident(db, incident_id=number)]
        by_phone = await related.of_phones(db, incident_id=number, callers=callers, since=since)
        near: list[RelatedCall] = []
        if place.lat is not None and place.lon is not None and (place.radius_m or 0.0) <= WIDEST_M:
            near = await related.at_place(db, incident_id=number, lat=place.lat, lon=place.lon, since=since)
    here = (place.lat, place.lon) if place.lat is not None and place.lon is not None else None
    shared = any(e164(caller.number) in desk.city.shared_numbers for caller in callers)
    return Json(RelatedCalls([_view(c, here) for c in by_phone], shared, [_view(c, here) for c in near]))


def _view(call: RelatedCall, here: tuple[float, float] | None) -> RelatedCallView:
    metres = None
    if here is not None and call.lat is not None and call.lon is not None:
        metres = round(distance_m(*here, call.lat, call.lon), 1)
    return RelatedCallView(
        call.id,
        call.incident_id,
        call.received_at,
        call.channel,
        call.nature,
        masked(call.number),
        call.status,
        call.close_reason,
        call.closed_at,
        call.linked_to,
        metres,
    )
