"""Reports that nobody could read, for a person to look at."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from dispatch.api.access import Dispatcher
from dispatch.api.state import TheDesk, ThePool
from dispatch.api.views import QuarantinePage
from dispatch.api.wire import Json
from dispatch.desk.quarantine import handle
from dispatch.model import QuarantineItem
from dispatch.store import quarantine
from dispatch.store.db import connection

router = APIRouter(prefix="/v1/quarantine", tags=["quarantine"])

Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", response_model=QuarantinePage)
async def list_quarantine(pool: ThePool, _: Dispatcher) -> Response:
    async with connection(pool) as db:
        return Json(QuarantinePage(await quarantine.open_ones(db)))


@router.get("/{item_id}", responses={200: {"content": {"text/plain": {}}}}, response_class=Response)
async def get_raw(item_id: Number, pool: ThePool, _: Dispatcher) -> Response:
    """What arrived, as it came. Sent as plain text for download: it may be anything."""
    async with connection(pool) as db:
        raw = await quarantine.raw(db, item_id=item_id)
    headers = {"Content-Disposition": f'attachment; filename="quarantine-{item_id}.txt"'}
    return Response(raw, headers=headers, media_type="text/plain; charset=utf-8")


@router.post("/{item_id}/handled", response_model=QuarantineItem)
async def mark_handled(item_id: Number, desk: TheDesk, actor: Dispatcher) -> Response:
    return Json(await handle(desk, item_id=item_id, actor=actor.name))
