"""The city as data, and geography alone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from dispatch.api.access import OnLooker
from dispatch.api.dependencies import TheDesk
from dispatch.api.wire import Json
from dispatch.model.city import Agency, City, Hospital, Kind, Nature, Service, Station
from dispatch.model.wire import encode
from dispatch.settings import Settings
from geo import Fix, Location, Point, Source

router = APIRouter(prefix="/v1", tags=["city"])

GEOJSON = {
    "type": "object",
    "description": "A FeatureCollection (RFC 7946).",
    "required": ["type", "features"],
    "properties": {"type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": {"type": "object"}}},
}


@dataclass(frozen=True, slots=True)
class CityView:
    """`bounds`: west, south, east, north, in degrees. `tile_style_url`: of the map's background, if there is one;
    `stale_after_s`: how old a position may be before it is marked."""

    name: str
    timezone: str
    services: tuple[Service, ...]
    agencies: tuple[Agency, ...]
    kinds: tuple[Kind, ...]
    natures: tuple[Nature, ...]
    stations: tuple[Station, ...]
    hospitals: tuple[Hospital, ...]
    bounds: tuple[float, ...]
    tile_style_url: str | None
    stale_after_s: float


@router.get("/city", response_model=CityView)
async def get_city(desk: TheDesk, _: OnLooker) -> Response:
    return Json(city_view(desk.city, desk.settings))


@router.get(
    "/parishes",
    responses={200: {"content": {"application/geo+json": {"schema": GEOJSON}}}, 304: {"description": "Unchanged"}},
    response_class=Response,
)
async def get_parishes(request: Request, _: OnLooker) -> Response:
    body: str = request.app.state.parishes_json
    etag = f'"{sha256(body.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/geo+json")


@router.get("/locate", response_model=Location)
async def get_location(
    desk: TheDesk,
    _: OnLooker,
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    radius_m: Annotated[float | None, Query(gt=0, le=20_000_000, allow_inf_nan=False)] = None,
    confidence: Annotated[float | None, Query(gt=0, le=1, allow_inf_nan=False)] = None,
) -> Response:
    now = datetime.now(UTC)
    fix = Fix(source=Source.UNKNOWN, point=Point(lat, lon), radius_m=radius_m, confidence=confidence, at=now)
    return Json(desk.locate([fix], at=now))


def city_view(city: City, settings: Settings) -> CityView:
    bounds = [p.polygon.bounds for p in city.parishes]
    return CityView(
        city.name,
        city.timezone,
        city.services,
        city.agencies,
        city.kinds,
        city.natures,
        city.stations,
        city.hospitals,
        (min(b[0] for b in bounds), min(b[1] for b in bounds), max(b[2] for b in bounds), max(b[3] for b in bounds)),
        settings.tile_style_url,
        settings.stale_after_s,
    )


def parishes_json(city: City) -> str:
    return encode(city.parishes.to_geojson())
