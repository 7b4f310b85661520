"""The fleet."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from msgspec import Meta

from dispatch.api import metrics
from dispatch.api.access import Admin, Anyone, Crew
from dispatch.api.bodies import StatusBody, UnitBody, UnitsBody
from dispatch.api.state import TheDesk, TheWriter
from dispatch.api.views import UnitPage
from dispatch.api.wire import Json, body_of, describes, limited_body
from dispatch.desk import units
from dispatch.desk.desk import Desk
from dispatch.errors import FieldProblem, Malformed
from dispatch.model import Unit, UnitId, UnitPosition, UnitStatus
from dispatch.picture.picture import Refused

router = APIRouter(prefix="/v1/units", tags=["units"])


class PositionBody(msgspec.Struct, frozen=True):
    """One position of a unit. Read by msgspec, which is as strict and ten times as fast: these come by the thousand."""

    unit_id: str
    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    at: Annotated[datetime, Meta(tz=True)]
    heading_deg: Annotated[float, Meta(ge=0, le=360)] | None = None
    speed_mps: Annotated[float, Meta(ge=0, le=300)] | None = None
    accuracy_m: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None


class Batch(msgspec.Struct, frozen=True):
    positions: Annotated[list[PositionBody], Meta(max_length=20_000)]


class RawBatch(msgspec.Struct, frozen=True):
    positions: Annotated[list[msgspec.Raw], Meta(max_length=20_000)]


@dataclass(frozen=True, slots=True)
class Moved:
    accepted: int
    rejected: list[Refused]


@router.get("", response_model=UnitPage)
async def list_units(desk: TheDesk, _: Anyone) -> Response:
    return Json(UnitPage(list(desk.picture.room.units.values())))


@router.post("", status_code=201, response_model=UnitPage, openapi_extra=describes(UnitsBody))
async def add_units(actor: Admin, body: Annotated[UnitsBody, Depends(body_of(UnitsBody))], desk: TheDesk) -> Response:
    new = [_unit(desk, unit) for unit in body.units]
    await units.add_units(desk, new=new, actor=actor.name)
    return Json(UnitPage(new), 201)


@router.post(
    "/positions",
    response_model=Moved,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["positions"],
                        "properties": {
                            "positions": {
                                "type": "array",
                                "maxItems": 20_000,
                                "items": msgspec.json.schema_components([PositionBody])[1]["PositionBody"],
                            }
                        },
                    }
                }
            },
        }
    },
)
async def post_positions(request: Request, desk: TheDesk, writer: TheWriter, _: Crew) -> Response:
    positions, rejected = _read(await limited_body(request))
    kept, refused = units.move_units(desk, [p for _, p in positions])
    writer.add(kept)
    rejected += [Refused(positions[r.index][0], r.problem) for r in refused]
    metrics.POSITIONS.labels(outcome="kept").inc(len(kept))
    metrics.POSITIONS.labels(outcome="rejected").inc(len(rejected))
    return Json(Moved(len(kept), sorted(rejected, key=lambda r: r.index)))


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


def _read(raw: bytes) -> tuple[list[tuple[int, UnitPosition]], list[Refused]]:
    """The positions with their index, and what is wrong with those that aren't any: one bad one fails alone."""
    try:
        good = msgspec.json.decode(raw, type=Batch).positions
        return list(enumerate(map(_position, good))), []
    except msgspec.DecodeError:
        pass
    positions, refused = [], []
    try:
        each = msgspec.json.decode(raw, type=RawBatch).positions
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed("not a batch of positions", errors=[FieldProblem("body", str(error))]) from error
    for index, one in enumerate(each):
        try:
            positions.append((index, _position(msgspec.json.decode(one, type=PositionBody))))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            refused.append(Refused(index, str(error)))
    return positions, refused


def _position(body: PositionBody) -> UnitPosition:
    return UnitPosition(
        UnitId(body.unit_id),
        body.lat,
        body.lon,
        body.at.astimezone(UTC),
        body.heading_deg,
        body.speed_mps,
        body.accuracy_m,
    )
