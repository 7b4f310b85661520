"""Reports that nobody could read, for a person to look at."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from dispatch.api.access import Dispatcher
from dispatch.api.dependencies import TheDesk, ThePool
from dispatch.api.views import QuarantinePage
from dispatch.api.wire import Json
from dispatch.desk.calls.quarantine import handle
from dispatch.model import QuarantineItem
from dispatch.store.calls import quarantine
from dispatch.store.db import connection, transaction

router = APIRouter(prefix="/v1/quarantine", tags=["quarantine"])

Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", response_model=QuarantinePage)
async def list_quarantine(
    pool: ThePool,
    _: Dispatcher,
    cursor: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """What nobody has looked at yet, newest first."""
    async with transaction(pool, isolation="repeatable_read") as db:
        items = await quarantine.page(db, before=cursor, limit=limit)
        there_are_more = items[-1].id if len(items) == limit else None
        return Json(
            QuarantinePage(items, there_are_more, await quarantine.count_open(db), await quarantine.senders(db))
        )


@router.get(
    "/{item_id}",
    operation_id="get_quarantined_report",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def get_raw(item_id: Number, pool: ThePool, _: Dispatcher) -> Response:
    """What arrived, as it came. Sent as plain text for download: it may be anything."""
    async with connection(pool) as db:
        raw = await quarantine.raw(db, item_id=item_id)
    headers = {"Content-Disposition": f'attachment; filename="quarantine-{item_id}.txt"'}
    return Response(raw, headers=headers, media_type="text/plain; charset=utf-8")


@router.post("/{item_id}/handled", operation_id="mark_quarantine_handled", response_model=QuarantineItem)
async def mark_handled(item_id: Number, desk: TheDesk, actor: Dispatcher) -> Response:
    return Json(await handle(desk, item_id=item_id, actor=actor.name))
