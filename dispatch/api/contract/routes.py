"""Where the documents are."""

import asyncio

from fastapi import APIRouter, Request, Response

from dispatch.api.contract import live_feed
from dispatch.api.wire import Json
from dispatch.model.wire import encode

router = APIRouter()


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    app = request.app
    if not hasattr(app.state, "openapi_json"):
        # It takes as long as hundreds of calls, which are taken meanwhile.
        app.state.openapi_json = encode(await asyncio.to_thread(app.openapi))
    return Json(app.state.openapi_json)


@router.get("/asyncapi.json", include_in_schema=False)
async def asyncapi(request: Request) -> Response:
    made = await asyncio.to_thread(live_feed.document)
    return Json(made | {"servers": live_feed.servers(request.url.netloc, is_secure=request.url.scheme == "https")})
