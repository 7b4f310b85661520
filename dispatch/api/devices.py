"""Positions from the apps that people's phones already have. Each device has a key, bound to one unit.

The Traccar Client can set no header: its device identifier is the key, and stands in the address it calls. So addresses
are never logged here, and a proxy in front must not log them either."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from dispatch.api.access import Device, Role, device_by_key
from dispatch.api.dependencies import TheDesk, TheWriter
from dispatch.api.positions import count
from dispatch.api.query_parameters import ANY_PARAMETERS
from dispatch.api.security import security_of
from dispatch.api.wire import Json, limited_body, small_body
from dispatch.desk.desk import Desk
from dispatch.desk.units.positions import PositionWriter, take
from dispatch.errors import NotFound, TooLarge, Unauthenticated
from dispatch.intake import osmand, owntracks
from dispatch.intake.device_position import DevicePosition
from dispatch.model import UnitPosition
from dispatch.model.doubt import Doubt

router = APIRouter(prefix="/v1/devices", tags=["devices"])

MOST_QUERY_CHARS = 4_000
FIELDS = {
    "id": "The device's key, where no header carries it.",
    "lat": "Degrees.",
    "lon": "Degrees.",
    "timestamp": "Seconds or milliseconds since 1970, or ISO 8601; now, if not said.",
    "accuracy": "Metres.",
    "speed": "Knots.",
    "bearing": "Degrees.",
    "hdop": "Taken for 5 m each where there is no accuracy.",
    "valid": "`false` or `0`: kept, not shown.",
}
IN_ADDRESS: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in FIELDS.items()
    ]
}
IN_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "properties": {name: {"type": "string"} for name in FIELDS}}
            },
            "application/json": {"schema": {"type": "object"}},
        }
    }
}
OF_DEVICES: dict[str, Any] = ANY_PARAMETERS | security_of(Role.DEVICE)
A_MESSAGE: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}


@dataclass(frozen=True, slots=True)
class Heard:
    """`doubt`: why the position is kept but not shown; null if it is believed."""

    unit_id: str
    doubt: Doubt | None


@router.get(
    "/osmand", operation_id="report_osmand_position", response_model=Heard, openapi_extra=OF_DEVICES | IN_ADDRESS
)
async def get_osmand(request: Request, desk: TheDesk, writer: TheWriter) -> Response:
    """The OsmAnd protocol of the Traccar Client, in the address."""
    query = _query(request)
    device = await _device(request, desk, _key(request) or osmand.device_id(query, b""))
    return Json(Heard(device.unit_id, _take(desk, writer, device, osmand.parse(query, b""))))


@router.post(
    "/osmand",
    operation_id="send_osmand_position",
    response_model=Heard,
    openapi_extra=OF_DEVICES | IN_ADDRESS | IN_BODY,
)
async def post_osmand(request: Request, desk: TheDesk, writer: TheWriter) -> Response:
    """The same in the address, in a form, or as the JSON of newer versions. Of 16 kB at most: the key may be in it."""
    query = _query(request)
    if key := _key(request) or osmand.device_id(query, b""):
        device = await _device(request, desk, key)
        body = await small_body(request)
    else:
        body = await small_body(request)
        device = await _device(request, desk, osmand.device_id(query, body))
    return Json(Heard(device.unit_id, _take(desk, writer, device, osmand.parse(query, body))))


@router.post(
    "/owntracks",
    operation_id="send_owntracks_message",
    response_model=list[dict[str, Any]],
    openapi_extra=OF_DEVICES | A_MESSAGE,
)
async def post_owntracks(request: Request, desk: TheDesk, writer: TheWriter) -> Response:
    """OwnTracks in HTTP mode, with the key as the password. Messages that hold no location are thanked for too.

    The answer is what the app may do next, which is nothing."""
    device = await _device(request, desk, _key(request))
    body = await limited_body(request)
    if (told := owntracks.parse(body)) is not None:
        _take(desk, writer, device, told)
    return Json([])


def _query(request: Request) -> str:
    """Raises TooLarge."""
    query = request.url.query
    if len(query) > MOST_QUERY_CHARS:
        raise TooLarge(f"an address may have {MOST_QUERY_CHARS:,} characters of fields")
    return query


def _take(desk: Desk, writer: PositionWriter, device: Device, told: DevicePosition) -> Doubt | None:
    position = UnitPosition(
        device.unit_id,
        told.lat,
        told.lon,
        told.at or datetime.now(UTC),
        told.heading_deg,
        told.speed_mps,
        told.accuracy_m,
    )
    taken = take(desk, writer, [position], doubt=None if told.valid else Doubt.INVALID)
    count(taken, rejected=len(taken.refused))
    return taken.doubtful[0].doubt if taken.doubtful else None


async def _device(request: Request, desk: Desk, key: str | None) -> Device:
    """Raises Unauthenticated, TooManyTries; Forbidden for another role's key; NotFound where its unit has gone."""
    if not key:
        raise Unauthenticated("send the device's key as bearer, as Basic password or, with OsmAnd, as `id`")
    device = await device_by_key(request, key)
    if device.unit_id not in desk.picture.room.units:
        raise NotFound(f"unit {device.unit_id} is not in the fleet any more")
    return device


def _key(request: Request) -> str | None:
    """Of the Authorization header: a bearer's, or a Basic password. Raises Unauthenticated for any other."""
    header = request.headers.get("authorization")
    if not header:
        return None
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            pass
    raise Unauthenticated("this Authorization header can't be read")
