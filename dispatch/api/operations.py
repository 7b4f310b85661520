"""For those who keep it running."""

from time import perf_counter
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.api import interval_metrics, metrics
from dispatch.api.access import Anyone
from dispatch.api.state import TheDesk, TheHub
from dispatch.api.wire import Json
from dispatch.errors import DispatchError
from dispatch.store import journal
from dispatch.store.db import connection

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def healthz() -> Response:
    """The process lives."""
    return Json({"status": "ok"})


@router.get("/readyz")
async def readyz(desk: TheDesk) -> Response:
    """It can take a call: the database answers, and the picture is not behind the journal."""
    checks: dict[str, Any] = {"parishes": len(desk.city.parishes), "feed": desk.feed.connected}
    try:
        async with connection(desk.pool) as db:
            checks["journal_lag"] = await journal.head(db) - desk.feed.seq
        checks["database"] = True
    except DispatchError:
        checks["database"] = False
    ready = checks["database"] and checks["feed"]
    return Json({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


@router.get("/metrics", response_class=Response)
async def get_metrics(desk: TheDesk, hub: TheHub, _: Anyone) -> Response:
    metrics.SCREENS.set(len(hub.screens))
    metrics.SEQUENCE.set(desk.feed.seq)
    room = desk.picture.room
    metrics.OPEN_INCIDENTS.set(len(room.incidents))
    interval_metrics.count(room.incidents.values(), room.units.values(), desk.city.agencies_by_code)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


class Timed:
    """Every request's time, by its route and not by its address, so that the labels stay few."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = perf_counter(), "500"

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            taken = perf_counter() - began
            metrics.REQUEST_SECONDS.labels(method=scope["method"], route=route, status=status).observe(taken)
