"""The fleet."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from dispatch.api.access import Admin, Anyone, Crew
from dispatch.api.bodies import StatusBody, UnitBody, UnitsBody
from dispatch.api.state import TheDesk
from dispatch.api.views import UnitPage
from dispatch.api.wire import Json, body_of, describes
from dispatch.desk import units
from dispatch.desk.desk import Desk
from dispatch.model import Unit, UnitId, UnitStatus

router = APIRouter(prefix="/v1/units", tags=["units"])


@router.get("", response_model=UnitPage)
async def list_units(desk: TheDesk, _: Anyone) -> Response:
    return Json(UnitPage(list(desk.picture.room.units.values())))


@router.post("", status_code=201, response_model=UnitPage, openapi_extra=describes(UnitsBody))
async def add_units(actor: Admin, body: Annotated[UnitsBody, Depends(body_of(UnitsBody))], desk: TheDesk) -> Response:
    new = [_unit(desk, unit) for unit in body.units]
    await units.add_units(desk, new=new, actor=actor.name)
    return Json(UnitPage(new), 201)


@router.post("/{unit_id}/status", response_model=Unit, openapi_extra=describes(StatusBody))
async def set_status(
    unit_id: str, actor: Crew, body: Annotated[StatusBody, Depends(body_of(StatusBody))], desk: TheDesk
) -> Response:
    return Json(await units.set_status(desk, unit_id=UnitId(unit_id), status=body.status, actor=actor.name))


def _unit(desk: Desk, body: UnitBody) -> Unit:
    kind = desk.city.kinds_by_code.get(body.kind)
    capabilities = body.capabilities if body.capabilities is not None else kind.capabilities if kind else ()
    now = datetime.now(UTC)
    return Unit(UnitId(body.id), body.agency, body.kind, capabilities, body.station, UnitStatus.AVAILABLE, now)
