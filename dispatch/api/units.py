"""The fleet."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from dispatch.api.access import Admin, Crew, Dispatcher, Role, own_unit
from dispatch.api.bodies import StatusBody, UnitBody, UnitChange, UnitsBody
from dispatch.api.dependencies import TheDesk
from dispatch.api.views import UnitAfterStatus, UnitPage, UnitView, unit_view
from dispatch.api.wire import Json, body_of, describes
from dispatch.desk.desk import Desk
from dispatch.desk.units import fleet
from dispatch.desk.units import status as units
from dispatch.errors import Forbidden
from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.store.db import connection
from dispatch.store.units import units as stored

router = APIRouter(prefix="/v1/units", tags=["units"])

UnitPath = Annotated[str, Path(min_length=1, max_length=64)]

BY_DISPATCHER = {"crew", "shift"}
EMPTIED_BY_NULL = {"station", "shift"}


@router.get("", response_model=UnitPage)
async def list_units(desk: TheDesk, actor: Crew) -> Response:
    """All, each with its last position; to a crew, its own."""
    units = [u for u in desk.picture.room.units.values() if actor.role is not Role.CREW or u.id == actor.unit_id]
    # Of a nation's fleet this takes a fifth of a second, in which calls are taken.
    return await asyncio.to_thread(lambda: Json(_page(desk, units)))


@router.post("", status_code=201, response_model=UnitPage, openapi_extra=describes(UnitsBody))
async def add_units(actor: Admin, body: Annotated[UnitsBody, Depends(body_of(UnitsBody))], desk: TheDesk) -> Response:
    added = await fleet.add_units(desk, new=[_unit(desk, unit) for unit in body.units], actor=actor.name)
    return Json(_page(desk, added), 201)


@router.get("/{unit_id}", response_model=UnitView)
async def get_unit(unit_id: UnitPath, desk: TheDesk, actor: Crew) -> Response:
    own_unit(actor, unit_id)
    async with connection(desk.pool) as db:
        unit = await stored.get(db, unit_id=UnitId(unit_id))
    return Json(unit_view(unit, desk.picture.positions.get(unit.id), at=datetime.now(UTC)))


@router.patch("/{unit_id}", response_model=Unit, openapi_extra=describes(UnitChange))
async def change_unit(
    unit_id: UnitPath, actor: Dispatcher, body: Annotated[UnitChange, Depends(body_of(UnitChange))], desk: TheDesk
) -> Response:
    """Who is aboard and when is the dispatcher's to say; what a unit is, the administrator's."""
    changes = {f: getattr(body, f) for f in body.model_fields_set - {"version"}}
    changes = {f: v for f, v in changes.items() if v is not None or f in EMPTIED_BY_NULL}
    if actor.role is not Role.ADMIN and (others := sorted(changes.keys() - BY_DISPATCHER)):
        raise Forbidden(f"a dispatcher sets crew and shift; {' and '.join(others)} needs a key of admin")
    changed = await fleet.change_unit(
        desk, unit_id=UnitId(unit_id), changes=changes, version=body.version, actor=actor.name
    )
    return Json(changed)


@router.delete("/{unit_id}", response_model=Unit)
async def remove_unit(unit_id: UnitPath, actor: Admin, desk: TheDesk) -> Response:
    return Json(await fleet.remove_unit(desk, unit_id=UnitId(unit_id), actor=actor.name))


@router.post(
    "/{unit_id}/status",
    operation_id="set_unit_status",
    response_model=UnitAfterStatus,
    openapi_extra=describes(StatusBody),
)
async def set_status(
    unit_id: UnitPath, actor: Crew, body: Annotated[StatusBody, Depends(body_of(StatusBody))], desk: TheDesk
) -> Response:
    """The unit as it now is. A status of before its present one (`at`) changes only the past: `late` says how."""
    own_unit(actor, unit_id)
    unit, late = await units.set_status(
        desk, unit_id=UnitId(unit_id), status=body.status, actor=actor.name, said_at=body.at
    )
    return Json(UnitAfterStatus.of(unit, late))


def _page(desk: Desk, units: Iterable[Unit]) -> UnitPage:
    now, positions = datetime.now(UTC), desk.picture.positions
    return UnitPage([unit_view(unit, positions.get(unit.id), at=now) for unit in units])


def _unit(desk: Desk, body: UnitBody) -> Unit:
    kind = desk.city.kinds_by_code.get(body.kind)
    capabilities = body.capabilities if body.capabilities is not None else kind.capabilities if kind else ()
    now = datetime.now(UTC)
    return Unit(
        UnitId(body.id),
        body.agency,
        body.kind,
        capabilities,
        body.station,
        UnitStatus.AVAILABLE,
        now,
        crew=body.crew,
        shift=body.shift,
    )
