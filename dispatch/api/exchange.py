"""What other systems ask in the field's own formats."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from dispatch.api.access import OnLooker
from dispatch.api.dependencies import TheDesk
from dispatch.api.wire import limited_body
from dispatch.exchange import lost
from dispatch.exchange.lost_services import Authority

router = APIRouter(prefix="/v1", tags=["exchange"])

LOST = {"content": {lost.CONTENT_TYPE: {"schema": {"type": "string"}}}}


@router.post(
    "/lost",
    operation_id="find_service",
    response_class=Response,
    responses={200: LOST},
    openapi_extra={"requestBody": {"required": True} | LOST},
)
async def post_lost(request: Request, desk: TheDesk, _: OnLooker) -> Response:
    """LoST (RFC 5222): which service answers for a place, and within which boundary."""
    authority = Authority(source=desk.settings.lost_source, uri=desk.settings.lost_uri)
    status, body = lost.answer(await limited_body(request), desk.city, at=datetime.now(UTC), authority=authority)
    return Response(body, status, media_type=lost.CONTENT_TYPE)
