"""How well the city is covered at this moment, and which units would do more good elsewhere."""

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter, Response

from dispatch.api.access import Dispatcher
from dispatch.api.dependencies import TheDesk
from dispatch.api.wire import Json
from dispatch.desk.units.coverage import Covering

router = APIRouter(prefix="/v1", tags=["coverage"])


@router.get("/coverage", response_model=Covering)
async def get_coverage(desk: TheDesk, _: Dispatcher) -> Response:
    placed_units = desk.coverage.placed_units()
    return Json(await asyncio.to_thread(desk.coverage.covering, placed_units, at=datetime.now(UTC)))
