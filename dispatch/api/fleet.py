"""The whole fleet as one table, out and in."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from dispatch.api.access import Admin, Dispatcher
from dispatch.api.dependencies import TheDesk, ThePool
from dispatch.api.wire import Json, raw_body
from dispatch.desk.units.fleet import put_fleet
from dispatch.errors import TooLarge
from dispatch.exchange.fleet_csv import FleetTable, write_fleet
from dispatch.store.db import connection
from dispatch.store.units import units

router = APIRouter(prefix="/v1", tags=["units"])

# 20,000 units with long crews.
MOST_BYTES = 8_000_000
CSV = {"text/csv": {"schema": {"type": "string"}}}


@dataclass(frozen=True, slots=True)
class Imported:
    """How many units; `dry_run`: would be. `read_as`: the encoding that the table was taken for."""

    added: int
    changed: int
    unchanged: int
    removed: int
    dry_run: bool
    read_as: str


@router.get("/units.csv", response_class=Response, responses={200: {"content": CSV}})
async def export_fleet(
    pool: ThePool,
    _: Dispatcher,
    excel: Annotated[bool, Query(description="`;` between cells and a byte order mark, for a double click")] = False,
) -> Response:
    async with connection(pool) as db:
        fleet = await units.every(db)
    text = await asyncio.to_thread(write_fleet, fleet, excel=excel)
    headers = {"Content-Disposition": 'attachment; filename="fleet.csv"', "Cache-Control": "private, no-store"}
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


@router.put("/units.csv", response_model=Imported, openapi_extra={"requestBody": {"required": True, "content": CSV}})
async def import_fleet(
    request: Request,
    desk: TheDesk,
    actor: Admin,
    dry_run: Annotated[bool, Query(description="say what would be done, and do nothing")] = False,
    remove_missing: Annotated[bool, Query(description="take out the units that the table doesn't name")] = False,
) -> Response:
    """All or nothing: units of the table are added, or changed where they are there; what they do stays."""
    raw, size = await raw_body(request, limit=MOST_BYTES)
    if size > MOST_BYTES:
        raise TooLarge(f"a table may have {MOST_BYTES:,} bytes")
    table = await asyncio.to_thread(FleetTable.read, raw, desk.city)
    done = await put_fleet(
        desk,
        wanted=partial(table.units, at=datetime.now(UTC)),
        remove_missing=remove_missing,
        dry_run=dry_run,
        actor=actor.name,
    )
    read_as = table.table.encoding
    return Json(Imported(done.added, done.changed, done.unchanged, done.removed, done.dry_run, read_as))
